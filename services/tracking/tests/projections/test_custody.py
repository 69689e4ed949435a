"""
From events to changes of hands.

Method: one event each, in the words of a story; the deliveries named are given beside.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.tracking.domain.custody import Act, Holder
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import Crew, ParcelScanned
from services.tracking.domain.fact import Scan
from services.tracking.domain.heard import Parcel
from services.tracking.domain.journal import Event
from services.tracking.domain.words import Milestone, ScanKind, Source, TaskKind
from services.tracking.projections.custody import steps
from services.tracking.tests.projections.story import crew, failure, held, outcome
from services.tracking.tests.town import at

K, H = ScanKind, Holder
KNOWN = {"del_1": Delivery("del_1", parcels=(Parcel("pcl_1", "B1"), Parcel("pcl_2", "B2")))}
PARTNER = Crew("rte_9", carrier_id="carrier-1")


def scan(kind: ScanKind, by: Crew, **changes: str) -> ParcelScanned:
    """A scan of the first parcel."""
    stop_id = changes.pop("stop_id", "")
    what = Scan(kind, "pcl_1", **changes)  # type: ignore[arg-type]
    return ParcelScanned(by, what, at(1), Source.DRIVER, "del_1", stop_id)


@pytest.mark.parametrize(
    ("event", "holder", "holder_id"),
    [
        (scan(K.LOADED, crew()), H.VEHICLE, "van-1"),
        (scan(K.LOADED, Crew(driver_id="driver-1")), H.VEHICLE, "driver-1"),
        (scan(K.LOADED, PARTNER), H.CARRIER, "carrier-1"),
        (scan(K.RECEIVED, PARTNER), H.CARRIER, "carrier-1"),
        (scan(K.RECEIVED, Crew(), taker_id="plc_1"), H.PLACE, "plc_1"),
        (scan(K.RECEIVED, crew(), taker_id="plc_1"), H.PLACE, "plc_1"),
        (scan(K.HANDED_OVER, crew(), taker_id="carrier-1"), H.OTHER, "carrier-1"),
        (scan(K.HANDED_OVER, crew(), stop_id="stp_1"), H.RECIPIENT, ""),
        (scan(K.HANDED_OVER, crew()), H.UNSPECIFIED, ""),
        (scan(K.STORED, crew(), taker_id="plc_7"), H.PLACE, "plc_7"),
        (scan(K.RETURNED, crew(), taker_id="plc_1"), H.PLACE, "plc_1"),
        (scan(K.COUNTED, crew()), H.UNSPECIFIED, ""),
    ],
)
def test_a_scan_says_in_whose_hands_it_leaves_the_parcel(
    event: ParcelScanned, holder: Holder, holder_id: str
) -> None:
    (step,) = steps(event, at(2), KNOWN)

    assert (step.act.value, step.holder, step.holder_id) == (
        event.scan.kind.value,
        holder,
        holder_id,
    )
    assert (step.parcel_id, step.at, step.recorded_at) == ("pcl_1", at(1), at(2))


@pytest.mark.parametrize(
    ("event", "act", "holder"),
    [
        (outcome(1, 5), Act.DELIVERED, H.RECIPIENT),
        (outcome(1, 5, kind=TaskKind.PUDO_DROP), Act.STORED, H.PLACE),
        (outcome(1, 5, kind=TaskKind.PICKUP), Act.PICKED_UP, H.VEHICLE),
        (outcome(1, 5, kind=TaskKind.RETURN), Act.RETURNED, H.PLACE),
        (held(1, 5, Milestone.HELD_AT_PUDO), Act.STORED, H.PLACE),
        (held(1, 5, Milestone.COLLECTED), Act.COLLECTED, H.RECIPIENT),
        (held(1, 5, Milestone.RETURNED), Act.RETURNED, H.PLACE),
    ],
)
def test_an_outcome_moves_every_parcel_of_the_delivery(
    event: Event, act: Act, holder: Holder
) -> None:
    made = list(steps(event, at(6), KNOWN))

    assert [(one.parcel_id, one.act, one.holder) for one in made] == [
        ("pcl_1", act, holder),
        ("pcl_2", act, holder),
    ]


def test_a_handover_of_some_parcels_moves_only_these() -> None:
    made = steps(outcome(1, 5, parcel_ids=("pcl_2",)), at(6), KNOWN)

    assert [one.parcel_id for one in made] == ["pcl_2"]


def test_a_failed_attempt_moves_nothing() -> None:
    assert list(steps(failure(1, 5), at(6), KNOWN)) == []


def test_a_scan_that_is_told_twice_has_one_name_and_another_has_its_own() -> None:
    once = scan(K.LOADED, crew())
    later = replace(once, at=at(3))

    names = [next(steps(one, at(9), {})).step_id for one in (once, once, later)]

    assert names[0] == names[1] != names[2]
