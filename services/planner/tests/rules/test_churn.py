"""
Churn: departing from a known plan costs, by shift, by time, and for what is left out.

Method: one valid plan, one change at a time; the verifier must name the missing cost and no other
rule.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Unassigned
from services.planner.domain.problem import Churn, FixedRoute, FixedVisit
from services.planner.tests.problems import HOUR, task
from services.planner.tests.rules.valid import Change, told, valid, visit_of, with_problem

CALLED = valid()[1].routes[0].visits[visit_of("call")].start_second


def known(task_id: str, shift_id: str, second: int | None = None) -> Change:
    """A known plan that serves one task, with what departing from it costs."""
    routes = (FixedRoute(shift_id, (FixedVisit(task_id, "", second),)),)
    return with_problem(churn=Churn(routes, 50, HOUR, 10, 7))


def gone(paid: int) -> Change:
    """The known plan served a task that is left out now."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        tasks = (*instance.problem.tasks, task("gone", 0, 100))
        wider = replace(instance, problem=replace(instance.problem, tasks=tasks))
        left = (Unassigned(len(tasks) - 1, wider.penalties[-1]),)
        told_plan = replace(plan, unassigned=left, churn_drop_micros=paid)
        return known("gone", "van")(wider, told_plan)

    return change


TABLE = [
    (known("call", "van", CALLED), []),
    (known("call", "van", CALLED - 10), []),
    (known("call", "bike"), [("COST", "", "CHURN", -50)]),
    (known("call", "van", CALLED - 13), [("COST", "", "CHURN", -3)]),
    (known("call", "bike", CALLED + 13), [("COST", "", "CHURN", -53)]),
    (gone(7), []),
    (gone(0), [("COST", "", "CHURN", -7)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_what_is_not_paid_is_told_as_that_cost_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected
