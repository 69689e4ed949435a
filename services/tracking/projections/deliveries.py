"""
From events to deliveries: which ones an event is about, and what it makes of them. Pure.

A fold of the whole journal from nothing gives the same deliveries as the ones that were kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.tracking.domain.delivery import Delivery
from services.tracking.domain.event import (
    Charge,
    MilestoneReached,
    OutcomeRecorded,
    RouteStarted,
    StopArrived,
)
from services.tracking.domain.heard import (
    AttemptPlanned,
    DeliveryCancelled,
    DeliveryKnown,
    ParcelsHeld,
    RoutePlaced,
    RouteWithdrawn,
    StopNear,
)
from services.tracking.domain.journal import Event
from services.tracking.domain.words import (
    BESIDE,
    ENDED_STATES,
    FailureReason,
    Milestone,
    Outcome,
    TaskKind,
    TrackingState,
)

BEFORE_OUT = (TrackingState.CREATED, TrackingState.PLANNED, TrackingState.ASSIGNED)
TO_GO_OUT = (*BEFORE_OUT, TrackingState.OUT_FOR_DELIVERY, TrackingState.ARRIVING)
TO_RETURN = (TrackingState.ATTEMPT_FAILED, TrackingState.HELD_AT_PUDO)
OF_MILESTONE = {
    Milestone.HELD_AT_PUDO: TrackingState.HELD_AT_PUDO,
    Milestone.COLLECTED: TrackingState.COLLECTED,
    Milestone.RETURNED: TrackingState.RETURNED,
}

Fold = Callable[[Delivery, Any], Delivery]


def named(event: Event) -> tuple[str, ...]:
    """The deliveries that an event changes."""
    match event:
        case DeliveryKnown():
            return (event.digest.delivery_id,)
        case AttemptPlanned() | DeliveryCancelled() | ParcelsHeld() | MilestoneReached():
            return (event.delivery_id,)
        case OutcomeRecorded():
            return (event.task.delivery_id,)
        case RoutePlaced():
            return _ids((*event.tasks, *event.removed))
        case RouteStarted() | RouteWithdrawn() | StopArrived() | StopNear():
            return _ids(event.tasks)
        case _:
            return ()


def apply(delivery: Delivery, event: Event) -> Delivery:
    """The delivery after an event that names it."""
    fold = FOLDS.get(type(event))
    return fold(delivery, event) if fold else delivery


def replayed(events: Iterable[Event]) -> dict[str, Delivery]:
    """Every delivery, from nothing but the journal."""
    deliveries: dict[str, Delivery] = {}
    for event in events:
        for name in named(event):
            deliveries[name] = apply(deliveries.get(name) or Delivery(name), event)
    return deliveries


def _ids(charges: Iterable[Charge]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.delivery_id for one in charges))


def _known(delivery: Delivery, event: DeliveryKnown) -> Delivery:
    digest = event.digest
    return replace(
        _attempt(delivery, digest.task_id, digest.attempt_number, digest.task_kind),
        created_at=delivery.created_at or event.at,
        promise=digest.promise,
        location=digest.location,
        parcels=digest.parcels,
        requirements=digest.requirements,
        priority=digest.priority,
        service_level=digest.service_level,
        territory_id=digest.territory_id,
        depot_id=digest.origin_place_id,
        floor=digest.floor,
        lift=digest.lift,
        building=digest.building,
        segment=digest.segment,
        region=digest.region,
        order_reference=digest.order_reference,
        due=digest.due,
    )


def _planned(delivery: Delivery, event: AttemptPlanned) -> Delivery:
    if event.kind in BESIDE:
        return delivery
    return _attempt(delivery, event.task_id, event.attempt_number, event.kind)


def _attempt(delivery: Delivery, task_id: str, number: int, kind: TaskKind) -> Delivery:
    """The delivery with its present attempt; a task that was seen before is no new one."""
    if not task_id or task_id == delivery.task_id or task_id in delivery.past_task_ids:
        return delivery
    past = (*delivery.past_task_ids, delivery.task_id) if delivery.task_id else ()
    state = delivery.state
    if kind is TaskKind.RETURN and state in TO_RETURN:
        state = TrackingState.RETURNING
    elif state is TrackingState.ATTEMPT_FAILED:
        state = TrackingState.PLANNED
    return replace(
        delivery,
        task_id=task_id,
        attempt_number=number or delivery.attempt_number,
        task_kind=kind,
        past_task_ids=past,
        state=state,
        route_id="",
        stop_id="",
        carrier_id="",
        carrier_since=None,
        planned_at=None,
        left_route_id="",
    )


def _cancelled(delivery: Delivery, event: DeliveryCancelled) -> Delivery:
    if delivery.state in ENDED_STATES:
        return delivery
    state = TrackingState.RETURNING if event.returning else TrackingState.CANCELLED
    return replace(delivery, state=state, cancelled=True)


def _placed(delivery: Delivery, event: RoutePlaced) -> Delivery:
    if _is_among(delivery, event.tasks):
        state = TrackingState.ASSIGNED if delivery.state in BEFORE_OUT else delivery.state
        planned = next((one for one in event.shifts if one.task_id == delivery.task_id), None)
        return replace(
            delivery,
            state=state,
            route_id=event.crew.route_id,
            carrier_id=event.crew.carrier_id,
            carrier_since=_since(delivery, event),
            planned_at=planned.arrival if planned else delivery.planned_at,
            left_route_id="",
        )
    return _released(delivery, event.crew.route_id, event.removed)


def _since(delivery: Delivery, event: RoutePlaced) -> datetime | None:
    """Since when the carrier has it; a revision of its own route changes nothing."""
    if not event.crew.carrier_id:
        return None
    same = delivery.carrier_id == event.crew.carrier_id
    return delivery.carrier_since or event.at if same else event.at


def _withdrawn(delivery: Delivery, event: RouteWithdrawn) -> Delivery:
    return _released(delivery, event.crew.route_id, event.tasks)


def _released(delivery: Delivery, route_id: str, tasks: tuple[Charge, ...]) -> Delivery:
    """Taken off its route, unless another one has it already or the attempt is over."""
    if delivery.route_id != route_id or not _is_among(delivery, tasks) or delivery.closed:
        return delivery
    state = TrackingState.PLANNED if delivery.state in BEFORE_OUT else delivery.state
    return replace(
        delivery,
        state=state,
        route_id="",
        stop_id="",
        carrier_id="",
        carrier_since=None,
        left_route_id=route_id,
    )


def _started(delivery: Delivery, event: RouteStarted) -> Delivery:
    goes_out = delivery.state in TO_GO_OUT and not delivery.closed
    if not goes_out or not _is_among(delivery, event.tasks):
        return delivery
    return replace(delivery, state=TrackingState.OUT_FOR_DELIVERY, promise_out=delivery.promise)


def _near(delivery: Delivery, event: StopNear | StopArrived) -> Delivery:
    out = delivery.state is TrackingState.OUT_FOR_DELIVERY
    if not out or not _is_among(delivery, event.tasks) or delivery.closed:
        return delivery
    return replace(delivery, state=TrackingState.ARRIVING, stop_id=event.stop_id)


def _outcome(delivery: Delivery, event: OutcomeRecorded) -> Delivery:
    ended = replace(
        delivery,
        outcome=event.outcome,
        outcome_task_id=event.task.task_id,
        outcome_at=event.at,
        reason=event.reason,
    )
    if event.task.task_id != delivery.task_id or delivery.state in ENDED_STATES:
        return ended if event.task.task_id == delivery.task_id else delivery
    return replace(ended, state=_state_after(delivery, event))


def _state_after(delivery: Delivery, event: OutcomeRecorded) -> TrackingState:
    if event.outcome is Outcome.FAILED and event.reason is FailureReason.DAMAGED:
        return TrackingState.DAMAGED
    if event.outcome is Outcome.FAILED:
        returning = delivery.state is TrackingState.RETURNING
        return delivery.state if returning else TrackingState.ATTEMPT_FAILED
    match event.kind:
        case TaskKind.DELIVERY | TaskKind.UNSPECIFIED:
            return TrackingState.DELIVERED
        case TaskKind.PUDO_DROP:
            return TrackingState.HELD_AT_PUDO
        case TaskKind.RETURN:
            return TrackingState.RETURNED
        case _:
            return delivery.state


def _held(delivery: Delivery, event: ParcelsHeld) -> Delivery:
    state = OF_MILESTONE.get(event.milestone, delivery.state)
    return delivery if delivery.state in ENDED_STATES else replace(delivery, state=state)


def _milestone(delivery: Delivery, event: MilestoneReached) -> Delivery:
    return replace(delivery, milestone=event.milestone)


def _is_among(delivery: Delivery, tasks: Iterable[Charge]) -> bool:
    """An event that overtook the news of its attempt still counts: then no task is known yet."""
    mine = (task.task_id for task in tasks if task.delivery_id == delivery.delivery_id)
    return any(not delivery.task_id or task_id == delivery.task_id for task_id in mine)


FOLDS: dict[type, Fold] = {
    DeliveryKnown: _known,
    AttemptPlanned: _planned,
    DeliveryCancelled: _cancelled,
    RoutePlaced: _placed,
    RouteWithdrawn: _withdrawn,
    RouteStarted: _started,
    StopNear: _near,
    StopArrived: _near,
    OutcomeRecorded: _outcome,
    ParcelsHeld: _held,
    MilestoneReached: _milestone,
}


def failure_of(delivery: Delivery) -> FailureReason:
    """Why the last attempt failed, while it matters."""
    failed = delivery.outcome is Outcome.FAILED and delivery.closed
    return delivery.reason if failed else FailureReason.UNSPECIFIED


def tasks_of(event: Event) -> Iterator[Charge]:
    """The tasks that an event names."""
    match event:
        case OutcomeRecorded():
            yield event.task
        case RoutePlaced() | RouteStarted() | RouteWithdrawn() | StopArrived() | StopNear():
            yield from event.tasks
