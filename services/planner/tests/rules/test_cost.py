"""
Cost: what a route claims is what its terms add up to.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.access import Charge
from services.planner.domain.plan import CostKind
from services.planner.domain.shift import Costs
from services.planner.tests.rules.valid import (
    Change,
    told,
    valid,
    with_option,
    with_route,
    with_shift,
    with_task,
)

CLAIMED = valid()[1].routes[0].costs
TIME, DISTANCE = (dict(CLAIMED)[kind] for kind in (CostKind.TIME, CostKind.DISTANCE))
HOUR, KILOMETER = 25_000_000, 400_000


def dearer(**more: int) -> Change:
    """The shift with a further cost that the plan does not claim."""
    return with_shift(costs=Costs(hour_micros=HOUR, kilometer_micros=KILOMETER, **more))


TABLE = [
    (with_route(costs=((CostKind.TIME, TIME + 1), (CostKind.DISTANCE, DISTANCE))),
     [("COST", "", "TIME", 1)]),
    (with_route(costs=((CostKind.TIME, TIME),)), [("COST", "", "DISTANCE", -DISTANCE)]),
    (dearer(fixed_micros=7), [("COST", "", "FIXED", -7)]),
    (dearer(stop_micros=2), [("COST", "", "STOPS", -10)]),
    (with_option("call", extra_cost_micros=9), [("COST", "", "ALTERNATIVE", -9)]),
    (with_task("call", preferred_shift_ids=frozenset({"bike"}), preference_cost_micros=5),
     [("COST", "", "PREFERENCE", -5)]),
    (with_route(charges=(Charge("zone", "rule", 11, "EUR", is_daily=True, presence=4),)),
     [("COST", "", "ACCESS", -11)]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_cost_is_told_as_cost_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
