"""
Calls a delivery off: CANCELLED before the goods move, RETURNING after.

The route that carries it gets a revision without it. The planner re-times the rest where it can be
asked and the gate agrees; where not, times stay as they were and the vehicle only passes by:
calling off never waits for another service.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meshkit.errors import MeshError
from meshkit.ids import NewId
from services.dispatch.domain.delivery import Delivery, DeliveryState
from services.dispatch.domain.delivery_state import Fact as Move
from services.dispatch.domain.delivery_state import evolve, require_under_way
from services.dispatch.domain.events import DeliveryCancelled, Fact
from services.dispatch.domain.revision import dropped
from services.dispatch.domain.route import RevisionCause, Route, frozen_count
from services.dispatch.domain.task import Task, TaskState
from services.dispatch.ports import Compliance, Planner, Slice, Stores, TaskFilter
from services.dispatch.usecases import reassign, routes
from services.dispatch.usecases.common import (
    Reading,
    require_etag,
    required,
    state_changed,
)
from services.dispatch.usecases.scene import Base, Change, TaskMove

CAUSE = RevisionCause.CANCELLATION
OPEN_TASKS_MAX = 20  # of one delivery: an attempt, and what leads up to it


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
    clock: Callable[[], datetime],
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
    bases = (Base(route.route_id, route.revision),)
    change = Change(bases, (TaskMove(task.task_id),), CAUSE)
    try:
        revision = await reassign.propose(read, planner, compliance, change, clock, new_id)
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
    tasks = await _open_tasks(stores, delivery_id)
    after = _called_off(delivery, reason, now)
    await stores.deliveries.save(after)
    route = await _without(stores, tasks, retimed, now)
    for task in tasks:
        await routes.call_off(stores, task, now)
    route_id = next((task.route_id for task in tasks if task.route_id), "")
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


async def _open_tasks(stores: Stores, delivery_id: str) -> list[Task]:
    """What is still to be done for a delivery: its attempt, and a pickup before it; claimed."""
    which = TaskFilter(delivery_ids=[delivery_id], state=TaskState.OPEN)
    found = await stores.tasks.list_page(which, Slice(None, OPEN_TASKS_MAX))
    return list((await stores.tasks.claim_all([task.task_id for task in found])).values())


async def _without(
    stores: Stores, tasks: Sequence[Task], retimed: Route | None, now: datetime
) -> Route | None:
    """The next revision of the route that carries the tasks, if they lie ahead on one."""
    route_id = next((task.route_id for task in tasks if task.route_id and task.is_open), "")
    route = await stores.routes.claim(route_id) if route_id else None
    if route is None or not any(_is_ahead(route, task) for task in tasks):
        return None
    after = _fitting(route, retimed) or dropped(route, [t.task_id for t in tasks], CAUSE, now)
    await stores.routes.save(after)
    stores.tell(Fact(route.route_id, now, reassign.revised(route, after)))
    return after


def _fitting(route: Route, retimed: Route | None) -> Route | None:
    """The re-timed route, unless the one it was made from moved on."""
    if retimed is None or retimed.revision != route.revision + 1:
        return None
    return retimed if _same_behind(route, retimed) else None


def _same_behind(route: Route, retimed: Route) -> bool:
    """Whether the vehicle has reached no further stop since the rest was timed."""
    frozen = frozen_count(route)
    return frozen == frozen_count(retimed) and route.stops[:frozen] == retimed.stops[:frozen]
