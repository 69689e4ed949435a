"""
Breaks: a route holds every break of its shift, whole, in its window, outside service, unless the
route is over while the break may still start.

Hard. A break may lie between stops or interrupt driving; never setup, service or loading, and never
another break. Reason BREAK; cure: widen the break's window.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Break, Violation
from services.planner.domain.reason import Reason
from services.planner.domain.shift import BreakRule
from services.planner.rules.walk import Leg, Walk

REASON = Reason.BREAK
CURE = "widen the break's window"


def violations(walk: Walk) -> Iterator[Violation]:
    """
    Breaks that are missing, held twice, outside their window, or that cut work or one another.
    """
    if walk.shift.breaks:
        yield from miscounted(walk)
        yield from elsewhere(walk)
        for leg in walk.legs:
            yield from misplaced(walk, leg)


def miscounted(walk: Walk) -> Iterator[Violation]:
    """Breaks that are missing or held twice; one that was over before the start counts as held."""
    rules, left = walk.shift.breaks, walk.shift.breaks_left
    held = [rules[held.rule].break_id for held in walk.route.breaks]
    for rule in rules:
        follows = rule not in left or walk.route.end_second <= rule.last_second
        wrong = held.count(rule.break_id) > (rule in left)
        if wrong or not (follows or rule.break_id in held):
            yield walk.broken(REASON, subject=rule.break_id, message="not held once")


def misplaced(walk: Walk, leg: Leg) -> Iterator[Violation]:
    """The breaks of a leg that leave their window, or the free time of the leg."""
    free_from = leg.departed_second
    for held in leg.breaks:
        rule = walk.shift.breaks[held.rule]
        excess = outside(rule, held, free_from, leg)
        if excess:
            yield walk.broken(REASON, excess_seconds=excess, subject=rule.break_id)
        free_from = held.start_second + rule.length_seconds


def outside(rule: BreakRule, held: Break, free_from: int, leg: Leg) -> int:
    """By how much a break leaves its window, or the free time of its leg."""
    early = max(rule.first_second, free_from) - held.start_second
    late = held.start_second - rule.last_second
    over = held.start_second + rule.length_seconds - leg.ready_second
    return max(0, early, late, over)


def elsewhere(walk: Walk) -> Iterator[Violation]:
    """Breaks that claim a leg which the route does not have."""
    for held in walk.route.breaks:
        if not 0 <= held.leg < len(walk.legs):
            name = walk.shift.breaks[held.rule].break_id
            yield walk.broken(REASON, subject=name, message="lies in no leg")
