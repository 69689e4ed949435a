"""
Breaks: a route holds every break of its shift, whole, in its window, outside service, unless the
route is over while the break may still start.

Hard. A break may lie between stops or interrupt driving; never setup, service or loading, and never
another break. Reason BREAK; cure: widen the break's window.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Break, Route, Violation
from services.planner.domain.reason import Reason
from services.planner.domain.shift import BreakRule, Shift
from services.planner.rules.walk import Leg, broken, legs, shift_of

REASON = Reason.BREAK
CURE = "widen the break's window"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """
    Breaks that are missing, held twice, outside their window, or that cut work or one another.
    """
    shift = shift_of(instance, route)
    held = [shift.breaks[held.rule].break_id for held in route.breaks]
    for rule in shift.breaks_left:
        follows = route.end_second <= rule.last_second
        if held.count(rule.break_id) > 1 or not (follows or rule.break_id in held):
            yield broken(REASON, instance, route, subject=rule.break_id, message="not held once")
    for leg in legs(instance, route):
        free_from = leg.departed_second
        for one in leg.breaks:
            rule = shift.breaks[one.rule]
            excess = misplaced(rule, one, free_from, leg)
            if excess:
                yield broken(REASON, instance, route, excess_seconds=excess, subject=rule.break_id)
            free_from = one.start_second + rule.length_seconds
    yield from elsewhere(instance, route, shift)


def misplaced(rule: BreakRule, held: Break, free_from: int, leg: Leg) -> int:
    """By how much a break leaves its window, or the free time of its leg."""
    early = max(rule.first_second, free_from) - held.start_second
    late = held.start_second - rule.last_second
    over = held.start_second + rule.length_seconds - leg.ready_second
    return max(0, early, late, over)


def elsewhere(instance: Instance, route: Route, shift: Shift) -> Iterator[Violation]:
    """Breaks that claim a leg which the route does not have."""
    for held in route.breaks:
        if not 0 <= held.leg <= len(route.visits):
            name = shift.breaks[held.rule].break_id
            yield broken(REASON, instance, route, subject=name, message="lies in no leg")
