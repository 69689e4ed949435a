"""How a route, a task and a fact are put into events and alarms. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from services.tracking.domain.event import Charge, Crew, OutcomeRecorded
from services.tracking.domain.fact import Fact, Failure, Success
from services.tracking.domain.incident import OF_FAILURE, About, Alarm, IncidentType
from services.tracking.domain.progress import Note
from services.tracking.domain.route import Route, Stop, Task
from services.tracking.domain.words import FailureReason, Outcome


def crew(route: Route) -> Crew:
    """Who drives what on a route."""
    return Crew(
        route_id=route.route_id,
        revision=route.revision,
        shift_id=route.shift_id,
        driver_id=route.driver_id,
        vehicle_id=route.vehicle.vehicle_id,
        carrier_id=route.carrier_id,
        depot_id=route.depot_id,
        vehicle_kind=route.vehicle.kind,
    )


def crew_of(fact: Fact) -> Crew:
    """Who drives what, as far as a fact itself says."""
    return Crew(
        route_id=fact.route_id,
        driver_id=fact.driver_id,
        vehicle_id=fact.vehicle_id,
        carrier_id=fact.carrier_id,
    )


def charge(task: Task) -> Charge:
    """A task as events name it."""
    items = len(task.parcel_ids)
    return Charge(task.task_id, task.delivery_id, task.mass_grams, task.kind, items)


def recorded(by: Crew, task: Task, stop_id: str, fact: Fact) -> OutcomeRecorded:
    """The outcome that a fact states about a task."""
    success = fact.what if isinstance(fact.what, Success) else None
    base = OutcomeRecorded(
        crew=by,
        task=charge(task),
        kind=task.kind,
        stop_id=stop_id,
        attempt_number=task.attempt_number,
        outcome=Outcome.SUCCEEDED if success else Outcome.FAILED,
        at=fact.event_time,
        source=fact.source,
        promise=task.promise,
        event_id=fact.event_id,
        location=fact.location,
    )
    if isinstance(fact.what, Failure):
        return replace(base, reason=fact.what.reason)
    if success is None:
        return base
    return replace(
        base,
        handover=success.handover,
        parcel_ids=success.parcel_ids,
        proof_id=success.proof_id,
        climbed_floors=success.climbed_floors,
    )


def failed(route: Route, task: Task, stop: Stop, fact: Fact) -> Alarm:
    """The alarm about a failed attempt."""
    reason = fact.what.reason if isinstance(fact.what, Failure) else FailureReason.OTHER
    about = About(
        delivery_id=task.delivery_id,
        task_id=task.task_id,
        stop_id=stop.stop_id,
        route_id=route.route_id,
        vehicle_id=route.vehicle.vehicle_id,
        driver_id=route.driver_id,
        carrier_id=route.carrier_id,
    )
    kind = OF_FAILURE.get(reason, IncidentType.ATTEMPT_FAILED)
    words = f"attempt {task.attempt_number} failed: {reason.lower().replace('_', ' ')}"
    return Alarm(kind, about, words, fact.event_time, note=fact.note, location=fact.location)


def contradiction(note: Note, fact: Fact) -> Iterator[Alarm]:
    """The alarm about a second report of an attempt that says otherwise; none when it agrees."""
    said = Outcome.SUCCEEDED if isinstance(fact.what, Success) else Outcome.FAILED
    if said is not note.outcome:
        about = About(task_id=fact.task_id, delivery_id=note.task.delivery_id)
        words = f"reported as {said.lower()} after it was recorded as {note.outcome.lower()}"
        yield Alarm(IncidentType.CONTRADICTING_OUTCOME, about, words, fact.event_time)
