"""
Moves tasks between binding routes, onto them, or off them, in one commit.

`propose` asks the planner for places and times and the gate for consent, with no transaction open;
`keep` then stores every revision by compare-and-set on the base that the caller named. What lies
behind a vehicle stays. A task that was late before the change does not stand in the way of it; a
task that the change would make late does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meshkit.errors import Conflict, Invalid, NotReady
from meshkit.ids import NewId
from services.dispatch.domain.delivery_state import Fact as Move
from services.dispatch.domain.events import Fact, RouteRevised
from services.dispatch.domain.planning import (
    Insertion,
    NoInsertion,
    Problem,
    Proposal,
    Sequences,
    TimedRoute,
    plan_shift,
)
from services.dispatch.domain.revision import (
    dropped,
    remaining_task_ids,
    shift_of_route,
    spliced,
    under_way,
)
from services.dispatch.domain.route import RevisionCause, Route
from services.dispatch.domain.route_plan import (
    Clearance,
    PlanViolation,
    UnassignedTask,
    violated,
)
from services.dispatch.domain.task import Task, placed, require_open
from services.dispatch.ports import Compliance, Planner, Stores
from services.dispatch.usecases import gate
from services.dispatch.usecases.common import (
    Reading,
    all_required,
    move_delivery,
    required,
)
from services.dispatch.usecases.crews import crews_of, plan_tasks_of


@dataclass(frozen=True, slots=True)
class Base:
    """A route with the revision that the caller saw."""

    route_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class TaskMove:
    """Where a task goes: to a rank on a route, to the cheapest place, or off its route."""

    task_id: str
    route_id: str = ""  # exact, with `rank`
    rank: int = 0
    route_ids: tuple[str, ...] = ()  # cheapest, on these; empty means on any
    cheapest: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What is asked for."""

    bases: tuple[Base, ...]
    moves: tuple[TaskMove, ...]
    cause: RevisionCause
    allow_partial: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """The routes as they are, and all that re-timing them needs."""

    routes: Mapping[str, Route]
    problem: Problem  # shifts without a state: it depends on the sequence
    sequences: dict[str, list[str]]  # route id -> what remains
    now: datetime

    def route_of(self, shift_id: str) -> Route:
        """The route that a shift drives here."""
        return next(route for route in self.routes.values() if route.shift_id == shift_id)

    def timed_problem(self, sequences: Mapping[str, Sequence[str]]) -> Problem:
        """The problem with each shift where it stands, given what is to come."""
        shifts = tuple(
            shift_of_route(route, shift, under_way(route, sequences[route.route_id], self.now))
            for shift in self.problem.shifts
            for route in [self.route_of(shift.shift_id)]
        )
        return replace(self.problem, shifts=shifts)

    def by_shift(self, sequences: Mapping[str, Sequence[str]]) -> Sequences:
        """Sequences as the planner names them."""
        return {self.routes[name].shift_id: tasks for name, tasks in sequences.items()}


@dataclass(frozen=True, slots=True)
class Revision:
    """The outcome of a change, not stored yet."""

    before: tuple[Route, ...]
    after: tuple[Route, ...]
    untouched: tuple[Route, ...] = ()
    unassigned: tuple[UnassignedTask, ...] = ()
    delta_cost_micros: int = 0
    delta_distance_meters: int = 0


async def propose(
    read: Reading,
    planner: Planner,
    compliance: Compliance,
    change: Change,
    now: datetime,
    new_id: NewId,
    kept: bool = True,
) -> Revision:
    """What the change comes to. `kept` stores compliance's decisions."""
    async with read() as stores:
        scene = await _scene(stores, change, now)
    wanted = _moved_by_hand(scene.sequences, change.moves)
    wanted, unassigned = await _moved_cheapest(planner, scene, wanted, change)
    revision = await _timed(planner, scene, wanted, change.cause, new_id)
    cleared = await _cleared(compliance, revision.after, kept)
    return replace(revision, after=cleared, unassigned=unassigned)


async def require_remaining(read: Reading, route_id: str, task_ids: Sequence[str]) -> None:
    """Raises Invalid `TASKS_UNEQUAL` unless exactly what remains of a route is named."""
    async with read() as stores:
        route = required(await stores.routes.find(route_id), "ROUTE_UNKNOWN", route_id)
        known = await stores.tasks.find_all(route.task_ids)
    is_open = {name for name, task in known.items() if task.is_open}
    if set(task_ids) != set(remaining_task_ids(route, is_open)):
        raise Invalid("TASKS_UNEQUAL", "these are not the tasks that remain", route_id=route_id)


