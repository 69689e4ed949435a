"""
What a problem can get wrong as a whole, all of it at once.

Pure. A path names the field as the caller wrote it, such as `tasks[2].pickup_task_id`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.planner.domain.geometry import meters_between
from services.planner.domain.problem import FixedRoute, FreezeLevel, Pin, Problem
from services.planner.domain.shift import Shift
from services.planner.domain.task import Task, TaskKind
from services.planner.domain.travel import Point

PLACE_METERS_MAX = 100  # between positions of one name, as of two gates; the contract states it


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that cannot be right."""

    path: str
    message: str


def contradictions(problem: Problem) -> Iterator[Fault]:
    """Every contradiction in a problem."""
    yield from repeated("tasks", "task_id", (task.task_id for task in problem.tasks))
    yield from repeated("shifts", "shift_id", (shift.shift_id for shift in problem.shifts))
    yield from repeated(
        "territories", "territory_id", (area.territory_id for area in problem.territories)
    )
    for rank, task in enumerate(problem.tasks):
        yield from task_faults(f"tasks[{rank}]", task, problem)
    for rank, shift in enumerate(problem.shifts):
        yield from shift_faults(f"shifts[{rank}]", shift, problem)
        yield from state_faults(f"shifts[{rank}].start_state", shift)
    yield from place_faults(problem)
    yield from pin_faults(problem)
    yield from onboard_faults(problem)
    yield from route_faults("churn.base_routes", problem.churn.base_routes, problem, known=False)


def repeated(path: str, name: str, ids: Iterable[str]) -> Iterator[Fault]:
    """Ids that stand twice."""
    seen: set[str] = set()
    for rank, value in enumerate(ids):
        if value in seen:
            yield Fault(f"{path}[{rank}].{name}", f"{value!r} stands twice")
        seen.add(value)


def task_faults(path: str, task: Task, problem: Problem) -> Iterator[Fault]:
    """Ids in a task that name nothing, and a pickup that is none."""
    yield from repeated(
        f"{path}.alternatives", "alternative_id", (o.alternative_id for o in task.options[1:])
    )
    territories = {area.territory_id for area in problem.territories}
    for name in sorted(task.territory_ids - territories):
        yield Fault(f"{path}.territory_ids", f"no territory {name!r}")
    if task.pickup_task_id:
        yield from pickup_faults(path, task, problem)


def pickup_faults(path: str, task: Task, problem: Problem) -> Iterator[Fault]:
    """A pickup that does not exist, is none, serves two deliveries, or has alternatives."""
    rank = problem.rank_of_task.get(task.pickup_task_id)
    pickup = None if rank is None else problem.tasks[rank]
    if pickup is None or pickup.kind is not TaskKind.PICKUP:
        yield Fault(f"{path}.pickup_task_id", f"no pickup {task.pickup_task_id!r}")
    elif len(pickup.options) + len(task.options) > 2:
        yield Fault(f"{path}.alternatives", "a pickup and its delivery have one place each")
    elif pickup.loads != task.loads:
        yield Fault(f"{path}.load", "a pickup and its delivery move the same goods")
    if problem.deliveries_of_pickup[task.pickup_task_id] > 1:
        yield Fault(f"{path}.pickup_task_id", "two deliveries name the same pickup")


def shift_faults(path: str, shift: Shift, problem: Problem) -> Iterator[Fault]:
    """Territories that do not exist, ids that stand twice, a break outside the shift."""
    territories = {area.territory_id for area in problem.territories}
    for rank, bound in enumerate(shift.territories):
        if bound.territory_id not in territories:
            yield Fault(
                f"{path}.territories[{rank}].territory_id", f"no territory {bound.territory_id!r}"
            )
    yield from repeated(f"{path}.breaks", "break_id", (rule.break_id for rule in shift.breaks))
    yield from repeated(
        f"{path}.duty_limits.limits", "limit_id", (limit.limit_id for limit in shift.duty_limits)
    )
    yield from repeated(f"{path}.reloads", "reload_id", (own.reload_id for own in shift.reloads))
    for rank, rule in enumerate(shift.breaks):
        within = shift.start_second <= rule.first_second
        if not (within and rule.last_second + rule.length_seconds <= shift.end_second):
            yield Fault(f"{path}.breaks[{rank}].start_window", "the break can leave the shift")


def state_faults(path: str, shift: Shift) -> Iterator[Fault]:
    """A state outside the shift, breaks that it does not have, and more charge than it can hold."""
    state, battery = shift.start_state, shift.vehicle.battery
    if state is None:
        return
    if not shift.start_second <= state.second <= shift.end_second:
        yield Fault(f"{path}.state_time", "lies outside the shift")
    for name in sorted(state.taken_break_ids - {rule.break_id for rule in shift.breaks}):
        yield Fault(f"{path}.taken_break_ids", f"no break {name!r} of the shift")
    if battery is not None and (state.charge_watt_hours or 0) > battery.capacity_watt_hours:
        yield Fault(f"{path}.charge_watt_hours", "is more than the battery holds")


def place_faults(problem: Problem) -> Iterator[Fault]:
    """One name for positions that are too far apart to be one place."""
    first: dict[str, Point] = {}
    for path, name, point in named_points(problem):
        meters = meters_between(first.setdefault(name, point), point)
        if meters > PLACE_METERS_MAX:
            yield Fault(path, f"{name!r} is also {meters} m from here")


