"""
What audiences see, on the wire.

Goal: a recipient learns nothing of how the work is organised, by no field however deep; those who
run it see every number that is known. Method: views in which every id is set, and a search of the
whole message for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from doorstep.tracking.v1 import tracking_link_pb2 as link_pb
from doorstep.tracking.v1 import tracking_pb2 as pb
from services.tracking.convert.etas import eta_to_proto, risk_to_proto
from services.tracking.convert.views import (
    idle_to_proto,
    next_stop,
    progress_to_proto,
    vehicle_to_proto,
    view_to_proto,
)
from services.tracking.convert.wire import stamp
from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import Eta, EtaBasis, Risk, RiskLevel
from services.tracking.domain.fix import Fix, RecordedFix, TimeQuality
from services.tracking.domain.geo import Point
from services.tracking.domain.incident import IncidentType
from services.tracking.domain.journal import Event
from services.tracking.domain.link import Link, LinkScope
from services.tracking.domain.proof import Item, Proof, ProofState
from services.tracking.domain.view import Known, View, seen
from services.tracking.domain.visibility import Rule, Visibility
from services.tracking.domain.words import (
    FailureReason,
    Milestone,
    Outcome,
    ProofKind,
    Source,
    TrackingState,
)
from services.tracking.ports import Driven
from services.tracking.projections.timeline import replayed
from services.tracking.tests.projections.story import (
    PROMISE,
    arrived,
    charges,
    failure,
    known,
    near,
    outcome,
    placed,
    started,
)
from services.tracking.tests.town import EPOCH, NINE, at, delivered, place, run

ETA = Eta(
    "rte_1", "stp_1", at(8), at(10), at(12), EtaBasis.LIVE, at(5), at(9), 0, 700, at(4.5), 180
)
FIX = Fix(EPOCH, 1, at(4.5), Point(60.1712345, 24.9412345), 8, 900, 12.5, charge_ratio=0.4)
RISK = Risk(charges(1)[0], "stp_1", "rte_1", 0.6, 90, RiskLevel.HIGH, PROMISE, ETA, 3)
PROOF = Proof(
    "0b51ec5a-5d1b-4a7e-9c1f-0d7e6e4f0a11",
    "tsk_1",
    at(10),
    (
        Item(ProofKind.PHOTO, media_sha256="a" * 64),
        Item(ProofKind.SIGNATURE, signer_name="A. Virtanen"),
        Item(ProofKind.BARCODE, code="B1"),
        Item(ProofKind.PIN, code="c" * 64),
    ),
    at(11),
    place(1),
    "left with A. Virtanen",
    "del_1",
    ProofState.ACCEPTED,
    accept_time=at(11),
)
LINK = Link("lnk_1", "del_1", (LinkScope.TRACK,), at(0), at(600))
STORY: list[Event] = [
    known(1),
    placed(1),
    started(1),
    near(1, 5),
    arrived(1, 8),
    failure(1, 9),
    outcome(1, 10),
]
ENTRIES = tuple(replayed(((one, at(0)) for one in STORY), timedelta(minutes=5)).values())
DELIVERY = Delivery(
    "del_1",
    TrackingState.ARRIVING,
    Milestone.ARRIVING,
    promise=PROMISE,
    location=place(1),
    task_id="tsk_1",
    attempt_number=2,
    past_task_ids=("tsk_0",),
    route_id="rte_1",
    stop_id="stp_1",
    carrier_id="car-1",
)
KNOWN = Known(DELIVERY, ETA, FIX, (place(0), place(1)), ENTRIES, (PROOF,), RISK)


def view(known: Known = KNOWN, link: Link | None = None) -> View:
    """What somebody sees."""
    return seen(known, link, at(5))


def texts(message: Any) -> Iterator[str]:
    """Every string of a message, however deep."""
    for field, value in message.ListFields():
        many = value if field.is_repeated else [value]
        for one in many:
            if field.type == field.TYPE_MESSAGE:
                yield from texts(one)
            elif field.type == field.TYPE_STRING:
                yield one


# Recipients.


def test_a_recipient_sees_no_id_of_task_stop_route_driver_or_carrier() -> None:
    found = list(texts(view_to_proto(view(link=LINK))))

    assert found, "there is something to see"
    hidden = ("tsk_", "stp_", "rte_", "van-", "driver-", "car-", "shf_")
    assert [text for text in found if any(one in text for one in hidden)] == []


def test_a_recipient_sees_no_name_code_or_note_of_a_proof() -> None:
    message = view_to_proto(view(link=LINK))

    assert "Virtanen" not in str(message)
    (shown,) = message.proofs
    assert [item.kind for item in shown.items] == [1, 2, 3, 4]
    assert [item.code for item in shown.items] == [""] * 4
    assert shown.items[0].media_sha256 == "a" * 64
    assert not shown.HasField("location")


def test_a_recipient_sees_the_expectation_and_what_the_link_allows() -> None:
    message = view_to_proto(view(link=LINK))

    assert message.eta.arrival_p50_time == stamp(at(10))
    assert (message.eta.remaining_stop_count, message.eta.remaining_distance_meters) == (0, 0)
    assert (message.remaining_stop_count, message.remaining_distance_meters) == (0, 700)
    assert list(message.scopes) == [link_pb.LINK_SCOPE_TRACK]
    assert not message.HasField("risk")


def test_what_is_not_shown_is_unset_and_not_zero() -> None:
    never = Rule(never=True)
    hidden = replace(LINK, visibility=Visibility(*(never for _ in range(5))))

    message = view_to_proto(view(link=hidden))

    for name in ("eta", "remaining_stop_count", "remaining_distance_meters", "vehicle_position"):
        assert not message.HasField(name), name
    assert message.encoded_polyline == ""


def test_an_entry_keeps_its_name_for_every_audience() -> None:
    theirs = [entry.entry_id for entry in view_to_proto(view(link=LINK)).entries]
    ours = [entry.entry_id for entry in view_to_proto(view()).entries]

    assert theirs == ours
    assert len(set(ours)) == len(ours) == len(ENTRIES)


# Those who run the work.


def test_a_dispatcher_sees_who_where_and_how_likely_late() -> None:
    message = view_to_proto(view())

    assert (message.route_id, message.stop_id, message.task_id) == ("rte_1", "stp_1", "tsk_1")
    assert message.risk.late_probability == 0.6
    assert message.eta.remaining_distance_meters == 700
    assert message.vehicle_position.location.latitude == FIX.point.latitude
    assert message.vehicle_position.age_duration.seconds == 30
    assert message.attempt_number == 2
    assert list(message.scopes) == []
    (shown,) = message.proofs
    assert (shown.note, shown.task_id) == ("left with A. Virtanen", "tsk_1")


def test_a_pin_is_shown_to_nobody() -> None:
    (shown,) = view_to_proto(view()).proofs

    assert [item.code for item in shown.items] == ["", "", "B1", ""]


def test_the_last_outcome_is_told_with_its_reason_while_it_matters() -> None:
    failed = replace(
        DELIVERY,
        state=TrackingState.ATTEMPT_FAILED,
        outcome=Outcome.FAILED,
        outcome_task_id="tsk_1",
        outcome_at=at(10),
        reason=FailureReason.REFUSED,
    )
    again = replace(failed, task_id="tsk_11", state=TrackingState.PLANNED)

    first, second = (view_to_proto(view(replace(KNOWN, delivery=one))) for one in (failed, again))

    assert (first.outcome, first.outcome_time) == (2, stamp(at(10)))
    assert first.failure_reason == 2
    assert second.failure_reason == 0
    assert second.outcome == 2, "the last attempt that ended"


# Routes and fleets.


def driven(minutes: float = 6) -> Driven:
    """A route whose first stop is done and whose vehicle drives on."""
    one = run()
    one.start(NINE)
    one.close(delivered(1, 5))
    one.depart("stp_1", at(5), Source.DRIVER)
    progress = replace(one.progress, fix=replace(FIX, at=at(minutes)))
    return Driven(one.route, progress, (replace(ETA, stop_id="stp_2"),))


def test_stops_stand_where_they_stand() -> None:
    told = progress_to_proto(driven())

    states = [pb.StopState.Name(stop.state).removeprefix("STOP_STATE_") for stop in told.stops]
    assert states == ["DEPARTED", "EN_ROUTE", "PENDING"]
    assert told.stops[0].departure_time == stamp(at(5))
    assert not told.stops[0].HasField("eta")
    assert told.stops[1].HasField("eta")


def test_a_vehicle_at_a_stop_is_on_its_way_nowhere() -> None:
    one = run()
    one.arrive("stp_1", at(2), Source.DRIVER)

    assert next_stop(Driven(one.route, one.progress)) == ""


def test_a_skipped_stop_is_not_gone_to() -> None:
    one = run()
    one.start(NINE)
    one.skip("stp_1")

    assert next_stop(Driven(one.route, one.progress)) == "stp_2"


@pytest.mark.parametrize(
    ("changes", "now", "state"),
    [
        ({}, 7, "EN_ROUTE"),
        ({"at_stop": "stp_2"}, 7, "AT_STOP"),
        ({"alarms": (f"{IncidentType.STALLED}.rte_1",)}, 7, "STALLED"),
        ({}, 16.1, "SILENT"),
        ({"broken_down": True, "at_stop": "stp_2"}, 30, "BROKEN_DOWN"),
        ({"state": "PUBLISHED"}, 7, "IDLE"),
    ],
)
def test_a_vehicle_is_doing_what_matters_most(
    changes: dict[str, Any], now: float, state: str
) -> None:
    one = driven()
    told = vehicle_to_proto(replace(one, progress=replace(one.progress, **changes)), at(now))

    assert pb.FleetState.Name(told.state) == f"FLEET_STATE_{state}"


def test_a_vehicle_on_the_map_has_its_next_stop_and_its_worst_risk() -> None:
    one = driven()
    levels = {"tsk_2": RiskLevel.MEDIUM, "tsk_3": RiskLevel.LOW}
    told = vehicle_to_proto(replace(one, progress=replace(one.progress, levels=levels)), at(7))

    assert (told.next_stop_id, told.next_eta.stop_id) == ("stp_2", "stp_2")
    assert told.risk_level == 2
    assert told.remaining_stop_count == 2
    assert (told.heading_degrees, told.speed_centimeters_per_second) == (12.5, 900)
    assert told.state_of_charge_ratio == 0.4


def test_a_device_on_no_route_is_idle_under_its_own_name() -> None:
    told = idle_to_proto(RecordedFix("phone-1", FIX, at(5), TimeQuality.OK))

    assert (told.vehicle_id, told.state) == ("phone-1", pb.FLEET_STATE_IDLE)


def test_an_expectation_without_a_position_has_no_age() -> None:
    told = eta_to_proto(replace(ETA, fix_at=None), arrived=at(11))

    assert not told.HasField("position_age_duration")
    assert told.arrival_time == stamp(at(11))


def test_a_risk_is_told_with_its_promise_and_its_expectation() -> None:
    told = risk_to_proto(RISK)

    assert (told.expected_late_duration.seconds, told.priority, told.level) == (90, 3, 3)
    assert told.promise_window.end_time == stamp(at(120))
    assert told.compute_time == told.eta.compute_time == stamp(at(5))
