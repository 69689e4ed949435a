"""
Travel values are valid or they do not exist.
"""

from __future__ import annotations

import math
from datetime import datetime

import pytest

from services.planner.domain.travel import (
    BLOCKED_AREAS_MAX,
    POINTS_MAX,
    RING_POINTS_MAX,
    BlockedArea,
    Point,
    Profile,
    TravelQuestion,
)

HERE = Point(60.17, 24.94)
TRIANGLE = (Point(60.17, 24.94), Point(60.18, 24.94), Point(60.17, 24.95))


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (math.nan, 24.0),
        (60.0, math.nan),
        (math.inf, 24.0),
        (90.1, 24.0),
        (-90.1, 24.0),
        (60.0, 180.1),
        (60.0, -180.1),
        (0.0, 0.0),
    ],
)
def test_what_is_no_position_is_refused(latitude: float, longitude: float) -> None:
    with pytest.raises(ValueError, match=r"coordinate|latitude"):
        Point(latitude, longitude)


def test_the_poles_and_the_date_line_are_positions() -> None:
    assert Point(90, 180).latitude == 90
    assert Point(-90, -180).longitude == -180


@pytest.mark.parametrize("rings", [(), ((HERE, HERE, HERE),), (TRIANGLE, TRIANGLE[:2])])
def test_a_ring_without_an_inside_is_refused(rings: tuple[tuple[Point, ...], ...]) -> None:
    with pytest.raises(ValueError, match="at least 3"):
        BlockedArea("zone", rings)


def test_limits_hold_at_the_limit_and_not_one_past_it() -> None:
    area = BlockedArea("zone", (TRIANGLE,))
    TravelQuestion((HERE,) * POINTS_MAX, Profile.VAN, None, (area,) * BLOCKED_AREAS_MAX)
    ring = TRIANGLE[:2] + (TRIANGLE[2],) * (RING_POINTS_MAX - 2)
    BlockedArea("zone", (ring,))

    with pytest.raises(ValueError, match="points"):
        TravelQuestion((HERE,) * (POINTS_MAX + 1), Profile.VAN)
    with pytest.raises(ValueError, match="areas"):
        TravelQuestion((HERE,), Profile.VAN, None, (area,) * (BLOCKED_AREAS_MAX + 1))
    with pytest.raises(ValueError, match="points"):
        BlockedArea("zone", ((*ring, TRIANGLE[2]),))


def test_a_naive_departure_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        TravelQuestion((HERE,), Profile.VAN, datetime(2026, 11, 25, 8))  # noqa: DTZ001
