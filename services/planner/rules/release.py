"""
Release: a vehicle does not leave before the goods that it loads are ready.

Hard. What counts is the departure from the start, or from the reload at which a delivery is loaded;
goods on board of a vehicle under way were ready. Reason RELEASE; cure: let the shift start later,
or reload.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import Trip, Walk

REASON = Reason.RELEASE
CURE = "let the shift start later, or let it reload"


def violations(walk: Walk) -> Iterator[Violation]:
    """One per delivery that is loaded before it is ready."""
    late = [early for trip in walk.trips for early in unready(trip)]
    if late:
        visits = {task.task_id: visit for visit, task in walk.served}
        for task_id, excess in late:
            yield walk.broken(REASON, visits[task_id], excess_seconds=excess)


def unready(trip: Trip) -> Iterator[tuple[str, int]]:
    """The deliveries of a trip that are ready only after it left, and how long after."""
    for task in trip.loaded:
        if task.release_second is not None and task.release_second > trip.departed_second:
            yield task.task_id, task.release_second - trip.departed_second
