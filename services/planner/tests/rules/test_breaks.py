"""
Breaks: held once, whole, in their window, outside service.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Break, Plan
from services.planner.domain.shift import BreakRule, StartState
from services.planner.tests.problems import DEPOT, MINUTE, at
from services.planner.tests.rules.valid import Change, told, valid, with_route, with_shift

ROUTE = valid()[1].routes[0]
HELD = ROUTE.breaks[0]  # 30 minutes somewhere in the wait before the pickup opens
OPENS = ROUTE.visits[HELD.leg].ready_second
AGAIN = Break(0, at(12.25), HELD.leg + 1)  # in the wait before the last stop
LUNCH = 30 * MINUTE
GOODS = frozenset({"early", "parcel"})
TABLE = [
    (with_route(breaks=()), [("BREAK", "", "lunch", 0)]),
    (with_route(breaks=(HELD, AGAIN)), [("BREAK", "", "lunch", 0)]),
    (with_route(breaks=(HELD, replace(HELD, start_second=HELD.start_second + 60))),
     [("BREAK", "", "lunch", 0), ("BREAK", "", "lunch", LUNCH - 60)]),
    (with_shift(start_state=StartState(ROUTE.start_second, DEPOT, GOODS, frozenset({"lunch"}))),
     [("BREAK", "", "lunch", 0)]),
    (with_shift(breaks=(BreakRule("lunch", at(11), HELD.start_second - 1, 30 * MINUTE),)),
     [("BREAK", "", "lunch", 1)]),
    (with_shift(breaks=(BreakRule("lunch", HELD.start_second + 1, at(13), 30 * MINUTE),)),
     [("BREAK", "", "lunch", 1)]),
    (with_route(breaks=(replace(HELD, start_second=OPENS - LUNCH),)), []),
    (with_route(breaks=(replace(HELD, start_second=OPENS - LUNCH + 24),)),
     [("BREAK", "", "lunch", 24)]),
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
