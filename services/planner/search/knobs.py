"""
What can be turned to let a task into a shift, how far, and what turning it may mend.

A knob is one relaxation of a size not found yet. Rules that bad timing breaks can be mended by any
knob of time: a window that opens earlier may save a shift's end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from services.planner.domain.instance import RELOAD, Instance, Node, default_penalty_micros
from services.planner.domain.problem import Problem
from services.planner.domain.reason import Reason
from services.planner.domain.relaxation import JOINT, Edge, Relaxation
from services.planner.domain.shift import Shift
from services.planner.domain.task import Task, Window
from services.planner.search.curve import FOREVER

DAY_SECONDS = 86_400  # a shift lasts at most a day; a window moves by no more
HOURS_SECONDS_MAX = 4 * 3_600  # longer shifts and duty than this are other shifts
METERS_MAX = 10_000_000  # the contract's greatest limit of distance
PARTS = 1_000_000  # shares are compared in millionths
OF_TIME = frozenset(
    {
        Reason.WINDOW,
        Reason.SHIFT,
        Reason.BREAK,
        Reason.DUTY,
        Reason.PAIRING,
        Reason.RELEASE,
        Reason.RELOAD,
    }
)


@dataclass(frozen=True, slots=True)
class Knob:
    """A relaxation, how far it goes, and the reasons that it may lift."""

    relaxation: Relaxation
    size_max: int
    """0 for what has no size."""
    lifts: frozenset[Reason]
    node: Node | None = None
    """Only sequences with this node, where it is about one place of a task."""

    def is_for(self, nodes: tuple[Node, ...]) -> bool:
        """Whether it can change anything for a sequence."""
        return self.node is None or self.node in nodes


def knobs(instance: Instance, rank: int, group: tuple[int, ...]) -> Iterator[Knob]:
    """What can be turned for a shift to serve a group: a task, or a delivery and its pickup."""
    shift = instance.problem.shifts[rank]
    for member in group:
        task = instance.problem.tasks[member]
        yield from about_task(instance, task, shift, member)
        yield from about_windows(task, shift, member)
    task_id = instance.problem.tasks[group[-1]].task_id
    yield from about_shift(task_id, shift)
    yield from about_breaks(task_id, shift)
    yield from about_reloads(task_id, shift)
    yield from about_limits(task_id, shift, len(group))
    yield from about_charge(task_id, shift)
    yield from about_capacity(instance.problem, group, shift)


def about_task(instance: Instance, task: Task, shift: Shift, member: int) -> Iterator[Knob]:
    """What is given to the shift, or lifted from the task, as a whole."""

    def whole(reason: Reason, subject: str = "", lifts: frozenset[Reason] | None = None) -> Knob:
        made = Relaxation(reason, task.task_id, shift.shift_id, subject=subject)
        return Knob(made, 0, lifts or frozenset({reason}))

    yield whole(Reason.EXCLUDED)
    if any(pin.task_id == task.task_id for pin in instance.problem.pins):
        yield whole(Reason.LOCK)
    for missing in missing_skills(task, shift):
        yield whole(Reason.SKILL, JOINT.join(missing), OF_TIME | {Reason.SKILL})
    belongs = sorted(instance.territories_of_task[member])
    if belongs:  # any of them lets it in at the same price
        yield whole(Reason.TERRITORY, belongs[0])
    if task.release_second:
        release = Relaxation(Reason.RELEASE, task.task_id, shift.shift_id)
        yield Knob(release, min(task.release_second, DAY_SECONDS), OF_TIME)
    if task.ride_limit_seconds is not None:
        ride = Relaxation(Reason.PAIRING, task.task_id, shift.shift_id)
        yield Knob(ride, DAY_SECONDS, OF_TIME)


def missing_skills(task: Task, shift: Shift) -> Iterator[tuple[str, ...]]:
    """Each smallest set of skills with which a shift holds what a task needs, for ever."""
    need = task.skills
    missing = tuple(sorted(skill for skill in need.all_of if not shift.holds(skill, FOREVER)))
    if not need.one_of or any(shift.holds(skill, FOREVER) for skill in need.one_of):
        if missing:
            yield missing
        return
    for skill in sorted(need.one_of):
        yield (*missing, skill) if skill not in missing else missing


def about_windows(task: Task, shift: Shift, member: int) -> Iterator[Knob]:
    """The windows of each place of a task."""
    for option, place in enumerate(task.options):
        made = Relaxation(Reason.WINDOW, task.task_id, shift.shift_id, option=option)
        yield from widened(made, place.windows, (member, option))


def about_reloads(task_id: str, shift: Shift) -> Iterator[Knob]:
    """One reload more, and the windows of each."""
    made = Relaxation(Reason.RELOAD, task_id, shift.shift_id)
    if shift.reloads:
        yield Knob(made, 1, frozenset({Reason.RELOAD}))
    for rank, reload in enumerate(shift.reloads):
        yield from widened(replace(made, subject=reload.reload_id), reload.windows, (RELOAD, rank))


def widened(made: Relaxation, windows: tuple[Window, ...], node: Node) -> Iterator[Knob]:
    """Windows that begin earlier or end later, never into their neighbor."""
    for rank, own in enumerate(windows):
        before = windows[rank - 1].last_second if rank else -1
        after = windows[rank + 1].first_second if rank + 1 < len(windows) else FOREVER
        room = {Edge.END: after - own.last_second - 1, Edge.START: own.first_second - before - 1}
        for edge, most in room.items():
            if most > 0:
                yield Knob(
                    replace(made, edge=edge, window=rank), min(most, DAY_SECONDS), OF_TIME, node
                )


def about_shift(task_id: str, shift: Shift) -> Iterator[Knob]:
    """A shift that begins earlier, unless it is under way, or ends later."""
    lasts = shift.end_second - shift.start_second
    most = min(HOURS_SECONDS_MAX, DAY_SECONDS - lasts)
    if most <= 0:
        return
    for edge in Edge:
        if edge is Edge.END or not shift.is_under_way:
            made = Relaxation(Reason.SHIFT, task_id, shift.shift_id, edge=edge)
            yield Knob(made, most, OF_TIME)


def about_breaks(task_id: str, shift: Shift) -> Iterator[Knob]:
    """Breaks that may start earlier or later, inside the shift and between their neighbors."""
    for rank, rule in enumerate(shift.breaks):
        if rule not in shift.breaks_left:
            continue
        is_last = rank + 1 == len(shift.breaks)
        before = shift.breaks[rank - 1].last_second + 1 if rank else shift.start_second
        after = FOREVER if is_last else shift.breaks[rank + 1].first_second - 1
        room = {
            Edge.END: min(after, shift.end_second - rule.length_seconds) - rule.last_second,
            Edge.START: rule.first_second - before,
        }
        for edge, most in room.items():
            made = Relaxation(
                Reason.BREAK, task_id, shift.shift_id, subject=rule.break_id, edge=edge
            )
            if most > 0:
                yield Knob(made, most, OF_TIME)


def about_limits(task_id: str, shift: Shift, tasks: int) -> Iterator[Knob]:
    """Limits on duty, distance and stops."""
    for limit in shift.duty_limits:
        made = Relaxation(Reason.DUTY, task_id, shift.shift_id, subject=limit.limit_id)
        yield Knob(made, HOURS_SECONDS_MAX, OF_TIME)
    if shift.distance_limit_meters:
        made = Relaxation(Reason.DISTANCE, task_id, shift.shift_id)
        yield Knob(made, METERS_MAX, frozenset({Reason.DISTANCE}))
    if shift.stop_limit:
        made = Relaxation(Reason.STOP_LIMIT, task_id, shift.shift_id)
        # A new place between two tasks at one place parts them: two stops more.
        yield Knob(made, 2 * tasks, frozenset({Reason.STOP_LIMIT}))


def about_charge(task_id: str, shift: Shift) -> Iterator[Knob]:
    """A battery that is not full at the start."""
    battery = shift.vehicle.battery
    if battery is not None:
        room = battery.capacity_watt_hours - shift.start_charge_watt_hours
        if room > 0:
            made = Relaxation(Reason.CHARGE, task_id, shift.shift_id)
            yield Knob(made, room, frozenset({Reason.CHARGE}))


def about_capacity(problem: Problem, group: tuple[int, ...], shift: Shift) -> Iterator[Knob]:
    """Each limited dimension; more than the group's own load is never needed."""
    task = problem.tasks[group[-1]]
    for dimension, name in enumerate(problem.dimensions):
        if shift.vehicle.capacity[dimension] and task.loads[dimension]:
            made = Relaxation(Reason.CAPACITY, task.task_id, shift.shift_id, subject=name)
            yield Knob(made, task.loads[dimension], frozenset({Reason.CAPACITY}))


