"""
From events to what a delivery's timeline says.

Goal: every audience reads the contract's words, once each, and a replay writes the same book.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.tracking.domain.event import (
    Charge,
    Eta,
    EtaBasis,
    EtaChanged,
    IncidentOpened,
    IncidentResolved,
    MilestoneReached,
    ParcelScanned,
    ProofAccepted,
)
from services.tracking.domain.fact import Scan
from services.tracking.domain.heard import DeliveryKnown
from services.tracking.domain.incident import (
    About,
    Alarm,
    IncidentType,
    Resolution,
    ended,
    opened,
)
from services.tracking.domain.journal import Event
from services.tracking.domain.replan import PlanChange, PlanShift
from services.tracking.domain.words import (
    FailureReason,
    Handover,
    Milestone,
    PlanCause,
    ScanKind,
    Source,
    TaskKind,
)
from services.tracking.projections.timeline import milestones, replayed
from services.tracking.tests.projections.story import (
    arrived,
    attempt,
    cancelled,
    charges,
    crew,
    failure,
    held,
    known,
    near,
    outcome,
    placed,
    started,
    withdrawn,
)
from services.tracking.tests.town import at

M = Milestone
LATE = timedelta(minutes=5)
ETA = Eta("rte_1", "stp_1", at(9), at(10), at(11), EtaBasis.LIVE, at(5), at(8), 0, 900)


def entries(event: Event, recorded: datetime | None = None) -> list[MilestoneReached]:
    """What an event means, recorded when it happened or later."""
    return list(milestones(event, recorded or at(0), LATE))


def words(event: Event) -> list[Milestone]:
    """The milestones of an event."""
    return [entry.milestone for entry in entries(event)]


def incident(about: About) -> IncidentOpened:
    """An incident that was opened."""
    alarm = Alarm(IncidentType.WRONG_ADDRESS, about, "attempt 1 failed", at(10))
    return IncidentOpened(opened(alarm, "inc_1", at(11)))


def scanned(kind: ScanKind, delivery: str = "del_1") -> ParcelScanned:
    """A parcel that was scanned."""
    return ParcelScanned(crew(), Scan(kind, "pcl_1"), at(-10), Source.DRIVER, delivery)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (known(1), [M.DELIVERY_CREATED]),
        (replace(known(1), new=False), []),
        (replace(known(1), new=False, rescheduled=True), [M.RESCHEDULED]),
        (replace(known(1), new=False, redirected=True), [M.REDIRECTED]),
        (attempt(11, 20), []),
        (attempt(11, 20, TaskKind.RETURN), [M.RETURNING]),
        (cancelled(1, 0), [M.CANCELLED]),
        (cancelled(1, 0, returning=True), [M.RETURNING]),
        (placed(1), [M.DRIVER_ASSIGNED]),
        (placed(1, by=crew(carrier_id="car-1")), [M.TENDER_ACCEPTED]),
        (placed(1, by=crew(revision=2), added=()), [M.PLAN_CHANGED]),
        (placed(1, 2, by=crew(revision=2), added=(2,)), [M.DRIVER_ASSIGNED, M.PLAN_CHANGED]),
        (withdrawn(1), []),
        (started(1, 2), [M.OUT_FOR_DELIVERY] * 2),
        (near(1, 5), [M.ARRIVING]),
        (arrived(1, 8), [M.ARRIVED]),
        (outcome(1, 10), [M.DELIVERED]),
        (outcome(1, 10, kind=TaskKind.PUDO_DROP), [M.HELD_AT_PUDO]),
        (outcome(1, 10, kind=TaskKind.RETURN), [M.RETURNED]),
        (outcome(1, 10, kind=TaskKind.PICKUP), []),
        (outcome(1, 10, kind=TaskKind.PRE_CALL), []),
        (failure(1, 10), [M.ATTEMPT_FAILED]),
        (held(1, 60, M.COLLECTED), [M.COLLECTED]),
        (scanned(ScanKind.LOADED), [M.PARCEL_LOADED]),
        (scanned(ScanKind.LOADED, delivery=""), []),
        (scanned(ScanKind.HANDED_OVER), []),
        (EtaChanged(ETA, charges(1), None), []),  # the first expectation is no change
        (EtaChanged(ETA, charges(1), at(3)), [M.ETA_CHANGED]),
        (incident(About(delivery_id="del_1")), [M.INCIDENT_OPENED]),
        (incident(About(route_id="rte_1")), []),
        (ProofAccepted("prf_1", "tsk_1", "del_1", (), at(9), at(10)), [M.POD_ACCEPTED]),
    ],
)
def test_an_event_means_what_the_contract_says(event: Event, told: list[Milestone]) -> None:
    assert words(event) == told


def test_fetching_goods_from_another_vehicle_is_no_news_for_their_recipient() -> None:
    fetch = tuple(replace(task, kind=TaskKind.PICKUP) for task in charges(1))
    told: list[Event] = [
        replace(placed(1), tasks=fetch, added=fetch),
        replace(started(1), tasks=fetch),
        replace(near(1, 5), tasks=fetch),
        replace(arrived(1, 8), tasks=fetch),
        EtaChanged(ETA, fetch, at(3)),
    ]

    assert [word for event in told for word in words(event)] == []


def test_an_ended_incident_is_dated_when_it_ended() -> None:
    one = incident(About(delivery_id="del_1", task_id="tsk_1")).incident
    over = ended(one, "system", at(40), Resolution.RECOVERED)

    (entry,) = entries(IncidentResolved(over))

    assert (entry.milestone, entry.at, entry.task_id) == (M.INCIDENT_RESOLVED, at(40), "tsk_1")


def test_a_failed_attempt_says_why_and_a_delivered_one_to_whom() -> None:
    (failed,), (done,) = entries(failure(1, 10, FailureReason.NO_ACCESS)), entries(outcome(1, 10))

    assert (failed.reason, failed.handover) == (FailureReason.NO_ACCESS, Handover.UNSPECIFIED)
    assert (done.reason, done.handover) == (FailureReason.UNSPECIFIED, Handover.RECIPIENT)


@pytest.mark.parametrize(
    ("recorded", "late"),
    [(at(10), False), (at(15), False), (at(15) + timedelta(microseconds=1), True), (at(600), True)],
)
def test_what_is_recorded_more_than_five_minutes_after_it_happened_is_late(
    recorded: datetime, late: bool
) -> None:
    (entry,) = entries(outcome(1, 10), recorded)

    assert (entry.at, entry.recorded_at, entry.late) == (at(10), recorded, late)


# Once.


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (near(1, 5), near(1, 6)),
        (arrived(1, 8), arrived(1, 9)),
        (started(1), started(1, by=crew("rte_2"))),
        (known(1), known(1, -10)),
        (outcome(1, 10, kind=TaskKind.PUDO_DROP), held(1, 11, M.HELD_AT_PUDO)),
    ],
)
def test_what_can_happen_once_has_one_entry_and_the_first_stays(
    first: Event, second: Event
) -> None:
    book = replayed([(first, at(0)), (second, at(1))], LATE)

    assert list(book.values()) == entries(first, at(0))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (failure(1, 10), failure(11, 60)),  # of another attempt
        (arrived(1, 8), arrived(11, 60)),
        (placed(1, by=crew(revision=2), added=()), placed(1, by=crew(revision=3), added=())),
        (placed(1), placed(1, by=crew("rte_2"))),
        (
            EtaChanged(ETA, charges(1), at(3)),
            EtaChanged(replace(ETA, computed_at=at(6)), charges(1), at(3)),
        ),
    ],
)
def test_what_can_happen_again_has_an_entry_each_time(first: Event, second: Event) -> None:
    assert len(replayed([(first, at(0)), (second, at(1))], LATE)) == 2


def test_two_deliveries_of_one_stop_have_their_own_entries() -> None:
    both = replace(arrived(1, 8), tasks=charges(1, 2))

    assert {entry.delivery_id for entry in entries(both)} == {"del_1", "del_2"}
    assert len({entry.entry_id for entry in entries(both)}) == 2


def test_two_changes_of_the_promise_in_two_minutes_are_two_entries() -> None:
    def moved(minutes: float) -> DeliveryKnown:
        return replace(known(1, minutes), new=False, rescheduled=True)

    assert len(replayed([(moved(1), at(1)), (moved(2), at(2)), (moved(2), at(3))], LATE)) == 2


def test_a_revision_says_what_moved_a_delivery_and_by_how_much() -> None:
    shift = PlanShift("tsk_1", at(17), at(7))
    event = replace(
        placed(1, 3, by=crew(revision=2), added=(3,), removed=(2,)),
        cause=PlanCause.LATE_DELIVERY,
        shifts=(shift, PlanShift("tsk_3", at(9))),
    )

    (assigned, changed) = milestones(event, at(1), LATE)

    assert assigned.plan_change is None, "its first route"
    assert changed.plan_change == PlanChange(
        PlanCause.LATE_DELIVERY, 2, at(17), at(7), added=("del_3",), removed=("del_2",)
    )


def test_an_assignment_that_moves_a_delivery_says_from_where() -> None:
    shift = PlanShift("tsk_1", at(17), at(7), "rte_0")
    event = replace(placed(1), cause=PlanCause.BREAKDOWN, shifts=(shift,))

    (moved,) = milestones(event, at(1), LATE)

    assert moved.plan_change == PlanChange(PlanCause.BREAKDOWN, 1, at(17), at(7), "rte_0")


def test_a_large_revision_names_the_first_deliveries_only() -> None:
    tasks = tuple(Charge(f"tsk_{n}", f"del_{n}") for n in range(2, 50))
    event = replace(placed(1, by=crew(revision=2), added=()), removed=tasks)

    (changed,) = milestones(event, at(1), LATE)

    assert changed.plan_change is not None
    assert changed.plan_change.removed == tuple(f"del_{n}" for n in range(2, 22))
