"""
Breaks: held once, whole, in their window, outside service.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Break, Plan
from services.planner.domain.shift import BreakRule
from services.planner.tests.problems import MINUTE, at
from services.planner.tests.rules.valid import Change, told, valid, with_route, with_shift

ROUTE = valid()[1].routes[0]
HELD = ROUTE.breaks[0]  # 30 minutes from 12:03, on the way to the last stop at 12:59
TABLE = [
    (with_route(breaks=()), [("BREAK", "", "lunch", 0)]),
    (with_route(breaks=(Break(0, at(11.5), 3), HELD)),
     [("BREAK", "", "lunch", 0), ("BREAK", "", "lunch", 60)]),
    (with_shift(breaks=(BreakRule("lunch", at(11), HELD.start_second - 1, 30 * MINUTE),)),
     [("BREAK", "", "lunch", 1)]),
    (with_shift(breaks=(BreakRule("lunch", HELD.start_second + 1, at(13), 30 * MINUTE),)),
     [("BREAK", "", "lunch", 1)]),
    (with_route(breaks=(replace(HELD, start_second=at(12.49)),)), [("BREAK", "", "lunch", 24)]),
    (with_route(breaks=(replace(HELD, leg=9),)), [("BREAK", "", "lunch", 0)]),
    # A route that is over while the break may still start need not hold it.
    (with_shift(breaks=(HELD_LATE := BreakRule("late", at(13), ROUTE.end_second, 30 * MINUTE),)),
     []),
]  # fmt: skip


def without_break(change: Change) -> Change:
    """The same plan without its break."""

    def both(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        return change(*with_route(breaks=())(instance, plan))

    return both


TABLE[-1] = (without_break(with_shift(breaks=(HELD_LATE,))), [])
EARLIER = BreakRule("late", at(12), ROUTE.end_second - 1, 30 * MINUTE)
TABLE.append((without_break(with_shift(breaks=(EARLIER,))), [("BREAK", "", "late", 0)]))


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_breaks_is_told_as_breaks_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
