"""
Distance: a route is no longer than its shift allows.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

import pytest

from services.planner.rules.walk import Walk
from services.planner.tests.rules.valid import Change, told, valid, with_shift

METERS = Walk(valid()[0], valid()[1].routes[0]).meters
TABLE = [
    (with_shift(distance_limit_meters=0), []),  # no limit
    (with_shift(distance_limit_meters=METERS), []),
    (with_shift(distance_limit_meters=METERS - 1), [("DISTANCE", "", "", 1)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_distance_is_told_as_distance_alone(
    change: Change, expected: list[object]
) -> None:
    assert told(change) == expected
