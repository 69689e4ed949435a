"""
The routes that a change touches, as they stand: what remains on each, and where the goods are.

Goods do not move by themselves. A task that goes to another vehicle brings a pickup with it, where
its goods are: at the vehicle that has them, or at the depot. Only a vehicle that has not left the
depot, or that has the goods on board already, needs none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from meshkit.errors import Conflict, NotReady
from meshkit.ids import NewId
from services.dispatch.domain.delivery import Delivery
from services.dispatch.domain.fleet import Place
from services.dispatch.domain.no_way import straight_meters
from services.dispatch.domain.planning import (
    PlanShift,
    PlanTask,
    Problem,
    Proposal,
    Sequences,
    plan_pickup,
    plan_shift,
)
from services.dispatch.domain.revision import (
    has_left,
    last_departure,
    remaining_task_ids,
    shift_of_route,
    under_way,
)
from services.dispatch.domain.route import RevisionCause, Route, ahead_of
from services.dispatch.domain.route_plan import PlanViolation
from services.dispatch.domain.task import Task, TaskType, require_open
from services.dispatch.domain.values import Point
from services.dispatch.ports import Planner, Slice, Stores, TaskFilter
from services.dispatch.usecases.common import all_required, required
from services.dispatch.usecases.crews import crews_of, plan_tasks_of

Orders = dict[str, list[str]]  # route id -> task ids in order

OPEN_TASKS_MAX = 2_000  # of the deliveries that one change moves


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
    """What a change starts from."""

    moves: tuple[TaskMove, ...]
    routes: Mapping[str, Route]
    problem: Problem  # shifts without a state: it depends on what is to come
    sequences: Mapping[str, Sequence[str]]  # route id -> what remains, in order
    homes: Mapping[str, str]  # moved task -> the route it is on, empty for none
    origins: Mapping[str, str]  # moved task -> the place its goods came from
    pickups: Mapping[str, Task]  # moved task -> the pickup that it may need
    stale: tuple[Task, ...]  # pickups of moved tasks that hold no longer
    now: datetime

    def route_of(self, shift_id: str) -> Route:
        """The route that a shift drives here."""
        return next(route for route in self.routes.values() if route.shift_id == shift_id)

    def needs_pickup(self, task_id: str, route_id: str) -> bool:
        """Whether a moved task brings its pickup to this route."""
        if self.homes[task_id] == route_id:
            return False
        route, home = self.routes[route_id], self.routes.get(self.homes[task_id])
        is_out = home is not None and has_left(home, self.now)
        is_loading_there = route.start_place_id == self.origins[task_id]
        return is_out or has_left(route, self.now) or not is_loading_there

    def detour_meters(self, task_id: str, route_id: str) -> float:
        """How far a route is from a task, and from its goods if it must fetch them: straight."""
        goals = [self.problem.task[task_id].location]
        if self.needs_pickup(task_id, route_id):
            goals.append(self.problem.task[self.pickups[task_id].task_id].location)
        route = self.routes[route_id]
        passed = [last_departure(route, self.now)[1], *(stop.location for stop in ahead_of(route))]
        return sum(min(straight_meters(goal, place) for place in passed) for goal in goals)

    def problem_for(self, sequences: Mapping[str, Sequence[str]]) -> Problem:
        """The problem of given sequences: each shift where it stands, each task with its pickup."""
        named = {task_id for sequence in sequences.values() for task_id in sequence}
        pickup_of = {t: p.task_id for t, p in self.pickups.items() if p.task_id in named}
        gone = {task.task_id for task in self.stale}
        tasks = tuple(
            replace(task, pickup_task_id=pickup_of.get(task.task_id, self._kept(task, gone)))
            for task in self.problem.tasks
            if task.task_id in named or not task.is_pickup
        )
        problem = replace(self.problem, tasks=tasks)
        return replace(problem, shifts=tuple(self._shifts(problem, sequences)))

    def _kept(self, task: PlanTask, gone: set[str]) -> str:
        """The pickup that a task has already, unless it holds no longer."""
        return "" if task.pickup_task_id in gone else task.pickup_task_id

    def _shifts(
        self, problem: Problem, sequences: Mapping[str, Sequence[str]]
    ) -> Iterator[PlanShift]:
        waits = {task.task_id for task in problem.tasks if task.pickup_task_id or task.is_pickup}
        for shift in problem.shifts:
            route = self.route_of(shift.shift_id)
            sequence = sequences[route.route_id]
            onboard = [task_id for task_id in sequence if task_id not in waits]
            yield shift_of_route(route, shift, under_way(route, sequence, onboard, self.now))

    async def evaluated(
        self, planner: Planner, sequences: Mapping[str, Sequence[str]], names: Collection[str]
    ) -> Proposal:
        """The times of some of the routes in these orders."""
        some = {name: sequences[name] for name in names}
        if not any(some.values()):
            return Proposal(())
        return await planner.evaluate(self.problem_for(sequences), self.by_shift(some))

    def by_shift(self, sequences: Mapping[str, Sequence[str]]) -> Sequences:
        """Sequences as the planner names them."""
        return {self.routes[name].shift_id: tasks for name, tasks in sequences.items()}


def fresh_violations(base: Proposal, best: Proposal) -> list[PlanViolation]:
    """What is broken now and was not before, or not as much."""
    known = {_blame(v): v.excess for v in base.violations}
    return [v for v in best.violations if v.excess > known.get(_blame(v), -1)]


def _blame(violation: PlanViolation) -> tuple[str, str]:
    """The rule, and the task wherever it stands; or the route, where no one task is to blame."""
    return violation.rule_id, violation.task_id or violation.route_id


async def read_scene(stores: Stores, change: Change, now: datetime, new_id: NewId) -> Scene:
    """Reads it, or refuses what cannot be: a stale base, a task closed, taken or reached."""
    names = [base.route_id for base in change.bases]
    routes = await stores.routes.find_all(names)
    for base in change.bases:
        _require_base(required(routes.get(base.route_id), "ROUTE_UNKNOWN", base.route_id), base)
    moved = await _moved(stores, change)
    known = await stores.tasks.find_all([t for route in routes.values() for t in route.task_ids])
    is_open = {name for name, task in known.items() if task.is_open}
    sequences = {name: remaining_task_ids(routes[name], is_open) for name in names}
    _require_movable(moved, routes, sequences)
    stale = await _stale(stores, moved, change)
    deliveries = await stores.deliveries.find_all([task.delivery_id for task in moved])
    places = await stores.places.find_all([d.origin_place_id for d in deliveries.values()])

    def goods(task: Task) -> tuple[Point, str]:
        return _goods(task, deliveries[task.delivery_id], routes, stale, places, now)

    pickups = {
        task.task_id: _pickup(task, *goods(task), now, new_id)
        for task in moved
        if not task.is_pickup
    }
    problem = await _problem(stores, routes, sequences, moved, pickups, deliveries)
    gone = {task.task_id for task in stale}
    return Scene(
        moves=_effective(change.moves, moved, stale),
        routes=routes,
        problem=problem,
        sequences={name: [t for t in s if t not in gone] for name, s in sequences.items()},
        homes={task.task_id: task.route_id for task in moved},
        origins={t.task_id: deliveries[t.delivery_id].origin_place_id for t in moved},
        pickups=pickups,
        stale=tuple(stale),
        now=now,
    )


async def _moved(stores: Stores, change: Change) -> list[Task]:
    names = [move.task_id for move in change.moves]
    return all_required(await stores.tasks.find_all(names), names, "TASK_UNKNOWN")


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


def _effective(
    moves: Sequence[TaskMove], moved: Sequence[Task], stale: Sequence[Task]
) -> tuple[TaskMove, ...]:
    """Without moves of pickups that go with their task. Raises NotReady for one that would not."""
    gone = {task.task_id for task in stale}
    home_of_pickup = {task.task_id: task.route_id for task in moved if task.is_pickup}
    for move in moves:
        home = home_of_pickup.get(move.task_id, move.route_id)
        if move.task_id not in gone and home != move.route_id:
            raise NotReady(
                "STOP_FROZEN", "a pickup stays on the route of its task", task_id=move.task_id
            )
    return tuple(move for move in moves if move.task_id not in gone)


async def _stale(stores: Stores, moved: Sequence[Task], change: Change) -> list[Task]:
    """Open pickups of tasks that leave their route: they would wait for nothing there."""
    stay = {move.task_id: move.route_id for move in change.moves if move.route_id}
    leaving = {
        t.delivery_id for t in moved if not t.is_pickup and stay.get(t.task_id) != t.route_id
    }
    if not leaving:
        return []
    page = Slice(None, OPEN_TASKS_MAX)
    found = await stores.tasks.list_page(TaskFilter(delivery_ids=sorted(leaving)), page)
    return [task for task in found if task.is_open and task.is_pickup and task.route_id]


def _goods(
    task: Task,
    delivery: Delivery,
    routes: Mapping[str, Route],
    stale: Sequence[Task],
    places: Mapping[str, Place],
    now: datetime,
) -> tuple[Point, str]:
    """Where the goods of a task are now, and the place if that is one."""
    for before in stale:
        if before.delivery_id == task.delivery_id and before.location is not None:
            return before.location, before.place_id
    home = routes.get(task.route_id)
    if home is not None and has_left(home, now):
        return last_departure(home, now)[1], ""
    name = delivery.origin_place_id
    origin = required(places.get(name), "PLACE_UNKNOWN", name)
    return origin.location, origin.place_id


def _pickup(task: Task, location: Point, place_id: str, now: datetime, new_id: NewId) -> Task:
    """The pickup that a moved task may need."""
    return Task(
        task_id=new_id("tsk"),
        delivery_id=task.delivery_id,
        type=TaskType.PICKUP,
        create_time=now,
        update_time=now,
        attempt_number=task.attempt_number,
        location=location,
        place_id=place_id,
    )


async def _problem(
    stores: Stores,
    routes: Mapping[str, Route],
    sequences: Mapping[str, Sequence[str]],
    moved: Sequence[Task],
    pickups: Mapping[str, Task],
    deliveries: Mapping[str, Delivery],
) -> Problem:
    shifts = await stores.shifts.find_all([route.shift_id for route in routes.values()])
    crews = await crews_of(stores, list(shifts.values()))
    ahead = [t for sequence in sequences.values() for t in sequence]
    names = list(dict.fromkeys([*ahead, *(task.task_id for task in moved)]))
    tasks = await plan_tasks_of(stores, names, list(shifts.values()))
    fresh = [plan_pickup(one, deliveries[one.delivery_id]) for one in pickups.values()]
    return Problem((*tasks, *fresh), tuple(map(plan_shift, crews.values())))
