"""
Windows: service starts inside one of the windows of the place that is used.

Hard. A task without windows can be served at any time. What a start outside the preferred part of
its window costs stands in `soft_windows`. Reason WINDOW; cure: widen the window.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.domain.task import Window
from services.planner.rules.walk import Walk, option_of

REASON = Reason.WINDOW
CURE = "widen the window"


def violations(walk: Walk) -> Iterator[Violation]:
    """Services that start outside every window."""
    for visit, task in walk.served:
        windows = option_of(visit, task).windows
        if windows and not any(window.holds(visit.start_second) for window in windows):
            excess = min(distance(window, visit.start_second) for window in windows)
            yield walk.broken(REASON, visit, excess_seconds=excess)


def distance(window: Window, second: int) -> int:
    """By how much a moment misses a window."""
    return max(window.first_second - second, second - window.last_second, 0)
