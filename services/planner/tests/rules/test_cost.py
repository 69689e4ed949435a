"""
Cost: what a route claims is what its terms add up to.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.access import Charge
from services.planner.domain.energy import Battery, EnergyModel
from services.planner.domain.instance import Instance
from services.planner.domain.plan import CostKind, Plan
from services.planner.domain.shift import Costs
from services.planner.rules.cost import used_watt_hours
from services.planner.rules.walk import Walk
from services.planner.tests.rules.valid import (
    Change,
    told,
    valid,
    with_route,
    with_shift,
    with_vehicle,
)

CLAIMED = valid()[1].routes[0].costs
TIME, DISTANCE = (dict(CLAIMED)[kind] for kind in (CostKind.TIME, CostKind.DISTANCE))
HOUR, KILOMETER = 25_000_000, 400_000
LASTED = valid()[1].routes[0].end_second - valid()[1].routes[0].start_second
MODEL = EnergyModel(100, 50, 600, 20)
FULL = Battery(10_000, 10_000)


def dearer(**more: int) -> Change:
    """The shift with a further cost that the plan does not claim."""
    return with_shift(costs=Costs(hour_micros=HOUR, kilometer_micros=KILOMETER, **more))


def electric(**more: int) -> Change:
    """The van on a battery, with a further cost."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        return dearer(**more)(*with_vehicle(battery=FULL, energy=MODEL)(instance, plan))

    return change


USED = used_watt_hours(Walk(electric()(*valid())[0], valid()[1].routes[0]))
TABLE = [
    (with_route(costs=((CostKind.TIME, TIME + 1), (CostKind.DISTANCE, DISTANCE))),
     [("COST", "", "TIME", 1)]),
    (with_route(costs=((CostKind.TIME, TIME),)), [("COST", "", "DISTANCE", -DISTANCE)]),
    (dearer(fixed_micros=7), [("COST", "", "FIXED", -7)]),
    (dearer(stop_micros=2), [("COST", "", "STOPS", -10)]),
    (dearer(overtime_hour_micros=3_600, overtime_after_seconds=LASTED - 5),
     [("COST", "", "OVERTIME", -5)]),
    (dearer(overtime_hour_micros=3_600, overtime_after_seconds=LASTED), []),
    (electric(kilowatt_hour_micros=1_000), [("COST", "", "ENERGY", -USED)]),
    (with_route(charges=(Charge("zone", "rule", 11, "EUR", is_daily=True, presence=4),)),
     [("COST", "", "ACCESS", -11)]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_cost_is_told_as_cost_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected
