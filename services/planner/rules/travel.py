"""
Travel: a vehicle is nowhere sooner than its road allows.

Hard. Between a departure and an arrival lie the whole time at the wheel and the breaks on the way;
a place without a way is not served; that one end lies in an area closed to the vehicle all the time
is for `zones` to tell. Reasons TRAVEL and REACHABLE; cure: plan again, or check the position and
the closures.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import Leg, Walk

REASON = Reason.TRAVEL
CURE = "plan again"
UNREACHABLE_REASON = Reason.REACHABLE
UNREACHABLE_CURE = "check the position and the closures"


def violations(walk: Walk) -> Iterator[Violation]:
    """Legs that are too quick, out of order, or lead where no way leads."""
    yield from cut_off(walk)
    for leg in walk.legs:
        if leg.is_cut_off:
            continue
        missing = leg.travel_seconds + (pause_seconds(walk, leg) if leg.breaks else 0)
        missing -= leg.arrival_second - leg.departed_second
        excess = max(missing, leg.arrival_second - leg.ready_second)
        if excess > 0:
            yield walk.broken(REASON, leg.visit, excess_seconds=excess)


def cut_off(walk: Walk) -> Iterator[Violation]:
    """Legs that lead where no way leads, though neither end is closed."""
    instance, shift = walk.instance, walk.route.shift
    for leg in walk.legs:
        ends = (leg.here, leg.there) if leg.is_cut_off else ()
        if ends and not any(instance.closing_area(shift, place) for place in ends):
            yield walk.broken(UNREACHABLE_REASON, leg.visit)


def pause_seconds(walk: Walk, leg: Leg) -> int:
    """How much of the way to the arrival is break."""
    rules = walk.shift.breaks
    return sum(
        min(leg.arrival_second, held.start_second + rules[held.rule].length_seconds)
        - held.start_second
        for held in leg.breaks
        if held.start_second < leg.arrival_second
    )
