"""
What looks suspicious in a problem: each with a code, a cause, an action and the field. Nothing is
refused.

Pure, and linear in the tasks as long as tasks and shifts are sound: what is asked of every shift is
asked of each kind of shift once, and ends with the first that answers.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.lint import pins, places, shifts, tasks, times, whole
from services.planner.domain.plan import Notice
from services.planner.domain.problem import Problem

__all__ = ["lint"]


def lint(problem: Problem) -> Iterator[Notice]:
    """Every suspicion: about the whole, shift by shift, pin by pin, task by task."""
    yield from whole.notices(problem)
    yield from shifts.notices(problem)
    yield from pins.notices(problem)
    about_tasks, about_times = tasks.TaskLint(problem), times.TimeLint(problem)
    middle = places.middle_of(problem)
    yield from places.shift_notices(problem, middle)
    for rank, task in enumerate(problem.tasks):
        path = f"tasks[{rank}]"
        far = list(places.notices(task, path, middle))
        yield from far
        yield from about_times.notices(task, path, is_near=not far)
        yield from about_tasks.notices(task, path)