def share(problem: Problem, relaxation: Relaxation) -> int:
    """By what share of what there is it grows, in millionths; what has no size: all of it."""
    if not relaxation.size:
        return PARTS
    return relaxation.size * PARTS // max(1, present(problem, relaxation))


def present(problem: Problem, relaxation: Relaxation) -> int:
    """How much there is of what a relaxation grows."""
    task = problem.tasks[problem.rank_of_task[relaxation.task_id]]
    shift = problem.shifts[problem.rank_of_shift[relaxation.shift_id]]
    match relaxation.reason:
        case Reason.WINDOW:
            return seconds_in(task.options[relaxation.option].windows[relaxation.window])
        case Reason.SHIFT:
            return shift.end_second - shift.start_second
        case Reason.BREAK:
            rule = next(own for own in shift.breaks if own.break_id == relaxation.subject)
            return rule.last_second - rule.first_second + 1
        case Reason.DUTY:
            found = (own for own in shift.duty_limits if own.limit_id == relaxation.subject)
            return next(found).limit_seconds
        case Reason.CAPACITY:
            return shift.vehicle.capacity[problem.dimensions.index(relaxation.subject)]
        case Reason.DISTANCE:
            return shift.distance_limit_meters
        case Reason.STOP_LIMIT:
            return shift.stop_limit
        case Reason.RELOAD if relaxation.edge is None:
            return shift.reload_limit
        case Reason.RELOAD:
            reloads = (own for own in shift.reloads if own.reload_id == relaxation.subject)
            return seconds_in(next(reloads).windows[relaxation.window])
        case Reason.PAIRING:
            return task.ride_limit_seconds or 0
        case Reason.RELEASE:
            return DAY_SECONDS
        case Reason.CHARGE:
            return shift.start_charge_watt_hours
        case _:
            return task.penalty_micros or default_penalty_micros(problem.shifts)


def seconds_in(window: Window) -> int:
    """How many starts a window allows."""
    return window.last_second - window.first_second + 1
