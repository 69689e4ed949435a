"""
Shift: a route begins and ends within its shift.

Hard. Loading begins when the driver can, at the earliest; unloading is over at the end, at the
latest: ending exactly then is allowed. Reason SHIFT; cure: lengthen the shift.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import broken, shift_of

REASON = Reason.SHIFT
CURE = "lengthen the shift"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """A start before the shift, and an end after it."""
    shift = shift_of(instance, route)
    early = shift.ready_second - route.start_second
    if early > 0:
        yield broken(REASON, instance, route, excess_seconds=early, subject="start")
    late = route.end_second - shift.end_second
    if late > 0:
        yield broken(REASON, instance, route, excess_seconds=late, subject="end")
