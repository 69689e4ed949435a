"""
Travel: a vehicle is nowhere sooner than its road allows.

Hard. Between a departure and an arrival lie the whole time at the wheel and the breaks on the way;
a place without a way is not served. Reasons TRAVEL and REACHABLE; cure: plan again, or check the
position and the closures.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.reason import Reason
from services.planner.domain.travel import UNREACHABLE
from services.planner.rules.walk import Leg, broken, legs, shift_of

REASON = Reason.TRAVEL
CURE = "plan again"
UNREACHABLE_REASON = Reason.REACHABLE
UNREACHABLE_CURE = "check the position and the closures"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """Legs that are too quick, out of order, or lead where no way leads."""
    for leg in legs(instance, route):
        needed = instance.travel_seconds(route.shift, leg.here, leg.there)
        if needed >= UNREACHABLE:
            yield broken(UNREACHABLE_REASON, instance, route, leg.visit)
            continue
        missing = needed + pause_seconds(instance, route, leg)
        missing -= leg.arrival_second - leg.departed_second
        excess = max(missing, leg.arrival_second - leg.ready_second)
        if excess > 0:
            yield broken(REASON, instance, route, leg.visit, excess_seconds=excess)


def pause_seconds(instance: Instance, route: Route, leg: Leg) -> int:
    """How much of the way to the arrival is break."""
    rules = shift_of(instance, route).breaks
    return sum(
        min(leg.arrival_second, held.start_second + rules[held.rule].length_seconds)
        - held.start_second
        for held in leg.breaks
        if held.start_second < leg.arrival_second
    )
