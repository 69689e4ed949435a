"""
Calls a delivery off: CANCELLED before the goods move, RETURNING after.

The route that carries it gets a revision without it. The planner re-times the rest where it can be
asked and the gate agrees; where not, times stay as they were and the vehicle only passes by:
calling off never waits for another service.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from meshkit.errors import MeshError
from meshkit.ids import NewId
from services.dispatch.domain.delivery import Delivery, DeliveryState
from services.dispatch.domain.delivery_state import Fact as Move
from services.dispatch.domain.delivery_state import evolve, require_under_way
from services.dispatch.domain.events import DeliveryCancelled, Fact, TaskClosed
from services.dispatch.domain.revision import dropped
from services.dispatch.domain.route import RevisionCause, Route, frozen_count
from services.dispatch.domain.task import Outcome, Task, TaskOutcome, closed
from services.dispatch.ports import Compliance, Planner, Stores
from services.dispatch.usecases import reassign
from services.dispatch.usecases.common import (
    Reading,
    require_etag,
    required,
    state_changed,
)

CAUSE = RevisionCause.CANCELLATION


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The delivery as called off, and the revision without it."""

    delivery: Delivery
    route_id: str = ""
    revision: int = 0


async def prepare(
    read: Reading,
    planner: Planner,
    compliance: Compliance,
    delivery_id: str,
    now: datetime,
    new_id: NewId,
) -> Route | None:
    """The route without the delivery, re-timed; None when none carries it or nobody could say."""
    async with read() as stores:
        found = await stores.deliveries.find(delivery_id)
        delivery = required(found, "DELIVERY_UNKNOWN", delivery_id)
        task = await stores.tasks.find(delivery.open_task_id)
        route = await stores.routes.find(task.route_id) if task and task.route_id else None
    if task is None or route is None or not _is_ahead(route, task) or not route.shift_id:
        return None
    change = reassign.Change(
        bases=(reassign.Base(route.route_id, route.revision),),
        moves=(reassign.TaskMove(task.task_id),),
        cause=CAUSE,
    )
    try:
        revision = await reassign.propose(read, planner, compliance, change, now, new_id)
    except MeshError:  # whatever keeps others from agreeing: calling off does not wait for them
        return None
    return revision.after[0]


def _is_ahead(route: Route, task: Task) -> bool:
    ahead = route.stops[frozen_count(route) :]
    return route.is_binding and any(task.task_id in stop.task_ids for stop in ahead)


async def cancel(
    stores: Stores,
    delivery_id: str,
    etag: str,
    reason: str,
    retimed: Route | None,
    now: datetime,
) -> Cancelled:
    """Calls it off in one commit. Calling off what is called off changes nothing."""
    found = await stores.deliveries.claim(delivery_id)
    delivery = required(found, "DELIVERY_UNKNOWN", delivery_id)
    if delivery.state in (DeliveryState.CANCELLED, DeliveryState.RETURNING):
        return Cancelled(delivery)
    require_etag(etag, delivery.revision, delivery_id)
    require_under_way(delivery)
    task = await stores.tasks.claim(delivery.open_task_id) if delivery.open_task_id else None
    after = _called_off(delivery, reason, now)
    await stores.deliveries.save(after)
    route = await _without(stores, task, retimed, now) if task else None
    if task is not None:
        await _close(stores, task, now)
    route_id = task.route_id if task else ""
    event = DeliveryCancelled(
        delivery_id=delivery_id,
        task_id=delivery.open_task_id,
        reason=reason,
        route_id=route_id,
        state=after.state,
    )
    stores.tell(Fact(delivery_id, now, event), state_changed(delivery, after, now))
    return Cancelled(after, route_id, route.revision if route else 0)


def _called_off(delivery: Delivery, reason: str, now: datetime) -> Delivery:
    return replace(
        delivery,
        state=evolve(delivery.state, Move.CANCELLED),
        state_reason=reason,
        open_task_id="",
        revision=delivery.revision + 1,
        update_time=now,
    )


async def _close(stores: Stores, task: Task, now: datetime) -> None:
    after = closed(task, Outcome(TaskOutcome.CANCELLED, now), now)
    if after is not None:
        await stores.tasks.save(after)
        stores.tell(Fact(task.task_id, now, TaskClosed(after)))


async def _without(
    stores: Stores, task: Task, retimed: Route | None, now: datetime
) -> Route | None:
    """The next revision of the route that carries the task, if it lies ahead on one."""
    if not task.route_id or not task.is_open:
        return None
    route = await stores.routes.claim(task.route_id)
    if route is None or not _is_ahead(route, task):
        return None
    fits = retimed is not None and retimed.revision == route.revision + 1
    is_same = fits and retimed is not None and _same_behind(route, retimed)
    after = retimed if is_same and retimed else dropped(route, [task.task_id], CAUSE, now)
    await stores.routes.save(after)
    stores.tell(Fact(route.route_id, now, reassign.revised(route, after)))
    return after


def _same_behind(route: Route, retimed: Route) -> bool:
    """Whether the vehicle has reached no further stop since the rest was timed."""
    frozen = frozen_count(route)
    return frozen == frozen_count(retimed) and route.stops[:frozen] == retimed.stops[:frozen]
