"""
From events to timelines: the milestones that an event means for each delivery. Pure.

Entry ids are made from what happened, so a replay gives the same entries, and an event that is told
twice still has one entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.tracking.domain.event import (
    Charge,
    EtaChanged,
    EtaReason,
    IncidentOpened,
    IncidentResolved,
    MilestoneReached,
    OutcomeRecorded,
    ParcelScanned,
    ProofAccepted,
    RouteStarted,
    StopArrived,
)
from services.tracking.domain.heard import (
    AttemptPlanned,
    DeliveryCancelled,
    DeliveryKnown,
    ParcelsHeld,
    RoutePlaced,
    StopNear,
)
from services.tracking.domain.incident import Incident
from services.tracking.domain.journal import Event
from services.tracking.domain.replan import OTHERS_MAX, PlanChange
from services.tracking.domain.words import BESIDE, Milestone, Outcome, ScanKind, Source, TaskKind

KEY_BYTES = 6  # tells the few entries of one delivery and milestone apart
OUTCOMES = {
    TaskKind.DELIVERY: Milestone.DELIVERED,
    TaskKind.UNSPECIFIED: Milestone.DELIVERED,
    TaskKind.PUDO_DROP: Milestone.HELD_AT_PUDO,
    TaskKind.RETURN: Milestone.RETURNED,
}


def milestones(event: Event, recorded_at: datetime, late: timedelta) -> Iterator[MilestoneReached]:
    """The milestones that an event means."""
    make = MAKERS.get(type(event))
    for entry in make(event) if make else ():
        was_late = recorded_at - entry.at > late
        yield replace(entry, recorded_at=recorded_at, late=was_late)


def replayed(
    events: Iterable[tuple[Event, datetime]], late: timedelta
) -> dict[str, MilestoneReached]:
    """Every entry by its id, from nothing but the journal; the first of an id stays."""
    entries: dict[str, MilestoneReached] = {}
    for event, recorded_at in events:
        for entry in milestones(event, recorded_at, late):
            entries.setdefault(entry.entry_id, entry)
    return entries


def _entry(
    milestone: Milestone, delivery_id: str, key: str, at: datetime, source: Source
) -> MilestoneReached:
    # Recipients see the name, and no task or route in it.
    told_apart = hashlib.blake2s(key.encode(), digest_size=KEY_BYTES).hexdigest()
    name = f"{delivery_id}.{milestone.lower()}.{told_apart}"
    return MilestoneReached(name, delivery_id, milestone, at, at, source)


def _known(event: DeliveryKnown) -> Iterator[MilestoneReached]:
    digest = event.digest
    moment = f"{event.at.timestamp():.0f}"
    for happened, milestone, key in (
        (event.new, Milestone.DELIVERY_CREATED, "1"),
        (event.rescheduled, Milestone.RESCHEDULED, moment),
        (event.redirected, Milestone.REDIRECTED, moment),
    ):
        if happened:
            entry = _entry(milestone, digest.delivery_id, key, event.at, Source.DISPATCH)
            yield replace(entry, task_id=digest.task_id)


def _attempt(event: AttemptPlanned) -> Iterator[MilestoneReached]:
    if event.kind is TaskKind.RETURN:
        key, source = event.task_id, Source.DISPATCH
        entry = _entry(Milestone.RETURNING, event.delivery_id, key, event.at, source)
        yield replace(entry, task_id=event.task_id)


def _cancelled(event: DeliveryCancelled) -> Iterator[MilestoneReached]:
    milestone = Milestone.RETURNING if event.returning else Milestone.CANCELLED
    entry = _entry(milestone, event.delivery_id, event.task_id or "1", event.at, Source.DISPATCH)
    yield replace(entry, task_id=event.task_id)


def _placed(event: RoutePlaced) -> Iterator[MilestoneReached]:
    crew = event.crew
    first = Milestone.TENDER_ACCEPTED if crew.carrier_id else Milestone.DRIVER_ASSIGNED
    for task in _own(event.added):
        key, change = f"{task.task_id}.{crew.route_id}", _change(event, task)
        entry = _of_task(first, task, key, event.at, Source.DISPATCH, crew.route_id)
        yield replace(entry, plan_change=change if change.previous_route_id else None)
    added = {task.task_id for task in event.added}
    kept = (task for task in _own(event.tasks) if task.task_id not in added)
    for task in kept if crew.revision > 1 else ():
        key = f"{crew.route_id}.{crew.revision}"
        entry = _of_task(
            Milestone.PLAN_CHANGED, task, key, event.at, Source.DISPATCH, crew.route_id
        )
        yield replace(entry, plan_change=_change(event, task))


def _change(event: RoutePlaced, task: Charge) -> PlanChange:
    """What the revision changed for one delivery, and what moved it."""
    shift = next((one for one in event.shifts if one.task_id == task.task_id), None)
    return PlanChange(
        cause=event.cause,
        revision=event.crew.revision,
        arrival=shift.arrival if shift else None,
        previous_arrival=shift.previous_arrival if shift else None,
        previous_route_id=shift.previous_route_id if shift else "",
        added=_others(event.added, task),
        removed=_others(event.removed, task),
    )


def _others(tasks: Iterable[Charge], mine: Charge) -> tuple[str, ...]:
    """The other deliveries of tasks, each once, in order."""
    others = dict.fromkeys(t.delivery_id for t in tasks if t.delivery_id != mine.delivery_id)
    return tuple(others)[:OTHERS_MAX]


def _started(event: RouteStarted) -> Iterator[MilestoneReached]:
    for task in _own(event.tasks):
        yield _of_task(
            Milestone.OUT_FOR_DELIVERY,
            task,
            task.task_id,
            event.at,
            Source.SYSTEM,
            event.crew.route_id,
        )


def _near(event: StopNear) -> Iterator[MilestoneReached]:
    for task in _own(event.tasks):
        route_id = event.crew.route_id
        entry = _of_task(Milestone.ARRIVING, task, task.task_id, event.at, Source.SYSTEM, route_id)
        yield replace(entry, stop_id=event.stop_id)


def _arrived(event: StopArrived) -> Iterator[MilestoneReached]:
    for task in _own(event.tasks):
        route_id = event.crew.route_id
        entry = _of_task(Milestone.ARRIVED, task, task.task_id, event.at, event.source, route_id)
        yield replace(entry, stop_id=event.stop_id)


def _outcome(event: OutcomeRecorded) -> Iterator[MilestoneReached]:
    failed = event.outcome is Outcome.FAILED
    milestone = Milestone.ATTEMPT_FAILED if failed else OUTCOMES.get(event.kind)
    if milestone is not None:
        key, route_id = event.task.task_id, event.crew.route_id
        entry = _of_task(milestone, event.task, key, event.at, event.source, route_id)
        yield replace(
            entry,
            stop_id=event.stop_id,
            reason=event.reason,
            handover=event.handover,
            event_id=event.event_id,
        )


def _eta(event: EtaChanged) -> Iterator[MilestoneReached]:
    eta = event.eta
    news = event.previous and event.reason is not EtaReason.FIRMER
    for task in _own(event.tasks) if news else ():
        key = f"{task.task_id}.{eta.computed_at.timestamp():.0f}"
        entry = _of_task(
            Milestone.ETA_CHANGED, task, key, eta.computed_at, Source.SYSTEM, eta.route_id
        )
        yield replace(entry, stop_id=eta.stop_id, eta=eta)


def _incident(event: IncidentOpened | IncidentResolved) -> Iterator[MilestoneReached]:
    incident: Incident = event.incident
    opened = isinstance(event, IncidentOpened)
    at = incident.event_time if opened else incident.end_time or incident.open_time
    milestone = Milestone.INCIDENT_OPENED if opened else Milestone.INCIDENT_RESOLVED
    about = incident.about
    if about.delivery_id:
        key = incident.incident_id
        entry = _entry(milestone, about.delivery_id, key, at, Source.SYSTEM)
        yield replace(entry, task_id=about.task_id, route_id=about.route_id, stop_id=about.stop_id)


def _proof(event: ProofAccepted) -> Iterator[MilestoneReached]:
    if event.delivery_id:
        key = event.proof_id
        entry = _entry(Milestone.POD_ACCEPTED, event.delivery_id, key, event.at, Source.SYSTEM)
        yield replace(entry, task_id=event.task_id)


def _scan(event: ParcelScanned) -> Iterator[MilestoneReached]:
    if event.scan.kind is ScanKind.LOADED and event.delivery_id:
        key = event.scan.parcel_id or event.scan.barcode
        entry = _entry(Milestone.PARCEL_LOADED, event.delivery_id, key, event.at, event.source)
        yield replace(entry, route_id=event.crew.route_id)


def _held(event: ParcelsHeld) -> Iterator[MilestoneReached]:
    key = event.task_id or "1"
    entry = _entry(event.milestone, event.delivery_id, key, event.at, event.source)
    yield replace(entry, task_id=event.task_id, event_id=event.event_id)


def _own(tasks: Iterable[Charge]) -> Iterator[Charge]:
    """Attempts only: where its goods are fetched on the way is no stop of the recipient's."""
    return (task for task in tasks if task.kind not in BESIDE)


def _of_task(
    milestone: Milestone, task: Charge, key: str, at: datetime, source: Source, route_id: str
) -> MilestoneReached:
    entry = _entry(milestone, task.delivery_id, key, at, source)
    return replace(entry, task_id=task.task_id, route_id=route_id)


MAKERS: dict[type, Callable[[Any], Iterator[MilestoneReached]]] = {
    DeliveryKnown: _known,
    AttemptPlanned: _attempt,
    DeliveryCancelled: _cancelled,
    RoutePlaced: _placed,
    RouteStarted: _started,
    StopNear: _near,
    StopArrived: _arrived,
    OutcomeRecorded: _outcome,
    EtaChanged: _eta,
    IncidentOpened: _incident,
    IncidentResolved: _incident,
    ProofAccepted: _proof,
    ParcelScanned: _scan,
    ParcelsHeld: _held,
}
