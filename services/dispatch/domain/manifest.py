"""
Manifests: what a driver needs to carry out one revision of a route. Pure.

A delta leads from one revision to the next. `apply` is what a phone does with it; a test holds that
applying the difference of two manifests to the first gives the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.dispatch.domain.delivery import (
    AmountToCollect,
    Delivery,
    HandoverAlternative,
    Recipient,
    VerificationRequirement,
)
from services.dispatch.domain.parcel import Parcel
from services.dispatch.domain.route import (
    Leg,
    RevisionCause,
    Route,
    RouteBreak,
    RouteState,
    Stop,
    StopTask,
)
from services.dispatch.domain.task import TaskState, TaskType
from services.dispatch.domain.values import AccessProfile, Address, Point


@dataclass(frozen=True, slots=True)
class ManifestTask:
    """A task with what the driver must know."""

    task_id: str
    delivery_id: str
    recipient: Recipient | None = field(default=None, repr=False)
    instructions: str = field(default="", repr=False)
    parcels: tuple[Parcel, ...] = ()
    verification_requirements: tuple[VerificationRequirement, ...] = ()
    amount_to_collect: AmountToCollect | None = None
    alternatives: tuple[HandoverAlternative, ...] = ()
    state: TaskState = TaskState.OPEN
    traceparent: str = ""


@dataclass(frozen=True, slots=True)
class ManifestStop:
    """A stop with what the driver must know there."""

    stop: Stop
    address: Address | None = field(default=None, repr=False)
    access_profile: AccessProfile | None = field(default=None, repr=False)
    tasks: tuple[ManifestTask, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """One revision of a route, for the one who drives it."""

    route_id: str
    route_plan_id: str
    revision: int
    state: RouteState
    shift_id: str
    vehicle_id: str
    start_time: datetime
    end_time: datetime
    start_location: Point = field(repr=False)
    end_location: Point = field(repr=False)
    stops: tuple[ManifestStop, ...]
    legs: tuple[Leg, ...]
    breaks: tuple[RouteBreak, ...]
    acknowledged_revision: int
    cause: RevisionCause | None


@dataclass(frozen=True, slots=True)
class ManifestDelta:
    """How a manifest changed."""

    route_id: str
    base_revision: int
    revision: int
    state: RouteState
    stop_ids: tuple[str, ...]
    changed_stops: tuple[ManifestStop, ...]
    legs: tuple[Leg, ...]
    breaks: tuple[RouteBreak, ...]
    start_time: datetime
    end_time: datetime
    cause: RevisionCause | None
    removed_task_ids: tuple[str, ...]


def manifest_of(
    route: Route, deliveries: Mapping[str, Delivery], open_task_ids: frozenset[str]
) -> Manifest:
    """The manifest of a route at its revision."""
    return Manifest(
        route_id=route.route_id,
        route_plan_id=route.route_plan_id,
        revision=route.revision,
        state=route.state,
        shift_id=route.shift_id,
        vehicle_id=route.vehicle_id,
        start_time=route.start_time,
        end_time=route.end_time,
        start_location=route.start_location,
        end_location=route.end_location,
        stops=tuple(_stop(stop, deliveries, open_task_ids) for stop in route.stops),
        legs=route.legs,
        breaks=route.breaks,
        acknowledged_revision=route.acknowledged_revision,
        cause=route.cause,
    )


def _stop(
    stop: Stop, deliveries: Mapping[str, Delivery], open_task_ids: frozenset[str]
) -> ManifestStop:
    """Address and access are the recipient's: where goods are only picked up, nobody's."""
    first = stop.tasks[0]
    recipient = None if first.type is TaskType.PICKUP else deliveries[first.delivery_id]
    return ManifestStop(
        stop=stop,
        address=recipient.address if recipient else None,
        access_profile=recipient.access_profile if recipient else None,
        tasks=tuple(
            _task(task, deliveries[task.delivery_id], open_task_ids) for task in stop.tasks
        ),
    )


def _task(task: StopTask, delivery: Delivery, open_task_ids: frozenset[str]) -> ManifestTask:
    bare = ManifestTask(
        task_id=task.task_id,
        delivery_id=delivery.delivery_id,
        parcels=delivery.parcels,
        state=TaskState.OPEN if task.task_id in open_task_ids else TaskState.CLOSED,
        traceparent=delivery.traceparent,
    )
    if task.type is TaskType.PICKUP:
        return bare
    return replace(
        bare,
        recipient=delivery.recipient,
        instructions=delivery.instructions,
        verification_requirements=delivery.verification_requirements,
        amount_to_collect=delivery.amount_to_collect,
        alternatives=delivery.alternatives,
    )


def difference(old: Manifest, new: Manifest) -> ManifestDelta:
    """What leads from one revision of a route to another."""
    known = {stop.stop.stop_id: stop for stop in old.stops}
    kept = {task.task_id for stop in new.stops for task in stop.tasks}
    return ManifestDelta(
        route_id=new.route_id,
        base_revision=old.revision,
        revision=new.revision,
        state=new.state,
        stop_ids=tuple(stop.stop.stop_id for stop in new.stops),
        changed_stops=tuple(s for s in new.stops if known.get(s.stop.stop_id) != s),
        legs=new.legs,
        breaks=new.breaks,
        start_time=new.start_time,
        end_time=new.end_time,
        cause=new.cause,
        removed_task_ids=tuple(
            task.task_id for stop in old.stops for task in stop.tasks if task.task_id not in kept
        ),
    )


def apply(old: Manifest, delta: ManifestDelta) -> Manifest:
    """The manifest after a delta. Raises ValueError for a delta on another revision."""
    if (old.route_id, old.revision) != (delta.route_id, delta.base_revision):
        raise ValueError(f"this delta is for revision {delta.base_revision} of {delta.route_id}")
    stops = {stop.stop.stop_id: stop for stop in (*old.stops, *delta.changed_stops)}
    return replace(
        old,
        revision=delta.revision,
        state=delta.state,
        stops=tuple(stops[stop_id] for stop_id in delta.stop_ids),
        legs=delta.legs,
        breaks=delta.breaks,
        start_time=delta.start_time,
        end_time=delta.end_time,
        cause=delta.cause,
    )
