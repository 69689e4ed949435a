"""
What events leave for learning, and what the rows of a file do.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.tracking.domain.attempt_import import FAULTS_MAX, ROWS_MAX, Row, harvest
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.heard import Parcel
from services.tracking.domain.past import Try, Visit, address_of, pieces, traits_of
from services.tracking.domain.run import Run
from services.tracking.domain.words import FailureReason, Source
from services.tracking.projections.calibration import calibrated
from services.tracking.tests.town import NINE, at, delivered, failed, place, route, run

FLAT = Delivery(
    "del_1",
    location=place(1),
    parcels=(Parcel("pcl_1", mass_grams=900), Parcel("pcl_2", mass_grams=1_200)),
    floor=4,
    lift=True,
    building="APARTMENTS",
)
KNOWN = {"del_1": FLAT}


def left(*facts: Any, minutes: float = 8) -> dict[str, Any]:
    """What a route leaves whose first stop is served and left."""
    one: Run = run(route())
    one.start(at(1))
    one.arrive("stp_1", at(4), Source.DRIVER)
    for fact in facts:
        one.close(fact)
    one.depart("stp_1", at(minutes), Source.DRIVER)
    return {key: piece for event in one.events for key, piece in pieces(event, KNOWN)}


def test_a_stop_leaves_its_time_its_attempt_and_the_routes_start() -> None:
    found = left(delivered(1, 7))

    assert list(found) == ["start.rte_1", "try.tsk_1", "visit.rte_1.stp_1"]
    assert found["start.rte_1"].late_seconds == 60
    visit, tried = found["visit.rte_1.stp_1"], found["try.tsk_1"]
    assert isinstance(visit, Visit)
    assert isinstance(tried, Try)
    assert (visit.seconds, visit.shift, tried.failed) == (240, "rte_1", False)
    assert visit.traits == traits_of([FLAT], 1, "driver-1")
    assert (visit.traits.floor, visit.traits.lift, visit.traits.parcel_count) == (4, True, 2)
    assert visit.traits.place == address_of(place(1))


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        (FailureReason.NOT_HOME, [True]),
        (FailureReason.NO_ACCESS, [True]),
        (FailureReason.VEHICLE_BREAKDOWN, []),
        (FailureReason.OUT_OF_TIME, []),
    ],
)
def test_only_failures_of_the_place_tell_of_the_next_visit(
    reason: FailureReason, kept: list[bool]
) -> None:
    found = left(failed(1, 7, reason))

    assert [piece.failed for piece in found.values() if isinstance(piece, Try)] == kept


def test_expectations_are_judged_by_horizon() -> None:
    assert calibrated([]) == []


# Rows of a file.


def row(**cells: Any) -> Row:
    """One good row, changed."""
    good = {"arrive_time": "2026-05-11T09:00:00+02:00", "service_seconds": "90", "floor": "2"}
    return {**good, **cells}


def faults(*rows: Row) -> list[str]:
    """Where rows are wrong."""
    return [fault.path for fault in harvest(rows, "imp_1").faults]


def test_a_good_row_is_an_attempt_and_a_visit_that_carry_their_import() -> None:
    found = harvest([row(place_id="plc_1", building_kind="office")], "imp_1")

    assert [key for key, _ in found.pieces] == ["try.imp_1.0", "visit.imp_1.0"]
    visit = found.pieces[1][1]
    assert isinstance(visit, Visit)
    assert (visit.at, visit.import_id) == (datetime(2026, 5, 11, 7, tzinfo=UTC), "imp_1")
    assert (visit.traits.place, visit.traits.building, visit.traits.floor) == ("plc_1", "OFFICE", 2)


def test_a_typed_file_says_the_same_as_text() -> None:
    typed = {"arrive_time": NINE, "service_seconds": 90, "floor": "2.0", "lift_available": True}
    text = {"arrive_time": NINE.isoformat(), "service_seconds": "90", "floor": "2"}

    assert harvest([typed], "i").pieces == harvest([{**text, "lift_available": "yes"}], "i").pieces


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"arrive_time": ""}, "arrive_time"),
        ({"arrive_time": "2026-05-11T09:00:00"}, "arrive_time"),
        ({"arrive_time": "soon"}, "arrive_time"),
        ({"service_seconds": "-1"}, "service_seconds"),
        ({"service_seconds": "1.5"}, "service_seconds"),
        ({"service_seconds": "14401"}, "service_seconds"),
        ({"outcome": "maybe"}, "outcome"),
        ({"outcome": "FAILED"}, "failure_reason"),
        ({"outcome": "FAILED", "failure_reason": "LAZY"}, "failure_reason"),
        ({"latitude": "60"}, "latitude"),
        ({"latitude": "91", "longitude": "24"}, "latitude"),
        ({"floor": "first"}, "floor"),
        ({"lift_available": "perhaps"}, "lift_available"),
        ({"building_kind": "CASTLE"}, "building_kind"),
        ({"place_id": "x" * 65}, "place_id"),
    ],
)
def test_a_bad_cell_is_told_with_its_row_and_column(cells: dict[str, str], column: str) -> None:
    assert faults(row(), row(**cells)) == [f"rows[1].{column}"]


def test_one_bad_row_keeps_all_of_a_file_out() -> None:
    assert harvest([row(), row(floor="x")], "imp_1").pieces == ()


def test_a_row_with_more_cells_than_the_header_and_an_empty_file_are_faults() -> None:
    assert faults(row(**{"": ["more"]})) == ["rows[0]"]
    assert faults() == [""]


def test_a_file_too_long_is_refused_and_not_every_fault_is_told() -> None:
    many = [row(floor="x")] * (FAULTS_MAX + 5)

    assert "" in faults(*([row()] * (ROWS_MAX + 1)))
    told = harvest(many, "imp_1").faults
    assert (len(told), told[-1].description) == (FAULTS_MAX, "and 6 more")
