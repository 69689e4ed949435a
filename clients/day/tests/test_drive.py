"""
Driving: where a vehicle is along its road, and what its device says of it.

Method: a straight road along a meridian, where a metre is a known share of a degree.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from clients.day.drive import Leg, along, driving, meters_between, standing

SOUTH, NORTH = (60.0, 25.0), (60.01, 25.0)
NINE = datetime(2026, 11, 24, 9, tzinfo=UTC)
LEG = Leg((SOUTH, NORTH), NINE, timedelta(minutes=4), 1112)


def test_a_hundredth_of_a_degree_of_latitude_is_1112_meters() -> None:
    assert round(meters_between(SOUTH, NORTH)) == 1112


@pytest.mark.parametrize(
    ("share", "latitude"), [(-1, 60.0), (0, 60.0), (0.25, 60.0025), (1, 60.01), (2, 60.01)]
)
def test_a_share_of_the_way_is_a_share_of_its_length(share: float, latitude: float) -> None:
    assert along([SOUTH, (60.004, 25.0), NORTH], share)[0] == pytest.approx(latitude)


@pytest.mark.parametrize(("minutes", "meters"), [(0, 0), (1, 278), (2, 556), (4, 1112), (9, 1112)])
def test_the_odometer_grows_with_the_way(minutes: int, meters: int) -> None:
    reading = driving(LEG, NINE + timedelta(minutes=minutes), 5_000, random.Random(1))

    assert reading.odometer_meters == 5_000 + meters
    assert reading.ignition


def test_positions_stray_by_meters_and_not_by_streets() -> None:
    dice = random.Random(2)
    strays = [meters_between(SOUTH, standing(SOUTH, NINE, 0, dice).point) for _ in range(1000)]

    assert max(strays) < 40
    assert sum(strays) / len(strays) > 3
