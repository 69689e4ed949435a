"""
What is drawn: the same for a seed, and inside the bounds that the distributions state.

Method: a thousand deliveries of one day, looked at as a whole.
"""

from __future__ import annotations

import random
import statistics
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from clients.day.draw import (
    BULKY_SKILL,
    MASS_GRAMS_MAX,
    MASS_GRAMS_MIN,
    Drawn,
    draw,
    service_seconds,
    took,
)

DAY, ZONE = date(2026, 11, 24), ZoneInfo("Europe/Helsinki")


@pytest.fixture(scope="module")
def thousand() -> list[Drawn]:
    dice = random.Random(1)
    return [draw(dice, DAY, ZONE) for _ in range(1000)]


def test_the_same_seed_draws_the_same_day() -> None:
    first, second = random.Random(7), random.Random(7)

    assert [draw(first, DAY, ZONE) for _ in range(50)] == [
        draw(second, DAY, ZONE) for _ in range(50)
    ]


def test_parcels_keep_to_the_stated_masses(thousand: list[Drawn]) -> None:
    masses = [
        parcel.mass_grams
        for drawn in thousand
        for parcel in drawn.parcels
        if BULKY_SKILL not in drawn.skills
    ]

    assert min(masses) >= MASS_GRAMS_MIN
    assert max(masses) <= MASS_GRAMS_MAX
    assert 1_900 <= statistics.median(masses) <= 2_500


def test_an_appliance_comes_alone_and_asks_for_two(thousand: list[Drawn]) -> None:
    bulky = [drawn for drawn in thousand if BULKY_SKILL in drawn.skills]

    assert 20 <= len(bulky) <= 60
    assert all(len(drawn.parcels) == 1 for drawn in bulky)
    assert all(drawn.parcels[0].volume_cubic_centimeters > 1_000_000 for drawn in bulky)


def test_every_promise_lies_on_the_day_in_civil_time(thousand: list[Drawn]) -> None:
    for start, end in (drawn.promise for drawn in thousand):
        assert start.date() == end.date() == DAY
        assert timedelta(hours=2) <= end - start <= timedelta(hours=9)


@pytest.mark.parametrize(
    ("parcels", "floor", "has_lift", "seconds"),
    [(1, 0, False, 140), (3, 0, True, 180), (1, 5, False, 320), (1, 5, True, 190)],
)
def test_stairs_cost_more_than_a_lift(
    parcels: int, floor: int, has_lift: bool, seconds: int
) -> None:
    assert service_seconds(parcels, floor, has_lift=has_lift) == seconds


def test_real_service_times_scatter_around_the_plan() -> None:
    dice = random.Random(3)
    planned = timedelta(minutes=4)
    seconds = [took(dice, planned).total_seconds() for _ in range(2000)]

    assert 230 <= statistics.median(seconds) <= 250
    assert sum(length > 1.5 * planned.total_seconds() for length in seconds) < 40
