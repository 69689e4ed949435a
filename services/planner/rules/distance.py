"""
Distance: a route is no longer than its shift allows.

Hard, where a limit is stated. Reason DISTANCE; cure: raise the limit.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import Walk

REASON = Reason.DISTANCE
CURE = "raise the limit"


def violations(walk: Walk) -> Iterator[Violation]:
    """A route over its limit, with the meters over it."""
    limit = walk.shift.distance_limit_meters
    if limit and walk.meters > limit:
        yield walk.broken(REASON, excess_amount=walk.meters - limit)
