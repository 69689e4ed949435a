"""
Coverage: every task once, every shift one route at most.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.instance import RELOAD, Instance
from services.planner.domain.plan import Break, Plan, Unassigned, WhyNot
from services.planner.domain.problem import Problem
from services.planner.domain.reason import Reason
from services.planner.rules.verify import verify
from services.planner.tests.problems import task
from services.planner.tests.rules.valid import Change, told, valid, with_route


def left_out(*ranks: int) -> Change:
    """The plan that says it leaves tasks out."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        due = dict(enumerate(instance.penalties))
        left = tuple(Unassigned(rank, due.get(rank, 1)) for rank in ranks)
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


def naming(**changes: object) -> Change:
    """The plan whose first visit names something else."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        route = plan.routes[0]
        visits = (replace(route.visits[0], **changes), *route.visits[1:])  # type: ignore[arg-type]
        return instance, plan.with_routes((replace(route, visits=visits),))

    return change


def of_shift(rank: int) -> Change:
    """The route of another shift."""
    return with_route(shift=rank)


TABLE = [
    (left_out(), []),
    # What does not exist is told alone: nothing else can be asked then.
    (naming(task=5), [("COVERAGE", "", "", 0)]),
    (naming(option=1), [("COVERAGE", "", "", 0)]),
    (naming(task=RELOAD), [("COVERAGE", "", "", 0)]),
    (of_shift(1), [("COVERAGE", "", "", 0)]),
    (left_out(5), [("COVERAGE", "", "", 0)]),
    (with_route(breaks=(Break(1, 0, 0),)), [("COVERAGE", "", "", 0)]),
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


def test_an_answer_says_why_it_leaves_a_task_out() -> None:
    instance, plan = one_more(left_out(5))(*valid())
    why = WhyNot(Reason.NO_ROOM, ("van",))
    told_why = replace(plan, unassigned=(replace(plan.unassigned[0], reasons=(why,)),))

    assert [one.task_id for one in verify(instance, plan, is_answer=True)] == ["more"]
    assert verify(instance, told_why, is_answer=True) == ()
