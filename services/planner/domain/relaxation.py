"""
Relaxations: one change to a problem after which a task could be served.

Pure. Each rule that can be relaxed has one function that makes the changed problem; sizes are whole
seconds or units of the contract, and a size of n + 1 allows all that n allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum

from services.planner.domain.instance import default_penalty_micros
from services.planner.domain.problem import Problem
from services.planner.domain.reason import Reason
from services.planner.domain.shift import BreakRule, DutyLimit, Shift, ShiftSkill, ShiftTerritory
from services.planner.domain.task import Option, Task, Window

JOINT = "+"  # between the skills of a subject: no id holds it


class Edge(Enum):
    """Which end of an interval moves outward."""

    START = "START"
    END = "END"


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One change, named by the caller's ids."""

    reason: Reason
    task_id: str
    """The task that it is about: the one to serve, or its pickup."""
    shift_id: str
    """The shift that would then serve it."""
    seconds: int = 0
    amount: int = 0
    subject: str = ""
    edge: Edge | None = None
    option: int = 0
    """Whose window moves, among the places of the task."""
    window: int = 0
    """Which of the windows moves, of that place or of a reload."""

    @property
    def size(self) -> int:
        """By how much; 0 for what is given or lifted as a whole."""
        return self.seconds or self.amount

    def of_size(self, size: int) -> Relaxation:
        """The same by another size."""
        if self.reason in AMOUNTS or (self.reason is Reason.RELOAD and self.edge is None):
            return replace(self, amount=size)
        return replace(self, seconds=size)


def relaxed(problem: Problem, relaxation: Relaxation) -> Problem:
    """The problem with one change; raises ValueError where the change cannot be."""
    return RELAXED[relaxation.reason](problem, relaxation)


def all_relaxed(problem: Problem, relaxations: Iterable[Relaxation]) -> Problem:
    """The problem with several changes, made in their order."""
    for relaxation in relaxations:
        problem = relaxed(problem, relaxation)
    return problem


def with_task(problem: Problem, task: Task) -> Problem:
    """The problem with a task in place of the one of its name."""
    rank = problem.rank_of_task[task.task_id]
    return replace(problem, tasks=(*problem.tasks[:rank], task, *problem.tasks[rank + 1 :]))


def with_shift(problem: Problem, shift: Shift) -> Problem:
    """The problem with a shift in place of the one of its name."""
    rank = problem.rank_of_shift[shift.shift_id]
    return replace(problem, shifts=(*problem.shifts[:rank], shift, *problem.shifts[rank + 1 :]))


def task_of(problem: Problem, relaxation: Relaxation) -> Task:
    """The task that a relaxation is about."""
    return problem.tasks[problem.rank_of_task[relaxation.task_id]]


def shift_of(problem: Problem, relaxation: Relaxation) -> Shift:
    """The shift that a relaxation is about."""
    return problem.shifts[problem.rank_of_shift[relaxation.shift_id]]


def wider_window(problem: Problem, relaxation: Relaxation) -> Problem:
    """One window of one place begins earlier or ends later."""
    task = task_of(problem, relaxation)
    option = task.options[relaxation.option]
    changed: Option = replace(option, windows=with_moved(option.windows, relaxation))
    options = tuple(changed if one is option else one for one in task.options)
    return with_task(problem, replace(task, options=options))


def with_moved(windows: tuple[Window, ...], relaxation: Relaxation) -> tuple[Window, ...]:
    """Windows, the one that a relaxation is about with one end moved."""
    own = windows[relaxation.window]
    moved = moved_window(own, relaxation)
    return tuple(moved if window is own else window for window in windows)


def moved_window(window: Window, relaxation: Relaxation) -> Window:
    """A window with one end moved."""
    if relaxation.edge is Edge.START:
        return replace(window, first_second=window.first_second - relaxation.seconds)
    return replace(window, last_second=window.last_second + relaxation.seconds)


def longer_shift(problem: Problem, relaxation: Relaxation) -> Problem:
    """The shift begins earlier or ends later."""
    shift = shift_of(problem, relaxation)
    if relaxation.edge is Edge.END:
        return with_shift(problem, replace(shift, end_second=shift.end_second + relaxation.seconds))
    start = shift.ready_second - relaxation.seconds
    earliest = None if shift.earliest_start_second is None else start
    begins = min(start, shift.start_second)
    return with_shift(problem, replace(shift, start_second=begins, earliest_start_second=earliest))


def wider_break(problem: Problem, relaxation: Relaxation) -> Problem:
    """One break may start earlier or later."""
    shift = shift_of(problem, relaxation)
    rules = tuple(
        moved_break(rule, relaxation) if rule.break_id == relaxation.subject else rule
        for rule in shift.breaks
    )
    return with_shift(problem, replace(shift, breaks=rules))


def moved_break(rule: BreakRule, relaxation: Relaxation) -> BreakRule:
    """A break with one end of its window moved."""
    if relaxation.edge is Edge.START:
        return replace(rule, first_second=rule.first_second - relaxation.seconds)
    return replace(rule, last_second=rule.last_second + relaxation.seconds)


def higher_duty(problem: Problem, relaxation: Relaxation) -> Problem:
    """One limit of the driver's clocks is higher."""
    shift = shift_of(problem, relaxation)
    limits: tuple[DutyLimit, ...] = tuple(
        replace(limit, limit_seconds=limit.limit_seconds + relaxation.seconds)
        if limit.limit_id == relaxation.subject
        else limit
        for limit in shift.duty_limits
    )
    return with_shift(problem, replace(shift, duty_limits=limits))


