"""
Shift: a route begins and ends within its shift.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.shift import StartState
from services.planner.tests.problems import DEPOT
from services.planner.tests.rules.valid import Change, told, valid, with_shift

BEGINS, ENDS = valid()[1].routes[0].start_second, valid()[1].routes[0].end_second


def under_way(second: int, began: int | None = None) -> Change:
    """The shift on its way from the depot, with its goods on board."""
    goods = frozenset({"early", "parcel"})
    state = StartState(second, DEPOT, goods, route_start_second=began)
    return with_shift(start_state=state)


TABLE = [
    (with_shift(end_second=ENDS), []),  # exactly at the end is allowed
    (with_shift(end_second=ENDS - 1), [("SHIFT", "", "end", 1)]),
    (with_shift(start_second=BEGINS), []),
    (with_shift(start_second=BEGINS + 1), [("SHIFT", "", "start", 1)]),
    (with_shift(earliest_start_second=BEGINS + 60), [("SHIFT", "", "start", 60)]),
    # One under way goes on when it stands, neither before nor after; its time costs since then.
    (under_way(BEGINS), []),
    (under_way(BEGINS, BEGINS), []),
    (under_way(BEGINS - 36), [("SHIFT", "", "start", 36), ("COST", "", "TIME", -250_000)]),
    (under_way(BEGINS + 5, BEGINS), [("SHIFT", "", "start", 5)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_the_shift_is_told_as_the_shift_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected
