"""
Stop limit: a route has no more stops than its shift allows.

Hard, where a limit is stated. Consecutive tasks at one place are one stop. Reason STOP_LIMIT; cure:
raise the limit.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import broken, legs, shift_of

REASON = Reason.STOP_LIMIT
CURE = "raise the limit"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """A route over its limit, with the stops over it."""
    limit = shift_of(instance, route).stop_limit
    excess = stops_of(instance, route) - limit
    if limit and excess > 0:
        yield broken(REASON, instance, route, excess_amount=excess)


def stops_of(instance: Instance, route: Route) -> int:
    """The number of different places in a row; one at the start is a stop too."""
    visited = [leg for leg in legs(instance, route) if leg.visit is not None]
    return sum(leg.rank == 0 or leg.here != leg.there for leg in visited)
