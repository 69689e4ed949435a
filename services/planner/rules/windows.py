"""
Windows: service starts inside one of the windows of the place that is used.

Hard at the window's bounds; outside its preferred part it costs and is told. A task without windows
can be served at any time. Reason WINDOW; cure: widen the window.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation, Visit
from services.planner.domain.reason import Reason
from services.planner.domain.task import Window
from services.planner.rules.walk import broken

REASON = Reason.WINDOW
CURE = "widen the window"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """Services that start outside every window, and those outside the preferred part of theirs."""
    for visit in route.visits:
        windows = instance.option((visit.task, visit.option)).windows
        if not windows:
            continue
        held = [window for window in windows if window.holds(visit.start_second)]
        if held:
            yield from soft(instance, route, visit, held[0])
        else:
            excess = min(distance(window, visit.start_second) for window in windows)
            yield broken(REASON, instance, route, visit, excess_seconds=excess)


def soft(instance: Instance, route: Route, visit: Visit, window: Window) -> Iterator[Violation]:
    """A service before the preferred start or after the preferred end."""
    first, last = window.soft_first_second, window.soft_last_second
    early = max(0, first - visit.start_second) if first is not None else 0
    late = max(0, visit.start_second - last) if last is not None else 0
    if early or late:
        details = {"hard": False, "excess_seconds": early or late}
        yield broken(REASON, instance, route, visit, subject="preferred", **details)


def distance(window: Window, second: int) -> int:
    """By how much a moment misses a window."""
    return max(window.first_second - second, second - window.last_second, 0)