def more_capacity(problem: Problem, relaxation: Relaxation) -> Problem:
    """The vehicle takes more in one dimension."""
    shift = shift_of(problem, relaxation)
    capacity = tuple(
        limit + (relaxation.amount if name == relaxation.subject else 0)
        for name, limit in zip(problem.dimensions, shift.vehicle.capacity, strict=True)
    )
    return with_shift(problem, replace(shift, vehicle=replace(shift.vehicle, capacity=capacity)))


def longer_way(problem: Problem, relaxation: Relaxation) -> Problem:
    """The route may be longer."""
    shift = shift_of(problem, relaxation)
    limit = shift.distance_limit_meters + relaxation.amount
    return with_shift(problem, replace(shift, distance_limit_meters=limit))


def more_stops(problem: Problem, relaxation: Relaxation) -> Problem:
    """The route may have more stops."""
    shift = shift_of(problem, relaxation)
    return with_shift(problem, replace(shift, stop_limit=shift.stop_limit + relaxation.amount))


def easier_reload(problem: Problem, relaxation: Relaxation) -> Problem:
    """The route may reload once more, or one window of a reload begins earlier or ends later."""
    shift = shift_of(problem, relaxation)
    if relaxation.edge is None:
        limit = shift.reload_limit + relaxation.amount
        return with_shift(problem, replace(shift, reload_limit=limit))
    reloads = tuple(
        replace(own, windows=with_moved(own.windows, relaxation))
        if own.reload_id == relaxation.subject
        else own
        for own in shift.reloads
    )
    return with_shift(problem, replace(shift, reloads=reloads))


def longer_ride(problem: Problem, relaxation: Relaxation) -> Problem:
    """The goods may ride longer."""
    task = task_of(problem, relaxation)
    limit = (task.ride_limit_seconds or 0) + relaxation.seconds
    return with_task(problem, replace(task, ride_limit_seconds=limit))


def more_skills(problem: Problem, relaxation: Relaxation) -> Problem:
    """The shift holds further skills, for ever."""
    shift = shift_of(problem, relaxation)
    given = tuple(ShiftSkill(skill) for skill in relaxation.subject.split(JOINT))
    return with_shift(problem, replace(shift, skills=(*shift.skills, *given)))


def more_territory(problem: Problem, relaxation: Relaxation) -> Problem:
    """The shift has one territory more."""
    shift = shift_of(problem, relaxation)
    given = ShiftTerritory(relaxation.subject)
    return with_shift(problem, replace(shift, territories=(*shift.territories, given)))


def no_exclusion(problem: Problem, relaxation: Relaxation) -> Problem:
    """The task may be served by the shift and its vehicle."""
    task, shift = task_of(problem, relaxation), shift_of(problem, relaxation)
    allowed = task.allowed_shift_ids
    return with_task(
        problem,
        replace(
            task,
            allowed_shift_ids=allowed | {shift.shift_id} if allowed else allowed,
            excluded_shift_ids=task.excluded_shift_ids - {shift.shift_id},
            excluded_vehicle_ids=task.excluded_vehicle_ids - {shift.vehicle.vehicle_id},
        ),
    )


def no_pin(problem: Problem, relaxation: Relaxation) -> Problem:
    """Nothing is decided about the task."""
    pins = tuple(pin for pin in problem.pins if pin.task_id != relaxation.task_id)
    return replace(problem, pins=pins)


def earlier_release(problem: Problem, relaxation: Relaxation) -> Problem:
    """The goods are ready at the depot earlier."""
    task = task_of(problem, relaxation)
    ready = (task.release_second or 0) - relaxation.seconds
    return with_task(problem, replace(task, release_second=ready))


def more_charge(problem: Problem, relaxation: Relaxation) -> Problem:
    """The battery holds more at the start; raises ValueError beyond its capacity."""
    shift = shift_of(problem, relaxation)
    level, battery = shift.start_charge_watt_hours + relaxation.amount, shift.vehicle.battery
    if shift.start_state is not None:
        state = replace(shift.start_state, charge_watt_hours=level)
        return with_shift(problem, replace(shift, start_state=state))
    if battery is None:
        raise ValueError("the vehicle has no battery")
    charged = replace(battery, start_watt_hours=level)
    return with_shift(problem, replace(shift, vehicle=replace(shift.vehicle, battery=charged)))


def higher_penalty(problem: Problem, relaxation: Relaxation) -> Problem:
    """Leaving the task out costs more."""
    task = task_of(problem, relaxation)
    present = task.penalty_micros or default_penalty_micros(problem.shifts)
    return with_task(problem, replace(task, penalty_micros=present + relaxation.amount))


RELAXED: dict[Reason, Callable[[Problem, Relaxation], Problem]] = {
    Reason.WINDOW: wider_window,
    Reason.SHIFT: longer_shift,
    Reason.BREAK: wider_break,
    Reason.DUTY: higher_duty,
    Reason.CAPACITY: more_capacity,
    Reason.DISTANCE: longer_way,
    Reason.STOP_LIMIT: more_stops,
    Reason.RELOAD: easier_reload,
    Reason.PAIRING: longer_ride,
    Reason.SKILL: more_skills,
    Reason.TERRITORY: more_territory,
    Reason.EXCLUDED: no_exclusion,
    Reason.LOCK: no_pin,
    Reason.RELEASE: earlier_release,
    Reason.CHARGE: more_charge,
    Reason.TOO_DEAR: higher_penalty,
}
AMOUNTS = {
    Reason.CAPACITY,
    Reason.DISTANCE,
    Reason.STOP_LIMIT,
    Reason.CHARGE,
    Reason.TOO_DEAR,
}
