"""
Shift: a route begins and ends within its shift, and where its shift begins and ends.

Hard. Loading begins when the driver can, at the earliest; unloading is over at the end, at the
latest: ending exactly then is allowed. A route under way goes on at the moment for which its state
is told. Depots, starts and ends are held by the legs, which lead from one to the other. Reason
SHIFT; cure: lengthen the shift.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import Walk

REASON = Reason.SHIFT
CURE = "lengthen the shift"


def violations(walk: Walk) -> Iterator[Violation]:
    """A start before the shift, or not where one under way stands, and an end after it."""
    early = walk.shift.ready_second - walk.route.start_second
    if early > 0 or (early and walk.shift.is_under_way):
        yield walk.broken(REASON, excess_seconds=abs(early), subject="start")
    late = walk.route.end_second - walk.shift.end_second
    if late > 0:
        yield walk.broken(REASON, excess_seconds=late, subject="end")
