"""
Goods: classes that may not be on board together.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan
from services.planner.tests.rules.valid import Change, told, with_problem, with_task


def classes(**by_task: str) -> Change:
    """Tasks with classes of goods; food and paint may not meet."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        both = with_problem(incompatible_goods=frozenset({frozenset({"food", "paint"})}))(
            instance, plan
        )
        for task_id, name in by_task.items():
            both = with_task(task_id, goods_class=name)(*both)
        return both

    return change


TABLE = [
    (classes(early="food", parcel="food"), []),
    (classes(early="food", parcel="paint"), [("GOODS", "", "food|paint", 0)]),
    (classes(early="food", pick="paint"), []),  # the food is gone before the paint comes
    (classes(pick="paint", drop="food"), []),  # one load, known by its pickup
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_goods_is_told_as_goods_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
