"""
Penalties: what a plan claims for what it leaves out is what is due.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Unassigned
from services.planner.tests.problems import task
from services.planner.tests.rules.valid import Change, told, valid


def left_out(penalty: int, claimed: int) -> Change:
    """A further task with a penalty, left out for what the plan claims."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        tasks = (*instance.problem.tasks, task("more", 0, 100, penalty_micros=penalty))
        wider = replace(instance, problem=replace(instance.problem, tasks=tasks))
        return wider, replace(plan, unassigned=(Unassigned(len(tasks) - 1, claimed),))

    return change


DEFAULT = valid()[0].penalties[0]
TABLE = [
    (left_out(90, 90), []),
    (left_out(90, 89), [("COST", "more", "UNASSIGNED", -1)]),
    (left_out(0, DEFAULT), []),
    (left_out(0, 0), [("COST", "more", "UNASSIGNED", -DEFAULT)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_penalties_is_told_as_penalties_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected


def test_the_default_is_dearer_than_any_day() -> None:
    assert valid()[1].cost_micros < DEFAULT