def named_points(problem: Problem) -> Iterator[tuple[str, str, Point]]:
    """Each position that a route can visit and that has a name, with the path of the name."""
    for path, name, point in stated_points(problem):
        if name:
            yield path, name, point


def stated_points(problem: Problem) -> Iterator[tuple[str, str, Point]]:
    """Each position that a route can visit: the path of its name, the name, and where it is."""
    for rank, shift in enumerate(problem.shifts):
        path = f"shifts[{rank}]"
        if not shift.is_under_way:
            yield f"{path}.start_place_id", shift.start_place_id, shift.start_point
        if shift.end_point is not None:
            yield f"{path}.end_place_id", shift.end_place_id, shift.end_point
        for place, reload in enumerate(shift.reloads):
            yield f"{path}.reloads[{place}].place_id", reload.place_id, reload.point
    for rank, task in enumerate(problem.tasks):
        for place, option in enumerate(task.options):
            path = f"tasks[{rank}].alternatives[{place - 1}]" if place else f"tasks[{rank}]"
            yield f"{path}.place_id", option.place_id, option.point


def pin_faults(problem: Problem) -> Iterator[Fault]:
    """Pins that name nothing, stand twice, share a rank, or fix no time."""
    yield from repeated("pins", "task_id", (pin.task_id for pin in problem.pins))
    taken: set[tuple[str, int]] = set()
    for rank, pin in enumerate(problem.pins):
        yield from single_pin_faults(f"pins[{rank}]", pin, problem)
        if pin.is_frozen and (pin.shift_id, pin.rank) in taken:
            yield Fault(f"pins[{rank}].rank", "another pin of the shift has this rank")
        taken.add((pin.shift_id, pin.rank) if pin.is_frozen else ("", rank))


def single_pin_faults(path: str, pin: Pin, problem: Problem) -> Iterator[Fault]:
    """What one pin gets wrong."""
    if pin.task_id not in problem.rank_of_task:
        yield Fault(f"{path}.task_id", f"no task {pin.task_id!r}")
    if pin.shift_id not in problem.rank_of_shift:
        yield Fault(f"{path}.shift_id", f"no shift {pin.shift_id!r}")
    if pin.level is FreezeLevel.TIME and pin.service_start_second is None:
        yield Fault(f"{path}.service_start_time", "a pin of level TIME needs it")


def onboard_faults(problem: Problem) -> Iterator[Fault]:
    """Goods on board that are no delivery of the problem, or on board twice."""
    seen: set[str] = set()
    for rank, shift in enumerate(problem.shifts):
        onboard = shift.start_state.onboard_task_ids if shift.start_state else frozenset()
        path = f"shifts[{rank}].start_state.onboard_task_ids"
        for task_id in sorted(onboard):
            found = problem.rank_of_task.get(task_id)
            if found is None or problem.tasks[found].kind is not TaskKind.DELIVERY:
                yield Fault(path, f"no delivery {task_id!r}")
            elif problem.tasks[found].pickup_task_id:
                yield Fault(path, f"{task_id!r} is on board and waits for its pickup")
            if task_id in seen:
                yield Fault(path, f"{task_id!r} is on board of two vehicles")
        seen |= onboard


def route_faults(
    path: str, routes: tuple[FixedRoute, ...], problem: Problem, *, known: bool
) -> Iterator[Fault]:
    """
    Given routes that name nothing, a shift twice, a task twice, or an alternative that is none.

    `known`: whether each task and shift must be part of the problem.
    """
    yield from repeated(path, "shift_id", (route.shift_id for route in routes))
    tasks, shifts, seen = problem.rank_of_task, problem.rank_of_shift, set[str]()
    for rank, route in enumerate(routes):
        if known and route.shift_id not in shifts:
            yield Fault(f"{path}[{rank}].shift_id", f"no shift {route.shift_id!r}")
        for place, visit in enumerate(route.visits):
            here = f"{path}[{rank}].visits[{place}]"
            found = tasks.get(visit.task_id)
            if visit.task_id in seen:
                yield Fault(f"{here}.task_id", f"{visit.task_id!r} stands twice")
            elif known and found is None:
                yield Fault(f"{here}.task_id", f"no task {visit.task_id!r}")
            elif found is not None and not offers(problem.tasks[found], visit.alternative_id):
                yield Fault(f"{here}.alternative_id", f"no alternative {visit.alternative_id!r}")
            seen.add(visit.task_id)
        yield from fixed_reload_faults(f"{path}[{rank}]", route, problem)


def fixed_reload_faults(path: str, route: FixedRoute, problem: Problem) -> Iterator[Fault]:
    """Reloads of a given route that its shift does not have, that lie beyond it, or go back."""
    shift = problem.rank_of_shift.get(route.shift_id)
    known = {own.reload_id for own in problem.shifts[shift].reloads} if shift is not None else set()
    before = 0
    for rank, own in enumerate(route.reloads):
        here = f"{path}.reloads[{rank}]"
        if shift is not None and own.reload_id not in known:
            yield Fault(f"{here}.reload_id", f"no reload {own.reload_id!r} of the shift")
        if own.rank > len(route.visits):
            yield Fault(f"{here}.visit_rank", f"the route has {len(route.visits)} visits")
        if own.rank < before:
            yield Fault(f"{here}.visit_rank", "the reloads are not in order")
        before = own.rank


def offers(task: Task, alternative_id: str) -> bool:
    """Whether a task can be done at an alternative; empty is its own place."""
    return any(option.alternative_id == alternative_id for option in task.options)
