"""Suspicions about what is decided already."""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Notice
from services.planner.domain.problem import Pin, Problem
from services.planner.domain.shift import Shift
from services.planner.domain.task import Task


def notices(problem: Problem) -> Iterator[Notice]:
    """Pins to shifts that may not serve the task, or that do not carry its goods."""
    for rank, pin in enumerate(problem.pins):
        cause = hindrance(problem, pin)
        if cause:
            action, field = "lift the pin, or what is against it", f"pins[{rank}].shift_id"
            yield Notice("PIN_HINDERED", cause, action, field, pin.task_id)


def hindrance(problem: Problem, pin: Pin) -> str:
    """What keeps a task from the shift to which it is pinned; empty when nothing does."""
    task, shift = problem.rank_of_task.get(pin.task_id), problem.rank_of_shift.get(pin.shift_id)
    if task is None or shift is None:
        return ""
    carrier = problem.onboard_shift_of.get(pin.task_id, pin.shift_id)
    if carrier != pin.shift_id:
        return f"its goods are on board of {carrier}"
    if excludes(problem.tasks[task], problem.shifts[shift]):
        return f"the task excludes {pin.shift_id} or its vehicle, or allows only others"
    return ""


def excludes(task: Task, shift: Shift) -> bool:
    """Whether a task keeps itself from a shift."""
    if shift.vehicle.vehicle_id in task.excluded_vehicle_ids:
        return True
    is_allowed = not task.allowed_shift_ids or shift.shift_id in task.allowed_shift_ids
    return not is_allowed or shift.shift_id in task.excluded_shift_ids
