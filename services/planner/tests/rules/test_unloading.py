"""
Unloading: the order in which picked-up goods leave.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Plan
from services.planner.domain.problem import Problem
from services.planner.domain.shift import Unloading
from services.planner.domain.task import TaskKind
from services.planner.rules.verify import verify
from services.planner.search.answers import time_routes
from services.planner.tests.problems import on_plane, shift, task

TABLE: list[tuple[str, Unloading, list[tuple[str, str]]]] = [
    ("abAB", Unloading.ANY, []),
    ("abAB", Unloading.FIFO, []),
    ("abAB", Unloading.LIFO, [("UNLOADING", "A")]),
    ("abBA", Unloading.LIFO, []),
    ("abBA", Unloading.FIFO, [("UNLOADING", "B")]),
    ("aAbB", Unloading.LIFO, []),
    ("aAbB", Unloading.FIFO, []),
]


def two_pairs(order: str, policy: Unloading) -> list[tuple[str, str]]:
    """The hard rules that a route of two pairs breaks: `aAbB` picks and drops a, then b."""
    tasks = [
        task("a", 500, 0, kind=TaskKind.PICKUP),
        task("A", 900, 0, pickup_task_id="a"),
        task("b", 0, 500, kind=TaskKind.PICKUP),
        task("B", 0, 900, pickup_task_id="b"),
    ]
    instance: Instance = on_plane(Problem(tuple(tasks), (shift("van", unloading=policy),)))
    nodes: list[Node] = [(instance.problem.rank_of_task[letter], 0) for letter in order]
    plan: Plan = time_routes(instance, [nodes], verify)
    return [(one.reason.value, one.task_id) for one in plan.violations if one.hard]


@pytest.mark.parametrize(("order", "policy", "expected"), TABLE)
def test_goods_leave_as_the_policy_demands(
    order: str, policy: Unloading, expected: list[tuple[str, str]]
) -> None:
    assert two_pairs(order, policy) == expected