async def _scene(stores: Stores, change: Change, now: datetime) -> Scene:
    names = [base.route_id for base in change.bases]
    routes = await stores.routes.find_all(names)
    for base in change.bases:
        _require_base(required(routes.get(base.route_id), "ROUTE_UNKNOWN", base.route_id), base)
    on_routes = [t for route in routes.values() for t in route.task_ids]
    moved = [move.task_id for move in change.moves]
    known = await stores.tasks.find_all([*on_routes, *moved])
    is_open = {name for name, task in known.items() if task.is_open}
    sequences = {name: remaining_task_ids(routes[name], is_open) for name in names}
    _require_movable(all_required(known, moved, "TASK_UNKNOWN"), routes, sequences)
    shifts = await stores.shifts.find_all([route.shift_id for route in routes.values()])
    crews = await crews_of(stores, list(shifts.values()))
    ahead = list(dict.fromkeys([*(t for s in sequences.values() for t in s), *moved]))
    tasks = await plan_tasks_of(stores, ahead, list(shifts.values()))
    problem = Problem(tuple(tasks), tuple(map(plan_shift, crews.values())))
    return Scene(routes, problem, sequences, now)


def _require_base(route: Route, base: Base) -> None:
    if not route.is_binding or not route.shift_id:
        raise NotReady(
            "ROUTE_ENDED", f"route {route.route_id!r} is {route.state}", route_id=route.route_id
        )
    if route.revision != base.revision:
        raise Conflict(
            "REVISION_STALE",
            f"route {route.route_id!r} is at {route.revision}, not {base.revision}",
            route_id=route.route_id,
        )


def _require_movable(
    tasks: Sequence[Task], routes: Mapping[str, Route], sequences: Mapping[str, Sequence[str]]
) -> None:
    """Open, on a named route and not reached yet, or on no route at all."""
    for task in tasks:
        require_open(task)
        if not task.route_id and not task.tender_id:
            continue
        if task.route_id not in routes:
            raise NotReady("TASK_TAKEN", f"{task.task_id!r} is elsewhere", task_id=task.task_id)
        if task.task_id not in sequences[task.route_id]:
            raise NotReady("STOP_FROZEN", f"{task.task_id!r} was reached", task_id=task.task_id)


def _moved_by_hand(
    sequences: Mapping[str, Sequence[str]], moves: Sequence[TaskMove]
) -> dict[str, list[str]]:
    """The sequences after removals and exact placements, in the order of the moves."""
    moved = {move.task_id for move in moves}
    if len(moved) < len(moves):
        raise Invalid("TASKS_UNEQUAL", "a task is moved twice")
    after = {name: [t for t in tasks if t not in moved] for name, tasks in sequences.items()}
    for move in moves:
        if move.route_id:
            required(after.get(move.route_id), "ROUTE_UNKNOWN", move.route_id).insert(
                move.rank, move.task_id
            )
    return after


async def _moved_cheapest(
    planner: Planner, scene: Scene, sequences: dict[str, list[str]], change: Change
) -> tuple[dict[str, list[str]], tuple[UnassignedTask, ...]]:
    """One task after the other to where it costs least, each beside those placed before it."""
    unassigned = []
    for move in change.moves:
        if not move.cheapest:
            continue
        shift_ids = [scene.routes[name].shift_id for name in move.route_ids]
        problem = scene.timed_problem(sequences)
        found = await planner.insert(problem, scene.by_shift(sequences), move.task_id, shift_ids)
        match found:
            case Insertion():
                route_id = scene.route_of(found.shift_id).route_id
                sequences[route_id].insert(found.rank, move.task_id)
            case NoInsertion(unassigned=why):
                unassigned.append(_refused(scene, move, why, change))
    return sequences, tuple(unassigned)


def _refused(scene: Scene, move: TaskMove, why: UnassignedTask, change: Change) -> UnassignedTask:
    if not change.allow_partial:
        raise NotReady(
            "NO_FEASIBLE_PLACE",
            f"task {move.task_id!r} fits on none of the routes",
            task_id=move.task_id,
            detail=why.detail or (why.reason or ""),
        )
    delivery_id = scene.problem.task[move.task_id].stop_task.delivery_id
    return replace(why, task_id=move.task_id, delivery_id=delivery_id)


