"""Suspicions about when a task can be served."""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.lint.bounds import outing_of, straight_seconds
from services.planner.domain.plan import Notice
from services.planner.domain.problem import Problem
from services.planner.domain.task import Option, Task

ALWAYS = 1 << 40  # seconds: beyond any moment


class TimeLint:
    """What all tasks are held against: each kind of shift once."""

    def __init__(self, problem: Problem) -> None:
        """Reads the shifts."""
        self.problem = problem
        self.intervals = {(shift.ready_second, shift.end_second) for shift in problem.shifts}
        self.outings = tuple(dict.fromkeys(map(outing_of, problem.shifts)))
        self.last_second = max((outing.last_second for outing in self.outings), default=0)

    def notices(self, task: Task, path: str, *, is_near: bool) -> Iterator[Notice]:
        """All of them; where the position or the windows are to blame, the way is not as well."""
        if not any(self.overlaps(window) for window in windows_of(task)):
            cause, action = "no shift meets a window", "move the window, or add a shift"
            field = f"{path}.windows"
            yield Notice("WINDOW_OUTSIDE_SHIFTS", cause, action, field, task.task_id)
        elif is_near and not any(self.is_servable(option) for option in task.options):
            cause = "no shift can be there in a window and back in time, however quick"
            action, field = (
                "widen the window or the shift, or check the position",
                f"{path}.windows",
            )
            yield Notice("WINDOW_IMPOSSIBLE", cause, action, field, task.task_id)
        yield from self.about_release(task, path)
        yield from self.about_ride(task, path)
        yield from about_slots(task, path)
        yield from about_preferred_times(task, path)

    def overlaps(self, window: tuple[int, int]) -> bool:
        """Whether any shift is out during a window."""
        first, last = window
        return any(first < end and last >= ready for ready, end in self.intervals)

    def is_servable(self, option: Option) -> bool:
        """Whether any shift can serve a place on a straight way, and nothing else."""
        lasting = min([option.service_seconds, *dict(option.profile_service_seconds).values()])
        windows = [(window.first_second, window.last_second) for window in option.windows]
        return any(
            outing.meets(option.point, first, last, lasting)
            for first, last in windows or [(0, ALWAYS)]
            for outing in self.outings
        )

    def about_release(self, task: Task, path: str) -> Iterator[Notice]:
        """Goods that are ready too late for every window, or for every shift."""
        ready = task.release_second
        if ready is None:
            return
        last = max(window[1] for window in windows_of(task))
        if ready > min(last, self.last_second):
            what = "its last window" if last < self.last_second else "the end of every shift"
            cause, field = f"its goods are ready after {what}", f"{path}.release_time"
            action = "move the release or the window, or plan it for another day"
            yield Notice("RELEASE_TOO_LATE", cause, action, field, task.task_id)

    def about_ride(self, task: Task, path: str) -> Iterator[Notice]:
        """Rides that are longer than allowed even along a straight line."""
        rank = self.problem.rank_of_task.get(task.pickup_task_id)
        if task.ride_limit_seconds is None or rank is None:
            return
        pickup = self.problem.tasks[rank].options[0]
        if straight_seconds(pickup.point, task.options[0].point) > task.ride_limit_seconds:
            cause = "the way from its pickup takes longer than the ride may last"
            action, field = "raise the limit, or check the positions", f"{path}.ride_limit_duration"
            yield Notice("RIDE_IMPOSSIBLE", cause, action, field, task.task_id)


def windows_of(task: Task) -> list[tuple[int, int]]:
    """All windows of all places of a task; always, where a place has none."""
    if any(not option.windows for option in task.options):
        return [(0, ALWAYS)]
    return [(own.first_second, own.last_second) for o in task.options for own in o.windows]


def about_slots(task: Task, path: str) -> Iterator[Notice]:
    """Slots that lie outside every window, and so say nothing."""
    windows = windows_of(task)
    for rank, slot in enumerate(task.slot_costs):
        if not any(
            slot.first_second <= end and slot.last_second >= start for start, end in windows
        ):
            cause, field = "service can never start in the slot", f"{path}.slot_costs[{rank}]"
            action = "check its times, or leave it out"
            yield Notice("SLOT_UNUSED", cause, action, field, task.task_id)


def about_preferred_times(task: Task, path: str) -> Iterator[Notice]:
    """Preferred times that cost nothing to miss."""
    for rank, window in enumerate(task.options[0].windows):
        early = window.soft_first_second is not None and window.early_cost_micros_per_hour
        late = window.soft_last_second is not None and window.late_cost_micros_per_hour
        is_soft = (window.soft_first_second, window.soft_last_second) != (None, None)
        if is_soft and not (early or late):
            cause, field = "missing the preferred time costs nothing", f"{path}.windows[{rank}]"
            action = "state what early or late costs"
            yield Notice("PREFERENCE_UNPAID", cause, action, field, task.task_id)
