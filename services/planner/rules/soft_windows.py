"""
Soft windows: service should start in the preferred part of its window.

Soft: earlier or later costs by the second, and is told. Reason WINDOW, as for hard bounds; cost
kind SOFT_WINDOW.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.money import SECONDS_PER_HOUR, priced
from services.planner.domain.plan import CostKind, Violation, Visit
from services.planner.domain.reason import Reason
from services.planner.domain.task import Task, Window
from services.planner.rules.walk import Walk, option_of

REASON = Reason.WINDOW
CURE = "widen the window"
KIND = CostKind.SOFT_WINDOW


def violations(walk: Walk) -> Iterator[Violation]:
    """Services before the preferred start or after the preferred end."""
    for visit, task in walk.served:
        window = held(visit, task)
        excess = sum(misses(window, visit.start_second)) if window is not None else 0
        if excess:
            details = {"hard": False, "excess_seconds": excess}
            yield walk.broken(REASON, visit, subject="preferred", **details)


def micros(_: Walk, visit: Visit, task: Task) -> int:
    """What a start outside the preferred part of its window costs."""
    window = held(visit, task)
    if window is None:
        return 0
    early, late = misses(window, visit.start_second)
    return priced(window.early_cost_micros_per_hour, early, SECONDS_PER_HOUR) + priced(
        window.late_cost_micros_per_hour, late, SECONDS_PER_HOUR
    )


def held(visit: Visit, task: Task) -> Window | None:
    """The window in which service starts."""
    for window in option_of(visit, task).windows:
        if window.holds(visit.start_second):
            return window
    return None


def misses(window: Window, second: int) -> tuple[int, int]:
    """By how much a moment is before the preferred start, and after the preferred end."""
    first, last = window.soft_first_second, window.soft_last_second
    early = max(0, first - second) if first is not None else 0
    late = max(0, second - last) if last is not None else 0
    return early, late
