"""
Capacity: what is on board against what the vehicle can carry.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.tests.rules.valid import Change, told, with_vehicle

# On board: 4 kg, 3,000 cm3 and 3 items at first, 9 kg and one item after the pickup.
TABLE = [
    (with_vehicle(capacity=(9_000, 3_000, 3)), []),
    (with_vehicle(capacity=(8_999, 3_000, 3)), [("CAPACITY", "pick", "mass_grams", 1)]),
    (with_vehicle(capacity=(9_000, 2_999, 3)), [("CAPACITY", "", "volume_cubic_centimeters", 1)]),
    (with_vehicle(capacity=(9_000, 3_000, 2)), [("CAPACITY", "", "item_count", 1)]),
    (with_vehicle(capacity=(0, 0, 0)), []),  # no limit
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_capacity_is_told_as_capacity_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected
