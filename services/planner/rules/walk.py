"""
A walk along a route: its legs with places and moments, and what is on board on each.

What several rules look at is worked out once per walk. Everything is linear in the visits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import add, sub

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Break, Route, Violation, Visit
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Shift
from services.planner.domain.task import Loads, Option, Task, TaskKind
from services.planner.domain.travel import UNREACHABLE


@dataclass(frozen=True, slots=True)
class Leg:
    """The way to one visit, or to the end."""

    rank: int
    here: int
    there: int
    travel_seconds: int
    meters: int
    departed_second: int
    arrival_second: int
    ready_second: int
    visit: Visit | None
    breaks: tuple[Break, ...]

    @property
    def is_cut_off(self) -> bool:
        """Whether no way leads along it."""
        return self.travel_seconds >= UNREACHABLE


@dataclass(frozen=True, slots=True)
class Trip:
    """From the start, or from a reload, to the next reload or the end."""

    departed_second: int
    """When loading is over."""
    reload: Visit | None
    """None at the start."""
    loaded: tuple[Task, ...]
    """The deliveries whose goods are loaded here."""


@dataclass(frozen=True)  # without slots: what is worked out is kept
class Walk:
    """One route of an instance."""

    instance: Instance
    route: Route

    @cached_property
    def shift(self) -> Shift:
        """The shift that drives the route."""
        return self.instance.problem.shifts[self.route.shift]

    @cached_property
    def served(self) -> tuple[tuple[Visit, Task], ...]:
        """The visits that serve tasks, each with its task."""
        tasks = self.instance.problem.tasks
        return tuple((visit, tasks[visit.task]) for visit in self.route.served)

    @cached_property
    def reloads(self) -> tuple[Visit, ...]:
        """The visits that reload."""
        return tuple(visit for visit in self.route.visits if visit.is_reload)

    @cached_property
    def departed_second(self) -> int:
        """When the route leaves its start: loading is over."""
        return self.route.start_second + self.shift.loading_left_seconds

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        """All legs, the last to the end of the route."""
        return tuple(legs_of(self))

    @cached_property
    def meters(self) -> int:
        """The length of the route."""
        return sum(leg.meters for leg in self.legs)

    @cached_property
    def onboard_ids(self) -> frozenset[str]:
        """The tasks whose goods are on board before anything is loaded."""
        state = self.shift.start_state
        return state.onboard_task_ids if state else frozenset()

    @cached_property
    def trips(self) -> tuple[Trip, ...]:
        """The route cut at its reloads, in order."""
        return tuple(trips_of(self))

    @cached_property
    def ridden_ids(self) -> frozenset[str]:
        """The pickups whose goods are delivered on this route."""
        return frozenset(task.pickup_task_id for _, task in self.served if task.pickup_task_id)

    @cached_property
    def loads(self) -> tuple[Loads, ...]:
        """What is on board on each leg, from the first to the last."""
        return tuple(loads_of(self))

    def broken(self, reason: Reason, visit: Visit | None = None, **details: object) -> Violation:
        """A violation by the route, and by a visit of it where one is to blame."""
        task_id = ""
        if visit is not None and not visit.is_reload:
            task_id = self.instance.problem.tasks[visit.task].task_id
        elif visit is not None:
            reload_id = self.shift.reloads[visit.option].reload_id
            details = {"subject": reload_id, "message": f"at reload {reload_id}", **details}
        return Violation(reason, self.shift.shift_id, task_id, **details)  # type: ignore[arg-type]


def option_of(visit: Visit, task: Task) -> Option:
    """The place at which a visit serves its task."""
    return task.options[visit.option]


def legs_of(walk: Walk) -> Iterator[Leg]:
    """The legs from place to place."""
    instance, route = walk.instance, walk.route
    breaks = breaks_by_leg(route)
    here, departed = instance.places.starts[route.shift], walk.departed_second
    for rank, visit in enumerate(route.visits):
        there = instance.place_on(route.shift, visit.node)
        moments = (departed, visit.arrival_second, visit.ready_second)
        yield Leg(rank, here, there, *way(walk, here, there), *moments, visit, breaks.get(rank, ()))
        here, departed = there, visit.end_second
    rank, there = len(route.visits), instance.end_place(route.shift, here)
    ready = route.end_second - walk.shift.unloading_seconds
    moments = (departed, route.end_arrival_second, ready)
    yield Leg(rank, here, there, *way(walk, here, there), *moments, None, breaks.get(rank, ()))


def way(walk: Walk, here: int, there: int) -> tuple[int, int]:
    """Time at the wheel and length from place to place."""
    instance, shift = walk.instance, walk.route.shift
    return (
        instance.travel_seconds(shift, here, there),
        instance.travel_meters(shift, here, there),
    )


def breaks_by_leg(route: Route) -> dict[int, tuple[Break, ...]]:
    """The breaks of each leg that has one, by time."""
    found: dict[int, tuple[Break, ...]] = {}
    for held in sorted(route.breaks, key=lambda held: held.start_second):
        found[held.leg] = (*found.get(held.leg, ()), held)
    return found


def trips_of(walk: Walk) -> Iterator[Trip]:
    """
    Each start and reload with what is loaded there: the deliveries from the depot up to the next
    reload, unless they were on board before.
    """
    tasks, begun, start = walk.instance.problem.tasks, walk.departed_second, None
    loaded: list[Task] = []
    for visit in walk.route.visits:
        if visit.is_reload:
            yield Trip(begun, start, tuple(loaded))
            begun, start, loaded = visit.end_second, visit, []
        elif tasks[visit.task].is_from_depot and tasks[visit.task].task_id not in walk.onboard_ids:
            loaded.append(tasks[visit.task])
    yield Trip(begun, start, tuple(loaded))


def loads_of(walk: Walk) -> Iterator[Loads]:
    """
    What is on board after the start and after each visit.

    At a reload, what was picked up for the depot leaves, with what else was on board at the start;
    goods between their pickup and their delivery stay.
    """
    tasks, trips = walk.instance.problem.tasks, iter(walk.trips)
    onboard = (task_named(walk, task_id) for task_id in sorted(walk.onboard_ids))
    leaving = onboard_load(walk)
    load = summed(leaving, (*onboard, *next(trips).loaded))
    yield load
    for visit in walk.route.visits:
        if visit.is_reload:
            load = summed(tuple(map(sub, load, leaving)), next(trips).loaded)
            leaving = (0,) * len(load)
        elif tasks[visit.task].kind is TaskKind.DELIVERY:
            load = tuple(map(sub, load, tasks[visit.task].loads))
        elif tasks[visit.task].kind is TaskKind.PICKUP:
            load = tuple(map(add, load, tasks[visit.task].loads))
            if tasks[visit.task].task_id not in walk.ridden_ids:
                leaving = tuple(map(add, leaving, tasks[visit.task].loads))
        yield load


def onboard_load(walk: Walk) -> Loads:
    """What is on board at the start and no task's."""
    state = walk.shift.start_state
    nothing = (0,) * len(walk.instance.problem.dimensions)
    return state.onboard_load or nothing if state else nothing


def summed(load: Loads, tasks: tuple[Task, ...]) -> Loads:
    """A load with those of tasks."""
    for task in tasks:
        load = tuple(map(add, load, task.loads))
    return load


def task_named(walk: Walk, task_id: str) -> Task:
    """A task by its id."""
    problem = walk.instance.problem
    return problem.tasks[problem.rank_of_task[task_id]]
