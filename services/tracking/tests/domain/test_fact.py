"""
What a fact must name, and how a promise's window, a route and a report of the weather are made.

Goal: values are valid by construction or do not exist.
"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from services.tracking.domain import fact as facts
from services.tracking.domain.customer import Said
from services.tracking.domain.event import Told
from services.tracking.domain.fact import NAMES, NEEDS, Telemetry, What, missing
from services.tracking.domain.heard import Heard
from services.tracking.domain.journal import moment
from services.tracking.domain.note import Condition, Weather, slowdown
from services.tracking.domain.route import Stop, Window
from services.tracking.domain.words import (
    ContactChannel,
    ContactTopic,
    FailureReason,
    ScanKind,
    TroubleKind,
)
from services.tracking.tests.domain.noise import shifted
from services.tracking.tests.projections.story import arrived, completed, leg, outcome
from services.tracking.tests.town import DEPOT, at, fact, route, stop
from services.tracking.tests.town import leg as planned_leg

ALL: tuple[type, ...] = What.__args__
IDS = {"route_id": "rte_1", "stop_id": "stp_1", "task_id": "tsk_1", "delivery_id": "del_1"}
RAIN = Weather(
    "wrp_1", DEPOT, 1_000, Window(at(0), at(60)), Condition.RAIN, at(0), None, None, 1_300
)


def empty(kind: type[Any]) -> What:
    """A fact of a kind with nothing in it but what it cannot be without."""
    needed: dict[type, dict[str, object]] = {
        facts.Failure: {"reason": FailureReason.REFUSED},
        facts.Scan: {"kind": ScanKind.LOADED},
        facts.Collection: {"amount": facts.Amount("EUR", 1)},
        facts.Readout: {"telemetry": Telemetry()},
        facts.Trouble: {"kind": TroubleKind.DELAY},
        facts.Contact: {"channel": ContactChannel.PHONE, "topic": ContactTopic.CHANGE},
    }
    return kind(**needed.get(kind, {}))  # type: ignore[no-any-return]


def test_every_kind_of_fact_has_a_name_of_its_own() -> None:
    assert set(NAMES) == set(ALL)
    assert len(set(NAMES.values())) == len(ALL)


@pytest.mark.parametrize("kind", sorted(NEEDS, key=str))
def test_one_of_the_ids_that_a_fact_needs_is_enough_and_none_is_not(kind: type) -> None:
    bare = fact(empty(kind), 1)

    assert missing(bare) == NEEDS[kind]
    for name in NEEDS[kind]:
        assert missing(replace(bare, **{name: IDS[name]})) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind not in NEEDS])
def test_a_fact_beside_the_way_needs_no_id(kind: type) -> None:
    assert missing(fact(empty(kind), 1)) == ()


@pytest.mark.parametrize("kind", ALL)
def test_a_fact_has_instruments_where_its_kind_carries_them(kind: type) -> None:
    carries = any(field.name == "telemetry" for field in fields(kind))
    read = Telemetry(odometer_meters=1)
    what: Any = empty(kind)

    if carries:
        assert fact(replace(what, telemetry=read), 1).telemetry == read
    else:
        assert fact(what, 1).telemetry is None


# Windows and routes.


def test_a_window_holds_its_start_and_not_its_end() -> None:
    window = Window(at(0), at(60))
    tick = timedelta(microseconds=1)

    assert at(0) in window
    assert at(60) - tick in window
    assert at(60) not in window
    assert at(0) - tick not in window


def test_a_window_that_ends_before_it_starts_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="ends after"):
        Window(at(1), at(0))


def test_a_stop_without_tasks_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="at least one task"):
        replace(stop(1), tasks=())


@pytest.mark.parametrize("count", [1, 3, 5])
def test_a_route_has_one_leg_more_than_stops_or_none(count: int) -> None:
    legs = tuple(planned_leg(0, 1) for _ in range(count))

    with pytest.raises(ValueError, match="one leg more"):
        route(3, legs=legs)
    assert route(3, legs=()).meters == 0


@pytest.mark.parametrize(
    ("start", "end", "rank"),
    [
        ("", "stp_1", 0),
        ("stp_1", "stp_2", 1),
        ("stp_3", "", 3),
        ("", "stp_2", None),
        ("stp_2", "stp_1", None),
        ("stp_9", "stp_1", None),
        ("", "", None),
    ],
)
def test_only_neighbours_have_a_planned_leg(start: str, end: str, rank: int | None) -> None:
    one = route()

    assert one.leg_between(start, end) is (None if rank is None else one.legs[rank])


def test_a_task_is_found_at_its_stop() -> None:
    found: Stop | None = route().stop_of("tsk_2")

    assert found is not None
    assert found.stop_id == "stp_2"
    assert route().stop_of("tsk_9") is None
    assert route().rank("stp_9") is None


# The journal's moments.


def test_an_event_is_dated_when_it_was_over_or_seen() -> None:
    assert moment(leg(1, 5, 9, 100)) == at(9)
    assert moment(completed(0, 90)) == at(90)
    assert moment(outcome(1, 10)) == at(10)
    assert moment(arrived(1, 8)) == at(8)


def test_every_kind_of_event_can_be_dated() -> None:
    kinds = (*Told.__args__, *Said.__args__, *Heard.__args__)
    names = [{field.name for field in fields(kind)} for kind in kinds]

    assert all(one & {"at", "end", "start", "eta", "risk", "incident"} for one in names)


# The weather.


@pytest.mark.parametrize(
    ("north", "minutes", "factor"),
    [
        (0, 0, 1.3),
        (999, 59.9, 1.3),
        (1_001, 30, 1.0),
        (0, 60, 1.0),
        (0, -1, 1.0),
    ],
)
def test_a_report_slows_what_lies_in_its_circle_and_time(
    north: float, minutes: float, factor: float
) -> None:
    assert slowdown((RAIN,), shifted(DEPOT, north, 0), at(minutes)) == factor


@pytest.mark.parametrize(
    ("condition", "factor"),
    [
        (Condition.CLEAR, 1.0),
        (Condition.HEAT, 1.0),
        (Condition.RAIN, 1.111),
        (Condition.SNOW, 1.429),
        (Condition.ICE, 1.667),
    ],
)
def test_weather_slows_by_what_is_usual_for_it_when_nobody_says_how_much(
    condition: Condition, factor: float
) -> None:
    silent = replace(RAIN, condition=condition, travel_time_permille=1_000)

    assert slowdown((silent,), DEPOT, at(1)) == factor


def test_the_worst_report_holds_and_none_makes_anybody_faster() -> None:
    snow = replace(RAIN, travel_time_permille=1_800)
    sun = replace(RAIN, travel_time_permille=700, condition=Condition.CLEAR)

    assert slowdown((RAIN, snow), DEPOT, at(1)) == 1.8
    assert slowdown((sun,), DEPOT, at(1)) == 1.0
    assert slowdown((), DEPOT, at(1)) == 1.0