async def _timed(
    planner: Planner,
    scene: Scene,
    wanted: Mapping[str, Sequence[str]],
    cause: RevisionCause,
    new_id: NewId,
) -> Revision:
    """The routes that change, re-timed; the same routes unchanged give what it costs more."""
    changed = [name for name, tasks in wanted.items() if list(tasks) != scene.sequences[name]]
    before = tuple(scene.routes[name] for name in changed)
    old = {name: scene.sequences[name] for name in changed}
    new = {name: wanted[name] for name in changed}
    base = await _evaluated(planner, scene, old)
    best = await _evaluated(planner, scene, new)
    _require_no_worse(scene, base, best)
    timed = {scene.route_of(r.shift_id).route_id: r for r in best.routes}
    after = tuple(
        _next(scene, name, timed.get(name), _cost_of(base, scene, name), cause, new_id)
        for name in changed
    )
    return Revision(
        before,
        after,
        untouched=tuple(route for name, route in scene.routes.items() if name not in changed),
        delta_cost_micros=sum(
            a.cost_micros - b.cost_micros for a, b in zip(after, before, strict=True)
        ),
        delta_distance_meters=sum(
            a.distance_meters - b.distance_meters for a, b in zip(after, before, strict=True)
        ),
    )


async def _evaluated(
    planner: Planner, scene: Scene, sequences: Mapping[str, Sequence[str]]
) -> Proposal:
    if not any(sequences.values()):
        return Proposal(())
    full = {name: sequences.get(name, scene.sequences[name]) for name in scene.routes}
    return await planner.evaluate(scene.timed_problem(full), scene.by_shift(sequences))


def _require_no_worse(scene: Scene, base: Proposal, best: Proposal) -> None:
    """Raises NotReady `PLAN_VIOLATED` for what the change breaks and was not broken before."""
    known = {(v.rule_id, v.task_id): v.excess for v in base.violations}
    fresh = [v for v in best.violations if not _stood_before(v, known)]
    if fresh:
        raise violated(gate.named(fresh, list(scene.routes.values())))


def _stood_before(violation: PlanViolation, known: Mapping[tuple[str, str], int]) -> bool:
    before = known.get((violation.rule_id, violation.task_id))
    return before is not None and violation.excess <= before


def _cost_of(proposal: Proposal, scene: Scene, route_id: str) -> int:
    """What the rest of a route costs as it is."""
    shift_id = scene.routes[route_id].shift_id
    return next((r.cost_micros for r in proposal.routes if r.shift_id == shift_id), 0)


def _next(
    scene: Scene,
    route_id: str,
    timed: TimedRoute | None,
    old_cost_micros: int,
    cause: RevisionCause,
    new_id: NewId,
) -> Route:
    route = scene.routes[route_id]
    if timed is None:  # nothing remains: the vehicle goes home by the way it would have gone
        after = dropped(route, scene.sequences[route_id], cause, scene.now)
        return replace(after, cost_micros=max(0, route.cost_micros - old_cost_micros))
    sequences = {**scene.sequences, route_id: [t for s in timed.stops for t in s.task_ids]}
    problem = scene.timed_problem(sequences)
    after = spliced(route, timed, problem, cause, scene.now, new_id)
    return replace(after, cost_micros=route.cost_micros + timed.cost_micros - old_cost_micros)


async def _cleared(
    compliance: Compliance, routes: Sequence[Route], kept: bool
) -> tuple[Route, ...]:
    """The routes with the decisions they rest on. Raises NotReady `PLAN_VIOLATED`."""
    if not routes:
        return ()
    clearance: Clearance = await compliance.clear(routes[0].route_plan_id, routes, kept=kept)
    if clearance.violations:
        raise violated(clearance.violations)
    return tuple(gate.decided(route, clearance) for route in routes)


async def keep(stores: Stores, revision: Revision, now: datetime) -> None:
    """Stores all revisions, or none: whoever was first on one of the routes wins."""
    await _require_unmoved(stores, revision)
    homes = {
        t: (r.route_id, s.stop_id) for r in revision.after for s in r.stops for t in s.task_ids
    }
    touched = [t for route in (*revision.before, *revision.after) for t in route.task_ids]
    tasks = await stores.tasks.find_all(sorted(set(touched)))
    deliveries = sorted({task.delivery_id for task in tasks.values()})
    await stores.deliveries.claim_all(deliveries)
    for task in (await stores.tasks.claim_all(sorted(tasks))).values():
        await _rehouse(stores, task, homes.get(task.task_id, ("", "")), now)
    await stores.routes.save(*revision.after)
    for before, after in zip(revision.before, revision.after, strict=True):
        stores.tell(Fact(after.route_id, now, revised(before, after)))


async def _require_unmoved(stores: Stores, revision: Revision) -> None:
    """Raises Conflict `REVISION_STALE` when a vehicle reached a stop that the change moves."""
    current = await stores.routes.find_all([route.route_id for route in revision.before])
    for seen in revision.before:
        if current[seen.route_id].stops != seen.stops:
            raise Conflict(
                "REVISION_STALE", "the vehicle reached a stop meanwhile", route_id=seen.route_id
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
