"""Suspicions about where tasks and starts are."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from services.planner.domain.geometry import meters_between
from services.planner.domain.plan import Notice
from services.planner.domain.problem import Problem
from services.planner.domain.task import Task
from services.planner.domain.travel import Point

FAR_METERS = 100_000  # from the middle of all points: farther than a day of deliveries reaches
NEAR_METERS = 20_000  # a swapped position that lands so near the middle was surely swapped


def middle_of(problem: Problem) -> Point | None:
    """The median of all starts and tasks; None when there are too few to tell."""
    points = [task.options[0].point for task in problem.tasks]
    points += [shift.start_point for shift in problem.shifts]
    if len(points) < 3:
        return None
    latitude = statistics.median(point.latitude for point in points)
    longitude = statistics.median(point.longitude for point in points)
    return Point(latitude, longitude) if latitude or longitude else None


def shift_notices(problem: Problem, middle: Point | None) -> Iterator[Notice]:
    """Shifts that start far from all others."""
    for rank, shift in enumerate(problem.shifts):
        if middle is not None and meters_between(shift.start_point, middle) > FAR_METERS:
            field = f"shifts[{rank}].start_location"
            yield far_notice(shift.start_point, middle, field, shift.shift_id)


def notices(task: Task, path: str, middle: Point | None) -> Iterator[Notice]:
    """Positions far from all others, and those that would be near with their numbers swapped."""
    for rank, option in enumerate(task.options):
        if middle is not None and meters_between(option.point, middle) > FAR_METERS:
            field = f"{path}.alternatives[{rank - 1}].location" if rank else f"{path}.location"
            yield far_notice(option.point, middle, field, task.task_id)


def far_notice(point: Point, middle: Point, field: str, task_id: str) -> Notice:
    """What to say of a position that lies far away."""
    if abs(point.longitude) <= 90:
        swapped = Point(point.longitude, point.latitude)
        if meters_between(swapped, middle) <= NEAR_METERS:
            cause, action = "latitude and longitude look swapped", "swap them"
            return Notice("COORDINATES_SWAPPED", cause, action, field, task_id)
    cause = f"over {FAR_METERS // 1_000} km from the middle of all points"
    return Notice("POINT_FAR_AWAY", cause, "check the position", field, task_id)
