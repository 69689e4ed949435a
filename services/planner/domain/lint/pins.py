"""Suspicions about what is decided already."""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Notice
from services.planner.domain.problem import Pin, Problem


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
    if problem.tasks[task].excludes(pin.shift_id, problem.shifts[shift].vehicle.vehicle_id):
        return f"the task excludes {pin.shift_id} or its vehicle, or allows only others"
    return ""
