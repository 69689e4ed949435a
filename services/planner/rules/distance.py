"""
Distance: a route is no longer than its shift allows.

Hard, where a limit is stated. Reason DISTANCE; cure: raise the limit.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import broken, legs, shift_of

REASON = Reason.DISTANCE
CURE = "raise the limit"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """A route over its limit, with the meters over it."""
    limit = shift_of(instance, route).distance_limit_meters
    excess = meters_of(instance, route) - limit
    if limit and excess > 0:
        yield broken(REASON, instance, route, excess_amount=excess)


def meters_of(instance: Instance, route: Route) -> int:
    """The length of a route."""
    return sum(
        instance.travel_meters(route.shift, leg.here, leg.there) for leg in legs(instance, route)
    )
