"""
Moves tasks between binding routes, onto them, or off them, in one commit.

`propose` asks the planner for places and times and the gate for consent, with no transaction open;
`keep` then stores every revision by compare-and-set on the base that the caller named. What lies
behind a vehicle stays. A task that was late before the change does not stand in the way of it; a
task that the change would make late does. Vehicles drive on meanwhile: before it is timed, and for
as long as it is overtaken, a change is brought up to where they are by then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meshkit.errors import Conflict, Invalid, NotReady
from meshkit.ids import NewId
from services.dispatch.domain.delivery_state import Fact as Move
from services.dispatch.domain.events import Fact, RouteRevised, TaskCreated
from services.dispatch.domain.planning import Proposal, TimedRoute
from services.dispatch.domain.revision import dropped, remaining_task_ids, spliced
from services.dispatch.domain.route import RevisionCause, Route
from services.dispatch.domain.route_plan import UnassignedTask, violated
from services.dispatch.domain.task import Task, placed
from services.dispatch.ports import Compliance, Planner, Stores
from services.dispatch.usecases import gate
from services.dispatch.usecases.catching_up import caught_up, goes_on, overtaken
from services.dispatch.usecases.common import Reading, move_delivery, required
from services.dispatch.usecases.insertions import placed_cheapest
from services.dispatch.usecases.routes import call_off
from services.dispatch.usecases.scene import (
    Change,
    Orders,
    Scene,
    TaskMove,
    fresh_violations,
    read_scene,
)

CATCHING_UP_MAX = 4  # times; each takes a timing and a look at the gate, well under a second


@dataclass(frozen=True, slots=True)
class Revision:
    """The outcome of a change, not stored yet."""

    before: tuple[Route, ...]
    after: tuple[Route, ...]
    untouched: tuple[Route, ...] = ()
    unassigned: tuple[UnassignedTask, ...] = ()
    pickups: tuple[Task, ...] = ()  # new ones
    called_off: tuple[Task, ...] = ()  # pickups that nothing waits for any more
    delta_cost_micros: int = 0
    delta_distance_meters: int = 0


async def propose(
    read: Reading,
    planner: Planner,
    compliance: Compliance,
    change: Change,
    clock: Callable[[], datetime],
    new_id: NewId,
    kept: bool = True,
) -> Revision:
    """What the change comes to. `kept` stores compliance's decisions."""
    async with read() as stores:
        scene = await read_scene(stores, change, clock(), new_id)
    orders = _by_hand(scene, scene.moves)
    orders, unassigned = await placed_cheapest(planner, scene, orders, change)
    later = any(move.cheapest for move in scene.moves)  # pricing took its time
    for _ in range(CATCHING_UP_MAX):
        try:
            if later:
                scene, orders = await _caught_up(read, scene, orders, change, clock(), new_id)
            revision = await _timed(planner, scene, orders, change.cause, new_id)
        except NotReady as error:
            if later and not any(move.route_id for move in scene.moves):
                raise overtaken(error) from error
            raise
        cleared = await _cleared(compliance, revision.after, kept)
        revision = replace(revision, after=cleared, unassigned=unassigned)
        if await _holds(read, revision):
            break
        later = True
    return revision


async def _caught_up(
    read: Reading, then: Scene, orders: Orders, change: Change, now: datetime, new_id: NewId
) -> tuple[Scene, Orders]:
    """The same scene as it is now, and the orders in it."""
    async with read() as stores:
        scene = await read_scene(stores, change, now, new_id)
    return scene, caught_up(orders, then, scene)


async def _holds(read: Reading, revision: Revision) -> bool:
    """Whether every vehicle is still where the revision has it, or on its way as told there."""
    async with read() as stores:
        seen = await stores.routes.find_all([route.route_id for route in revision.after])
    return all(goes_on(seen[route.route_id], route) for route in revision.after)


async def require_remaining(read: Reading, route_id: str, task_ids: Sequence[str]) -> None:
    """Raises Invalid `TASKS_UNEQUAL` unless exactly what remains of a route is named."""
    async with read() as stores:
        route = required(await stores.routes.find(route_id), "ROUTE_UNKNOWN", route_id)
        known = await stores.tasks.find_all(route.task_ids)
    is_open = {name for name, task in known.items() if task.is_open}
    if set(task_ids) != set(remaining_task_ids(route, is_open)):
        raise Invalid("TASKS_UNEQUAL", "these are not the tasks that remain", route_id=route_id)


def _by_hand(scene: Scene, moves: Sequence[TaskMove]) -> Orders:
    """The orders after removals and exact placements; goods are picked up first."""
    moved = {move.task_id for move in moves}
    if len(moved) < len(moves):
        raise Invalid("TASKS_UNEQUAL", "a task is moved twice")
    orders = {name: [t for t in s if t not in moved] for name, s in scene.sequences.items()}
    first: Orders = {name: [] for name in orders}
    for move in moves:
        if not move.route_id:
            continue
        order = required(orders.get(move.route_id), "ROUTE_UNKNOWN", move.route_id)
        order.insert(move.rank, move.task_id)
        if scene.needs_pickup(move.task_id, move.route_id):
            first[move.route_id].append(scene.pickups[move.task_id].task_id)
    return {name: [*first[name], *order] for name, order in orders.items()}


