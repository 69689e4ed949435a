"""What is better, a new plan or the known one: tiers first, then cost, churn counted."""

from __future__ import annotations

from services.planner.domain.access import Charge
from services.planner.domain.instance import Instance
from services.planner.domain.plan import CostKind, Plan, Route, Unassigned, WhyNot
from services.planner.domain.problem import Problem
from services.planner.domain.reason import Reason
from services.planner.tests.problems import at, on_plane, shift, task
from services.planner.usecases.reoptimize import NOTHING_BETTER, score_of, with_reasons


def day() -> Instance:
    tasks = (task("low", 800, 0), task("high", 1_600, 0, priority=5))
    return on_plane(Problem(tasks, (shift("s0"),)))


def plan(micros: int, *left: Unassigned, charges: tuple[Charge, ...] = ()) -> Plan:
    """A plan of one route that costs so much."""
    costs = ((CostKind.TIME, micros), (CostKind.ACCESS, sum(c.amount_micros for c in charges)))
    route = Route(0, at(8), at(9), at(9), (), costs=costs, charges=charges)
    return Plan((route,), left)


def test_the_cheaper_plan_is_better_and_charges_of_zones_do_not_count() -> None:
    charged = plan(5, charges=(Charge("lez", "r", 100, "EUR", False, 0),))

    assert score_of(day(), plan(5)) == score_of(day(), charged) < score_of(day(), plan(6))


def test_a_task_of_a_higher_tier_is_worth_any_cost() -> None:
    without_high = plan(1, Unassigned(1, 10))
    without_low = plan(1_000, Unassigned(0, 10_000))

    assert score_of(day(), without_low) < score_of(day(), without_high)


def test_what_dropping_a_known_task_costs_counts() -> None:
    dropped = Plan(plan(5).routes, churn_drop_micros=1)

    assert score_of(day(), plan(5)) < score_of(day(), dropped)


def test_the_known_plan_takes_over_the_reasons_that_were_found() -> None:
    why = WhyNot(Reason.SKILL, ("s0",))
    found = plan(5, Unassigned(0, 10, (why,)))
    kept = with_reasons(plan(4, Unassigned(0, 10), Unassigned(1, 10)), found)

    assert [left.reasons for left in kept.unassigned] == [(why,), (NOTHING_BETTER,)]
