"""
Events as the changes that other services read.

Goal: each event is the field of the contract that is meant for it, complete, and without words that
name a person. Method: events with everything set, and the oneof of the contract beside them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from doorstep.tracking.v1 import event_pb2 as pb
from doorstep.tracking.v1 import proof_pb2
from doorstep.tracking.v1 import tracking_event_pb2 as words_pb
from services.tracking.convert.feed import MAKERS, draft
from services.tracking.convert.wire import stamp
from services.tracking.domain import customer as said
from services.tracking.domain import event as told
from services.tracking.domain.fact import Amount, Contact, Scan
from services.tracking.domain.heard import Heard
from services.tracking.domain.incident import (
    About,
    Alarm,
    IncidentType,
    Resolution,
    acknowledged,
    ended,
    opened,
)
from services.tracking.domain.journal import Event, moment
from services.tracking.domain.route import Vehicle
from services.tracking.domain.words import (
    ContactChannel,
    ContactTopic,
    FailureReason,
    FencePassage,
    Fuel,
    Handover,
    Milestone,
    Outcome,
    PaymentMethod,
    ProofKind,
    ScanKind,
    Source,
)
from services.tracking.tests.projections.story import (
    PROMISE,
    arrived,
    charges,
    completed,
    crew,
    emission,
    failure,
    known,
    leg,
    near,
    outcome,
    placed,
    started,
)
from services.tracking.tests.town import DEPOT, at, place

ETA = told.Eta(
    "rte_1", "stp_1", at(8), at(10), at(12), told.EtaBasis.LIVE, at(5), at(9), 2, 1_500, at(4.5)
)
RISK = told.Risk(charges(1)[0], "stp_1", "rte_1", 0.6, 90, told.RiskLevel.HIGH, PROMISE, ETA, 3)
ALARM = Alarm(
    IncidentType.WRONG_ADDRESS,
    About(delivery_id="del_1", task_id="tsk_1", route_id="rte_1"),
    "attempt 1 failed: wrong address",
    at(10),
    note="Mrs. Virtanen moved out",
    location=DEPOT,
)
INCIDENT = opened(ALARM, "inc_1", at(11))
OVER = ended(
    acknowledged(INCIDENT, "disp-1", at(12)),
    "disp-1",
    at(13),
    Resolution.CORRECTED,
    "called Mrs. V.",
)
LEFT = told.StopDeparted(crew(), "stp_1", at(11), Source.DRIVER, charges(1, 11), at(12), at(8))
DIESEL = Vehicle("veh_1", fuel=Fuel.DIESEL, gross_grams=3_500_000)
IDLED = told.IdlingEnded(crew(), at(5), 240, DEPOT, auxiliary_needed=True, vehicle=DIESEL)
EVENTS: list[Event] = [
    started(1, 11),
    arrived(1, 8, 9),
    LEFT,
    outcome(1, 10),
    leg(1, 0, 9, 1_112, 1),
    completed(0, 90),
    told.EtaChanged(ETA, charges(1), at(7)),
    told.RiskChanged(RISK, told.RiskLevel.LOW),
    told.IncidentOpened(INCIDENT),
    told.IncidentAcknowledged(acknowledged(INCIDENT, "disp-1", at(12))),
    told.IncidentResolved(OVER),
    told.ProofAccepted("prf_1", "tsk_1", "del_1", (ProofKind.PHOTO,), at(9), at(10)),
    told.MilestoneReached(
        "del_1.delivered.tsk_1", "del_1", Milestone.DELIVERED, at(10), at(11), Source.DRIVER
    ),
    told.ParcelScanned(
        crew(), Scan(ScanKind.LOADED, "pcl_1"), at(-10), Source.DRIVER, "del_1", "stp_1"
    ),
    told.AmountCollected(
        crew(), charges(1)[0], Amount("EUR", 12_500_000), PaymentMethod.CASH, at(10)
    ),
    IDLED,
    told.VehicleCharged(crew(), 9_000, at(60), "plc_2", at(30)),
    told.CommentAdded("cmt_1", "del_1.delivered.tsk_1", "del_1", at(20)),
    told.FencePassed(crew(), "yard", FencePassage.EXIT, at(20), at(12)),
    said.SurveyAnswered(outcome(1, 10), said.Answers(score=9), at(90)),
    said.CustomerContacted(
        crew(), "del_1", Contact(ContactChannel.PHONE, ContactTopic.CHANGE), at(20)
    ),
]


def change(event: Event) -> Any:
    """The message of an event, read back from the feed."""
    made = draft(event)
    assert made is not None
    field = pb.Change.DESCRIPTOR.fields_by_name[made.type]
    assert field.message_type is not None
    message = getattr(pb, field.message_type.name)()
    message.ParseFromString(made.payload)
    return message


def test_every_event_that_tracking_tells_has_a_field_of_the_feed() -> None:
    assert (
        set(MAKERS)
        == {*told.Told.__args__, *said.Said.__args__}
        == {type(event) for event in EVENTS}
    )


def test_the_feed_has_no_other_field_but_those_that_issue_5_fills() -> None:
    fields = {field.name for field in pb.Change.DESCRIPTOR.oneofs_by_name["event"].fields}
    made = {one.type for event in EVENTS if (one := draft(event)) is not None}

    assert fields - made == {"weather_reported"}
    assert made <= fields


@pytest.mark.parametrize("event", [known(1), placed(1), near(1, 5), emission(1, 3)])
def test_what_was_heard_from_others_is_not_told_again(event: Event) -> None:
    assert isinstance(event, Heard.__args__)
    assert draft(event) is None


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_a_change_is_dated_when_it_happened_and_names_its_subject(event: Event) -> None:
    made = draft(event)

    assert made is not None
    assert made.event_time == moment(event)
    assert made.subject


def test_an_outcome_is_told_with_all_that_settles_and_metrics_need() -> None:
    event = outcome(
        1,
        10,
        parcel_ids=("pcl_1",),
        event_id="evt",
        proof_id="prf_1",
        crew=crew(carrier_id="car-1"),
    )

    message = change(event)

    assert message == pb.TaskOutcomeRecorded(
        task_id="tsk_1",
        delivery_id="del_1",
        route_id="rte_1",
        stop_id="stp_1",
        route_revision=1,
        attempt_number=1,
        outcome=words_pb.TASK_OUTCOME_SUCCEEDED,
        handover=words_pb.HANDOVER_RECIPIENT,
        outcome_time=stamp(at(10)),
        promise_window={"start_time": stamp(at(0)), "end_time": stamp(at(120))},
        on_time=True,
        parcel_ids=["pcl_1"],
        reported_event_id="evt",
        proof_id="prf_1",
        driver_id="driver-1",
        vehicle_id="van-1",
        carrier_id="car-1",
        mass_grams=2_000,
    )


@pytest.mark.parametrize(
    ("event", "on_time"),
    [
        (outcome(1, 119), True),
        (outcome(1, 120), False),  # half-open
        (outcome(1, -1), False),
        (outcome(1, 500, promise=None), True),  # the contract says so
        (failure(1, 10), False),
    ],
)
def test_on_time_means_succeeded_inside_the_promise(
    event: told.OutcomeRecorded, on_time: bool
) -> None:
    assert change(event).on_time is on_time


def test_a_failed_attempt_has_a_reason_and_no_handover() -> None:
    message = change(failure(1, 10, FailureReason.REFUSED))

    assert message.failure_reason
    assert message.handover == 0


def test_a_leg_is_told_with_its_load_its_vehicle_and_its_shares() -> None:
    event = leg(
        3, 5, 9, 1_200, 1, 2, planned_meters=1_112, planned_seconds=120, watt_hours=220,
        from_stop_id="stp_1", to_stop_id="stp_2", start_point=place(1), end_point=place(2),
        polyline="_p~iF~ps|U",
    )  # fmt: skip

    message = change(event)

    assert (message.leg_id, message.leg_rank) == ("rte_1.3", 3)
    assert (message.distance_meters, message.planned_distance_meters) == (1_200, 1_112)
    assert (message.energy_watt_hours, message.planned_duration.seconds) == (220, 120)
    assert (message.mass_on_board_grams, message.empty) == (4_000, False)
    assert [share.delivery_id for share in message.shares] == ["del_1", "del_2"]
    assert sum(share.mass_grams for share in message.shares) == message.mass_on_board_grams
    assert message.vehicle.battery_watt_hours == 50_000
    assert (message.shift_id, message.driver_id) == ("shf_1", "driver-1")


def test_an_empty_leg_says_so_and_does_not_pretend_to_have_measured_energy() -> None:
    message = change(leg(1, 0, 9, 1_000))

    assert message.empty
    assert message.mass_on_board_grams == 0
    assert not message.HasField("energy_watt_hours")
    assert not message.HasField("planned_duration")


def test_idling_says_what_stood_so_that_its_reader_needs_to_ask_nobody() -> None:
    message = change(IDLED)

    assert (message.vehicle.vehicle_id, message.vehicle.gross_mass_grams) == ("veh_1", 3_500_000)
    assert (message.idling_duration.seconds, message.auxiliary_needed) == (240, True)


def test_a_departure_says_how_long_the_vehicle_stood() -> None:
    message = change(LEFT)

    assert message.dwell_duration.seconds == 180
    assert not change(replace(LEFT, arrived_at=None)).HasField("dwell_duration")


def test_a_stop_names_each_delivery_once() -> None:
    message = change(replace(arrived(1, 8, 9), tasks=charges(1, 11, 2)))

    assert list(message.task_ids) == ["tsk_1", "tsk_11", "tsk_2"]
    assert list(message.delivery_ids) == ["del_1", "del_2"]


def test_an_expectation_is_told_with_its_interval_and_the_age_of_its_position() -> None:
    message = change(told.EtaChanged(ETA, charges(1), at(7)))

    assert message.eta.arrival_p10_time == stamp(at(8))
    assert message.eta.arrival_p90_time == stamp(at(12))
    assert message.eta.position_age_duration.seconds == 30
    assert message.previous_arrival_time == stamp(at(7))


@pytest.mark.parametrize(
    "event",
    [told.IncidentOpened(INCIDENT), told.IncidentAcknowledged(OVER), told.IncidentResolved(OVER)],
)
def test_an_incident_leaves_peoples_own_words_at_home(event: Event) -> None:
    message = change(event)

    assert message.incident.summary == INCIDENT.summary
    assert (message.incident.note, message.incident.resolution_note) == ("", "")
    assert "Mrs" not in str(message)


def test_a_proof_is_told_by_its_kinds_and_without_names() -> None:
    message = change(EVENTS[11])

    assert [item.kind for item in message.proof.items] == [proof_pb2.PROOF_KIND_PHOTO]
    assert message.proof.state == proof_pb2.PROOF_STATE_ACCEPTED
    assert message.proof.note == ""


@pytest.mark.parametrize("end", list(Outcome))
def test_every_outcome_has_its_word(end: Outcome) -> None:
    assert change(outcome(1, 10, outcome=end, handover=Handover.UNSPECIFIED)).outcome > 0
