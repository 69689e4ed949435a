"""
Balance: what a balanced plan reports is so, and cost no more than was allowed.

Method: one valid plan that reports how even it is, one change at a time; the verifier must name
this rule and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.access import Charge
from services.planner.domain.instance import Instance
from services.planner.domain.plan import CostKind, Evenness, Plan
from services.planner.domain.problem import Balance, Objective
from services.planner.rules.verify import verify
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


def charged(change: Change) -> Change:
    """The plan after a zone has charged its route."""

    def more(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        own = plan.routes[0]
        toll = Charge("ring", "toll", 2_000_000, "EUR", is_daily=False, presence=0)
        costs = (*own.costs, (CostKind.ACCESS, toll.amount_micros))
        dearer = replace(own, charges=(toll,), costs=costs)
        return change(instance, plan.with_routes((dearer,)))

    return more


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
    # What zones charge is known only once the plan is made.
    (charged(reported(STOPS, Evenness(STOPS, 5, 5, COST))), []),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_balance_is_told_as_balance_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected


def test_an_answer_that_does_not_report_how_even_it_is_breaks_balance_alone() -> None:
    instance, plan = with_problem(objective=Objective(balance=STOPS))(*valid())
    reported_plan = replace(plan, evenness=Evenness(STOPS, 5, 5, COST))

    assert [one.reason.value for one in verify(instance, plan, is_answer=True)] == ["BALANCE"]
    assert verify(instance, reported_plan, is_answer=True) == ()
    assert verify(instance, plan) == ()
