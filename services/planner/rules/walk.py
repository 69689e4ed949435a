"""A walk along a route: its legs with places and moments, and what is on board on each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Break, Route, Violation, Visit
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Shift
from services.planner.domain.task import Loads, Task, TaskKind


@dataclass(frozen=True, slots=True)
class Leg:
    """The way to one visit, or to the end."""

    rank: int
    here: int
    there: int
    departed_second: int
    arrival_second: int
    ready_second: int
    visit: Visit | None
    breaks: tuple[Break, ...]


def shift_of(instance: Instance, route: Route) -> Shift:
    """The shift that drives a route."""
    return instance.problem.shifts[route.shift]


def task_of(instance: Instance, visit: Visit) -> Task:
    """The task that a visit serves."""
    return instance.problem.tasks[visit.task]


def legs(instance: Instance, route: Route) -> Iterator[Leg]:
    """All legs, the last to the end of the route."""
    shift = shift_of(instance, route)
    here = instance.places.starts[route.shift]
    departed = route.start_second + shift.loading_left_seconds
    for rank, visit in enumerate(route.visits):
        there = instance.place((visit.task, visit.option))
        moments = (departed, visit.arrival_second, visit.ready_second)
        yield Leg(rank, here, there, *moments, visit, breaks_in(route, rank))
        here, departed = there, visit.end_second
    rank, there = len(route.visits), instance.end_place(route.shift, here)
    ready = route.end_second - shift.unloading_seconds
    moments = (departed, route.end_arrival_second, ready)
    yield Leg(rank, here, there, *moments, None, breaks_in(route, rank))


def breaks_in(route: Route, leg: int) -> tuple[Break, ...]:
    """The breaks that lie in a leg, by time."""
    return tuple(
        sorted(
            (held for held in route.breaks if held.leg == leg), key=lambda held: held.start_second
        )
    )


def loads_on_legs(instance: Instance, route: Route) -> Iterator[Loads]:
    """What is on board on each leg, from the first to the last."""
    load = start_load(instance, route)
    yield tuple(load)
    for visit in route.visits:
        task = task_of(instance, visit)
        sign = {TaskKind.DELIVERY: -1, TaskKind.PICKUP: 1, TaskKind.SERVICE: 0}[task.kind]
        load = [have + sign * moved for have, moved in zip(load, task.loads, strict=True)]
        yield tuple(load)


def start_load(instance: Instance, route: Route) -> list[int]:
    """
    What is on board when the route leaves: deliveries whose goods are not picked up on the way.
    """
    state = shift_of(instance, route).start_state
    load = [0] * len(instance.problem.dimensions)
    served = {task_of(instance, visit).task_id for visit in route.visits}
    for task in instance.problem.tasks:
        waits = task.kind is TaskKind.DELIVERY and not task.pickup_task_id
        onboard = state is not None and task.task_id in state.onboard_task_ids
        if onboard or (waits and task.task_id in served):
            load = [have + more for have, more in zip(load, task.loads, strict=True)]
    return load


def broken(
    reason: Reason,
    instance: Instance,
    route: Route,
    visit: Visit | None = None,
    **details: object,
) -> Violation:
    """A violation by a route, and by a visit of it where one is to blame."""
    task_id = task_of(instance, visit).task_id if visit else ""
    shift_id = shift_of(instance, route).shift_id
    return Violation(reason, shift_id, task_id, **details)  # type: ignore[arg-type]