async def _timed(
    planner: Planner, scene: Scene, orders: Orders, cause: RevisionCause, new_id: NewId
) -> Revision:
    """The routes that change, re-timed; the same routes unchanged give what it costs more."""
    changed = [n for n, order in orders.items() if order != _as_told(scene, n)]
    base = await scene.evaluated(planner, scene.sequences, changed)
    best = await scene.evaluated(planner, orders, changed)
    _require_no_worse(scene, base, best)
    before = tuple(scene.routes[name] for name in changed)
    after = tuple(_next(scene, name, base, best, cause, new_id) for name in changed)
    placed_ids = {task_id for route in after for task_id in route.task_ids}
    return Revision(
        before,
        after,
        untouched=tuple(route for name, route in scene.routes.items() if name not in changed),
        pickups=tuple(p for p in scene.pickups.values() if p.task_id in placed_ids),
        called_off=scene.stale,
        delta_cost_micros=_total(after, "cost_micros") - _total(before, "cost_micros"),
        delta_distance_meters=_total(after, "distance_meters") - _total(before, "distance_meters"),
    )


def _as_told(scene: Scene, route_id: str) -> list[str]:
    """What remains as the driver knows it, with pickups that are called off."""
    gone = {task.task_id for task in scene.stale if task.route_id == route_id}
    return [*scene.sequences[route_id], *gone]


def _total(routes: Sequence[Route], name: str) -> int:
    return sum(int(getattr(route, name)) for route in routes)


def _require_no_worse(scene: Scene, base: Proposal, best: Proposal) -> None:
    """Raises NotReady `PLAN_VIOLATED` for what the change breaks and was not broken before."""
    if fresh := fresh_violations(base, best):
        raise violated(gate.named(fresh, list(scene.routes.values())))


def _of(proposal: Proposal, shift_id: str) -> TimedRoute | None:
    return next((route for route in proposal.routes if route.shift_id == shift_id), None)


def _next(
    scene: Scene,
    route_id: str,
    base: Proposal,
    best: Proposal,
    cause: RevisionCause,
    new_id: NewId,
) -> Route:
    """The next revision of a route; one that nothing remains of goes home by its old way."""
    route = scene.routes[route_id]
    old, timed = _of(base, route.shift_id), _of(best, route.shift_id)
    old_cost = old.cost_micros if old else 0
    if timed is None:
        after = dropped(route, route.task_ids, cause, scene.now)
        return replace(after, cost_micros=max(0, route.cost_micros - old_cost))
    order = [task_id for stop in timed.stops for task_id in stop.task_ids]
    problem = scene.problem_for({**scene.sequences, route_id: order})
    after = spliced(route, timed, problem, cause, scene.now, new_id)
    return replace(after, cost_micros=route.cost_micros + timed.cost_micros - old_cost)


async def _cleared(
    compliance: Compliance, routes: Sequence[Route], kept: bool
) -> tuple[Route, ...]:
    """The routes with the decisions they rest on. Raises NotReady `PLAN_VIOLATED`."""
    if not routes:
        return ()
    clearance = await compliance.clear(routes[0].route_plan_id, routes, kept=kept)
    if clearance.violations:
        raise violated(clearance.violations)
    return tuple(gate.decided(route, clearance) for route in routes)


async def keep(stores: Stores, revision: Revision, now: datetime) -> None:
    """Stores all revisions, or none: whoever was first on one of the routes wins."""
    await _require_unmoved(stores, revision)
    stops = [(route.route_id, stop) for route in revision.after for stop in route.stops]
    homes = {t: (route_id, stop.stop_id) for route_id, stop in stops for t in stop.task_ids}
    for pickup in revision.pickups:
        await _begin(stores, placed(pickup, *homes[pickup.task_id], now), now)
    touched = [t for route in (*revision.before, *revision.after) for t in route.task_ids]
    tasks = await stores.tasks.find_all(sorted(set(touched)))
    await stores.deliveries.claim_all(sorted({task.delivery_id for task in tasks.values()}))
    gone = {task.task_id for task in revision.called_off}
    for task in (await stores.tasks.claim_all(sorted(tasks))).values():
        if task.task_id in gone:
            await call_off(stores, task, now)
        else:
            await _rehouse(stores, task, homes.get(task.task_id, ("", "")), now)
    await stores.routes.save(*revision.after)
    for before, after in zip(revision.before, revision.after, strict=True):
        stores.tell(Fact(after.route_id, now, revised(before, after)))


async def _begin(stores: Stores, pickup: Task, now: datetime) -> None:
    await stores.tasks.add(pickup)
    stores.tell(Fact(pickup.task_id, now, TaskCreated(pickup)))


async def _require_unmoved(stores: Stores, revision: Revision) -> None:
    """Raises Conflict `REVISION_STALE` when a vehicle reached a stop that does not come next."""
    seen = await stores.routes.find_all([route.route_id for route in revision.before])
    for after in revision.after:
        if not goes_on(seen[after.route_id], after):
            raise Conflict(
                "REVISION_STALE", "the vehicle is at another stop by now", route_id=after.route_id
            )


async def _rehouse(stores: Stores, task: Task, home: tuple[str, str], now: datetime) -> None:
    """Puts one task where the revisions have it, and tells its delivery when that matters."""
    if not task.is_open or (task.route_id, task.stop_id) == home:
        return
    await stores.tasks.save(placed(task, *home, now))
    if bool(task.route_id) == bool(home[0]):
        return
    move = Move.ASSIGNED if home[0] else Move.RELEASED_FROM_ROUTE
    found = await stores.deliveries.claim(task.delivery_id)
    await move_delivery(stores, required(found, "DELIVERY_UNKNOWN", ""), move, now)


def revised(before: Route, after: Route) -> RouteRevised:
    """The event of one revision."""
    old, new = before.task_ids, after.task_ids
    return RouteRevised(
        route=after,
        base_revision=before.revision,
        added_task_ids=tuple(t for t in new if t not in old),
        removed_task_ids=tuple(t for t in old if t not in new),
    )
