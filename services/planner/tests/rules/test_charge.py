"""
Charge: the battery stays above its reserve.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.energy import Battery, EnergyModel
from services.planner.rules.charge import charge_after_legs
from services.planner.rules.walk import Walk
from services.planner.tests.rules.valid import Change, told, valid, with_vehicle

MODEL = EnergyModel(100, 50, 600, 20)
FULL = 10_000


def electric(start: int, reserve: int = 0, end: int = 0) -> Change:
    """The van on a battery."""
    return with_vehicle(battery=Battery(FULL, start, reserve, end), energy=MODEL)


INSTANCE, PLAN = electric(FULL)(*valid())
LEVELS = list(charge_after_legs(Walk(INSTANCE, PLAN.routes[0])))
USED, USED_AT_CALL = FULL - LEVELS[-1], FULL - LEVELS[2]
TABLE = [
    (electric(USED), []),
    (electric(USED - 1), [("CHARGE", "", "reserve", 1)]),
    (electric(USED + 50, end=50), []),
    (electric(USED + 50, end=51), [("CHARGE", "", "end", 1)]),
    (electric(USED_AT_CALL + 500, reserve=501), [("CHARGE", "call", "reserve", 1)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_charge_is_told_as_charge_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected


def test_a_leg_takes_energy_by_way_load_time_and_stop() -> None:
    # 10 km with half a tonne in half an hour: 10 * 100 + 10 * 0.5 * 50 + 0.5 * 600
    assert MODEL.leg_watt_hours(10_000, 1_800, 500_000) == 1_000 + 250 + 300
    assert MODEL.leg_watt_hours(1, 1, 0) == 2  # each term rounds up
    assert sorted(LEVELS, reverse=True) == LEVELS
