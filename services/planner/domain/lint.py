"""
What looks suspicious in a problem: each with a cause, an action and the field. Nothing is refused.

Pure.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import chain

from services.planner.domain.geometry import inside, meters_between
from services.planner.domain.plan import Notice
from services.planner.domain.problem import MASS, Problem
from services.planner.domain.task import Task
from services.planner.domain.travel import Point

FAR_METERS = 100_000  # from the middle of all points: farther than a day of deliveries reaches
NEAR_METERS = 20_000  # a swapped position that lands so near the middle was surely swapped


def lint(problem: Problem) -> Iterator[Notice]:
    """Every suspicion, those about the whole first."""
    yield from about_all(problem)
    held = {own.skill for shift in problem.shifts for own in shift.skills}
    middle = middle_of(problem)
    for rank, task in enumerate(problem.tasks):
        path = f"tasks[{rank}]"
        yield from about_times(problem, task, path)
        yield from about_skills(task, path, held)
        yield from about_load(problem, task, path)
        yield from about_place(task, path, middle)


def about_all(problem: Problem) -> Iterator[Notice]:
    """Suspicions about the problem as a whole."""
    for field in problem.unsearched:
        cause = f"{field} is read, and not followed by the search of this release"
        yield Notice("NOT_SEARCHED", cause, "leave it out, or check the plan for it", field)
    tiers = {task.priority for task in problem.tasks}
    if len(tiers) == 1 and len(problem.tasks) > 1 and tiers != {0}:
        cause = f"all tasks have priority {tiers.pop()}, which then means nothing"
        yield Notice("PRIORITIES_EQUAL", cause, "raise the tasks that matter more", "tasks")
    yield from about_capacity(problem)
    yield from about_costs(problem)
    yield from about_territories(problem)


def about_capacity(problem: Problem) -> Iterator[Notice]:
    """Work that is more than all shifts together can do."""
    limits = [shift.vehicle.capacity for shift in problem.shifts]
    for dimension, name in enumerate(problem.dimensions):
        if any(not limit[dimension] for limit in limits):
            continue
        room = sum(limit[dimension] for limit in limits)
        needed = sum(task.loads[dimension] for task in problem.tasks)
        if needed > room:
            cause = f"{name}: {needed} to carry, room for {room}"
            yield Notice("CAPACITY_SHORT", cause, "add shifts, or leave tasks out", "shifts")
    work = sum(task.options[0].service_seconds for task in problem.tasks)
    time = sum(shift.end_second - shift.ready_second for shift in problem.shifts)
    if work > time:
        cause = f"service alone takes {work} s, all shifts last {time} s"
        yield Notice("CAPACITY_SHORT", cause, "add shifts, or leave tasks out", "shifts")


def about_costs(problem: Problem) -> Iterator[Notice]:
    """Shifts that cost nothing by the hour and kilometer while others do."""
    rates = [shift.costs.effective for shift in problem.shifts]
    free = [rank for rank, cost in enumerate(rates) if not cost.hour_micros + cost.kilometer_micros]
    if 0 < len(free) < len(rates):
        for rank in free:
            shift_id = problem.shifts[rank].shift_id
            cause = "the shift costs nothing by time or distance, others do"
            path = f"shifts[{rank}].costs"
            yield Notice("COST_FREE_SHIFT", cause, "state its costs", path, shift_id)


def about_territories(problem: Problem) -> Iterator[Notice]:
    """Territories that no shift has, or that hold no task."""
    assigned = {own.territory_id for shift in problem.shifts for own in shift.territories}
    for rank, area in enumerate(problem.territories):
        named = any(area.territory_id in task.territory_ids for task in problem.tasks)
        filled = named or any(
            area.ring and inside(task.options[0].point, (area.ring,)) for task in problem.tasks
        )
        if area.territory_id not in assigned or not filled:
            cause = "no shift has the territory" if filled else "no task lies in the territory"
            path = f"territories[{rank}]"
            action = "assign it, or leave it out"
            yield Notice("TERRITORY_UNUSED", cause, action, path, area.territory_id)


def about_times(problem: Problem, task: Task, path: str) -> Iterator[Notice]:
    """Windows that no shift meets."""
    windows = list(chain.from_iterable(option.windows for option in task.options))
    if not windows or any(not option.windows for option in task.options):
        return
    meets = any(
        window.first_second < shift.end_second and window.last_second >= shift.ready_second
        for window in windows
        for shift in problem.shifts
    )
    if not meets:
        action = "move the window, or add a shift"
        yield Notice(
            "WINDOW_OUTSIDE_SHIFTS",
            "no shift meets a window",
            action,
            f"{path}.windows",
            task.task_id,
        )


def about_skills(task: Task, path: str, held: set[str]) -> Iterator[Notice]:
    """Skills that nobody has."""
    missing = sorted(task.skills.all_of - held)
    if task.skills.one_of and not task.skills.one_of & held:
        missing.append("|".join(sorted(task.skills.one_of)))
    for skill in missing:
        cause = f"no shift holds {skill}"
        action = "check its spelling, or give it to a shift"
        yield Notice("SKILL_HELD_BY_NONE", cause, action, f"{path}.skills", task.task_id)


def about_load(problem: Problem, task: Task, path: str) -> Iterator[Notice]:
    """Loads that fit no vehicle."""
    fits = any(
        all(not room or need <= room for need, room in zip(task.loads, limit, strict=True))
        for limit in (shift.vehicle.capacity for shift in problem.shifts)
    )
    if not fits:
        cause = f"no vehicle takes the load ({task.loads[MASS]} g)"
        yield Notice(
            "LOAD_TOO_BIG",
            cause,
            "split it, or send a bigger vehicle",
            f"{path}.load",
            task.task_id,
        )


def middle_of(problem: Problem) -> Point | None:
    """The median of all starts and tasks; None when there are too few to tell."""
    points = [task.options[0].point for task in problem.tasks]
    points += [shift.start_point for shift in problem.shifts]
    if len(points) < 3:
        return None
    latitude = statistics.median(point.latitude for point in points)
    longitude = statistics.median(point.longitude for point in points)
    return Point(latitude, longitude) if latitude or longitude else None


def about_place(task: Task, path: str, middle: Point | None) -> Iterator[Notice]:
    """Positions far from all others, and those that would be near with their numbers swapped."""
    point = task.options[0].point
    if middle is None or meters_between(point, middle) <= FAR_METERS:
        return
    field = f"{path}.location"
    if abs(point.longitude) <= 90:
        swapped = Point(point.longitude, point.latitude)
        if meters_between(swapped, middle) <= NEAR_METERS:
            cause, action = "latitude and longitude look swapped", "swap them"
            yield Notice("COORDINATES_SWAPPED", cause, action, field, task.task_id)
            return
    cause = f"over {FAR_METERS // 1_000} km from the middle of all points"
    yield Notice("POINT_FAR_AWAY", cause, "check the position", field, task.task_id)
