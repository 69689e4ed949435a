"""Routes that bind: seen, acknowledged, declined, ended; and the plans that end with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from meshkit.caller import Caller
from meshkit.errors import Invalid
from services.dispatch.domain.delivery_state import Fact as Move
from services.dispatch.domain.events import (
    AssignmentDeclined,
    DeclineReason,
    Fact,
    RevisionAcknowledged,
    RouteClosed,
    RoutePlanCompleted,
    TaskClosed,
)
from services.dispatch.domain.route import Route, RouteState
from services.dispatch.domain.route_plan import RoutePlanState, after_routes
from services.dispatch.domain.task import Outcome, Task, TaskOutcome, closed, placed
from services.dispatch.ports import Stores
from services.dispatch.usecases.common import (
    move_delivery,
    own_carrier,
    own_driver,
    required,
)


def seen(route: Route | None, caller: Caller, route_id: str) -> Route:
    """The route, if the caller may see it: drivers and carriers only their own, once it binds."""
    found = required(route, "ROUTE_UNKNOWN", route_id)
    is_mine = own_driver(caller, found.driver_id) and own_carrier(caller, found.carrier_id)
    is_told = found.state is not RouteState.PLANNED or not (caller.driver_id or caller.carrier_id)
    return required(found if is_mine and is_told else None, "ROUTE_UNKNOWN", route_id)


async def get(stores: Stores, caller: Caller, route_id: str, revision: int = 0) -> Route:
    """A route at its present revision, or at an older one."""
    route = seen(await stores.routes.find(route_id), caller, route_id)
    if revision in (0, route.revision):
        return route
    older = await stores.routes.at_revision(route_id, revision)
    return required(older, "REVISION_UNKNOWN", f"{route_id}@{revision}")


async def acknowledge(
    stores: Stores, caller: Caller, route_id: str, revision: int, at: datetime
) -> Route:
    """Notes that a revision was seen. An older one, or the same again, changes nothing."""
    route = seen(await stores.routes.claim(route_id), caller, route_id)
    if revision > route.revision:
        raise Invalid(
            "REVISION_UNKNOWN", f"route {route_id!r} is at {route.revision}", route_id=route_id
        )
    if revision <= route.acknowledged_revision:
        return route
    after = replace(route, acknowledged_revision=revision, acknowledge_time=at)
    await stores.routes.note(after)
    event = RevisionAcknowledged(route_id, revision, route.driver_id, at)
    stores.tell(Fact(route_id, at, event))
    return after


async def decline(
    stores: Stores,
    caller: Caller,
    route_id: str,
    revision: int,
    task_ids: Sequence[str],
    reason: DeclineReason,
    now: datetime,
) -> list[str]:
    """Notes what a driver does not take. Nothing is moved by it."""
    route = seen(await stores.routes.find(route_id), caller, route_id)
    on_route = await stores.tasks.on_route(route_id)
    wanted = set(task_ids) or {task.task_id for task in on_route if task.is_open}
    declined = [task for task in on_route if task.task_id in wanted]
    for task_id in wanted - {task.task_id for task in declined}:
        required(None, "TASK_UNKNOWN", task_id)
    for task in declined:
        await _exclude(stores, task, route.driver_id, now)
    names = [task.task_id for task in declined]
    event = AssignmentDeclined(route_id, revision, route.driver_id, tuple(names), reason)
    stores.tell(Fact(route_id, now, event))
    return names


async def _exclude(stores: Stores, task: Task, driver_id: str, now: datetime) -> None:
    if not driver_id or driver_id in task.excluded_driver_ids or not task.is_open:
        return
    excluded = (*task.excluded_driver_ids, driver_id)
    await stores.tasks.save(
        replace(task, excluded_driver_ids=excluded, revision=task.revision + 1, update_time=now)
    )


async def activate(stores: Stores, route: Route, now: datetime) -> Route:
    """The route is driven from now on."""
    if route.state is not RouteState.PUBLISHED:
        return route
    after = replace(route, state=RouteState.ACTIVE)
    await stores.routes.note(after)
    await follow_plan(stores, route.route_plan_id, now)
    return after


async def close(stores: Stores, route_id: str, now: datetime) -> list[str]:
    """The route has ended; tasks that nobody attempted come off it and are free again."""
    route, freed = await free_tasks(stores, route_id, now)
    if route is None:
        return []
    await stores.routes.note(replace(route, state=RouteState.COMPLETED))
    stores.tell(Fact(route_id, now, RouteClosed(route_id, route.revision)))
    await follow_plan(stores, route.route_plan_id, now)
    return freed


async def free_tasks(
    stores: Stores, route_id: str, now: datetime
) -> tuple[Route | None, list[str]]:
    """Takes the open tasks off a binding route, and claims it; None when it binds nobody."""
    seen_route = await stores.routes.find(route_id)
    if seen_route is None or not seen_route.is_binding:
        return None, []
    await stores.deliveries.claim_all(sorted(seen_route.delivery_ids))
    open_tasks = [task for task in await stores.tasks.on_route(route_id) if task.is_open]
    route = await stores.routes.claim(route_id)
    if route is None or not route.is_binding:
        return None, []
    for task in open_tasks:
        await _free(stores, task, now)
    return route, [task.task_id for task in open_tasks if not task.is_pickup]


async def _free(stores: Stores, task: Task, now: datetime) -> None:
    if task.is_pickup:
        await call_off(stores, task, now)
        return
    await stores.tasks.save(placed(task, "", "", now))
    delivery = await stores.deliveries.claim(task.delivery_id)
    if delivery is not None:
        await move_delivery(stores, delivery, Move.RELEASED_FROM_ROUTE, now)


async def call_off(stores: Stores, task: Task, now: datetime) -> None:
    """Closes a claimed task as canceled, and tells; nothing when it is closed."""
    after = closed(task, Outcome(TaskOutcome.CANCELLED, now), now)
    if after is not None:
        await stores.tasks.save(after)
        stores.tell(Fact(task.task_id, now, TaskClosed(after)))


async def follow_plan(stores: Stores, route_plan_id: str, now: datetime) -> None:
    """Moves a plan on as its routes have moved."""
    plan = await stores.route_plans.claim(route_plan_id)
    if plan is None:
        return
    after = after_routes(plan, await stores.routes.of_plan(route_plan_id))
    if after is None:
        return
    await stores.route_plans.save(after)
    if after.state is RoutePlanState.COMPLETED:
        stores.tell(Fact(route_plan_id, now, RoutePlanCompleted(route_plan_id)))
