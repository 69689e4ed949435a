"""
Travel: a vehicle is nowhere sooner than its road allows.

Hard. Between a departure and an arrival lie the whole time at the wheel and the breaks on the way;
a place without a way is not served. Reasons TRAVEL and REACHABLE; cure: plan again, or check the
position and the closures.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.domain.travel import UNREACHABLE
from services.planner.rules.walk import Leg, Walk

REASON = Reason.TRAVEL
CURE = "plan again"
UNREACHABLE_REASON = Reason.REACHABLE
UNREACHABLE_CURE = "check the position and the closures"


def violations(walk: Walk) -> Iterator[Violation]:
    """Legs that are too quick, out of order, or lead where no way leads."""
    for leg in walk.legs:
        if leg.travel_seconds >= UNREACHABLE:
            yield walk.broken(UNREACHABLE_REASON, leg.visit)
            continue
        missing = leg.travel_seconds + (pause_seconds(walk, leg) if leg.breaks else 0)
        missing -= leg.arrival_second - leg.departed_second
        excess = max(missing, leg.arrival_second - leg.ready_second)
        if excess > 0:
            yield walk.broken(REASON, leg.visit, excess_seconds=excess)


def pause_seconds(walk: Walk, leg: Leg) -> int:
    """How much of the way to the arrival is break."""
    rules = walk.shift.breaks
    return sum(
        min(leg.arrival_second, held.start_second + rules[held.rule].length_seconds)
        - held.start_second
        for held in leg.breaks
        if held.start_second < leg.arrival_second
    )
