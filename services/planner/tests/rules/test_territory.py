"""
Territory: a shift bound strictly serves nothing outside.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan
from services.planner.domain.problem import Territory
from services.planner.domain.shift import ShiftTerritory
from services.planner.tests.problems import spot
from services.planner.tests.rules.valid import Change, told, with_problem, with_shift, with_task


def square(low: float, high: float) -> Territory:
    """A square territory."""
    corners = ((low, low), (high, low), (high, high), (low, high))
    return Territory("home", tuple(spot(x, y) for x, y in corners))


def bound(
    territory: Territory, *, strict: bool = True, named: tuple[str, ...] = (), cost: int = 0
) -> Change:
    """The shift bound to a territory that some tasks name."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        both = with_problem(territories=(territory,))(instance, plan)
        both = with_shift(territories=(ShiftTerritory("home", strict, cost),))(*both)
        for task_id in named:
            both = with_task(task_id, territory_ids=frozenset({"home"}))(*both)
        return both

    return change


ALL = square(-4_000, 4_000)
EAST = square(0, 4_000)  # the call lies on its line
WEST = [("TERRITORY", "pick", "home", 0), ("TERRITORY", "drop", "home", 0)]
TABLE = [
    (bound(ALL), []),
    (bound(EAST), WEST),
    (bound(EAST, named=("pick",)), WEST[1:]),
    (bound(EAST, named=("pick", "drop")), []),
    (bound(EAST, strict=False), []),
    (bound(EAST, strict=False, cost=9), [("COST", "", "TERRITORY", -18)]),
    (bound(EAST, strict=False, named=("pick", "drop"), cost=9), []),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_territory_is_told_as_territory_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected
