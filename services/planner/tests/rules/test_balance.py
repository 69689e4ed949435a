"""
Balance: what a balanced plan reports is so, and cost no more than was allowed.

Method: one valid plan that reports how even it is, one change at a time; the verifier must name
this rule and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Evenness, Plan
from services.planner.domain.problem import Balance, Objective
from services.planner.tests.rules.valid import Change, nothing, told, valid, with_problem

ROUTE = valid()[1].routes[0]
COST = valid()[1].cost_micros
LASTED = ROUTE.end_second - ROUTE.start_second
DURATION, STOPS, LOAD = Balance.DURATION, Balance.STOPS, Balance.LOAD


def reported(asked: Balance, told_as: Evenness, percent: int = 0) -> Change:
    """The plan with a report, for a problem that asks for balance."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        objective = Objective(balance=asked, balance_cost_percent_max=percent)
        return with_problem(objective=objective)(instance, replace(plan, evenness=told_as))

    return change


TABLE = [
    (nothing, []),
    (reported(DURATION, Evenness(DURATION, LASTED, LASTED, COST)), []),
    (reported(STOPS, Evenness(STOPS, 5, 5, COST)), []),
    # 1 and 3 kg from the depot, 9 kg picked up.
    (reported(LOAD, Evenness(LOAD, 13_000, 13_000, COST)), []),
    (reported(STOPS, Evenness(STOPS, 4, 5, COST)), [("BALANCE", "", "STOPS", 0)]),
    (reported(LOAD, Evenness(STOPS, 5, 5, COST)), [("BALANCE", "", "STOPS", 0)]),
    (reported(STOPS, Evenness(STOPS, 5, 5, COST - 1)), [("BALANCE", "", "cost", 1)]),
    (reported(STOPS, Evenness(STOPS, 5, 5, COST * 100 // 105 + 1), 5), []),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_balance_is_told_as_balance_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
