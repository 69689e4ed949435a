"""
Coverage: every task once, every shift one route at most.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Unassigned
from services.planner.domain.problem import Problem
from services.planner.tests.problems import task
from services.planner.tests.rules.valid import Change, told


def left_out(*ranks: int) -> Change:
    """The plan that says it leaves tasks out."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        left = tuple(Unassigned(rank, instance.penalties[rank]) for rank in ranks)
        return instance, replace(plan, unassigned=left)

    return change


def one_more(then: Change) -> Change:
    """The problem with one task more."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        tasks = (*instance.problem.tasks, task("more", 0, 100))
        problem: Problem = replace(instance.problem, tasks=tasks)
        return then(replace(instance, problem=problem), plan)

    return change


def twice(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
    """The same route twice."""
    return instance, plan.with_routes(plan.routes * 2)


def idle(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
    """A route without a visit, of a shift that costs nothing."""
    route = replace(plan.routes[0], visits=(), breaks=(), costs=())
    return left_out(0, 1, 2, 3, 4)(instance, plan.with_routes((route,)))


TABLE = [
    (left_out(), []),
    (left_out(2), [("COVERAGE", "call", "", 0)]),
    (one_more(left_out()), [("COVERAGE", "more", "", 0)]),
    (one_more(left_out(5)), []),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_coverage_is_told_as_coverage_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected


def test_a_shift_with_two_routes_is_told_besides_its_tasks() -> None:
    names = [task_id for reason, task_id, *_ in told(twice) if reason == "COVERAGE"]

    assert names == ["early", "parcel", "call", "pick", "drop", ""]


def test_a_route_without_a_visit_is_none() -> None:
    assert ("COVERAGE", "", "", 0) in told(idle)
