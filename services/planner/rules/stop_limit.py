"""
Stop limit: a route has no more stops than its shift allows.

Hard, where a limit is stated. Consecutive tasks at one place are one stop; a reload is none, and
ends the one before it. Reason STOP_LIMIT; cure: raise the limit.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import Walk

REASON = Reason.STOP_LIMIT
CURE = "raise the limit"


def violations(walk: Walk) -> Iterator[Violation]:
    """A route over its limit, with the stops over it."""
    limit = walk.shift.stop_limit
    if limit and stops_of(walk) > limit:
        yield walk.broken(REASON, excess_amount=stops_of(walk) - limit)


def stops_of(walk: Walk) -> int:
    """The number of different places in a row; one at the start or at a reload is a stop too."""
    count, is_new = 0, True
    for leg in walk.legs:
        if leg.visit is not None and not leg.visit.is_reload:
            count += is_new or leg.here != leg.there
        is_new = leg.visit is not None and leg.visit.is_reload
    return count
