"""
The walk: sums of what varies, and waiting for a window.

Method: the same steps are drawn ten thousand times, with a seed.
"""

from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest

from services.tracking.domain.service_time import Service
from services.tracking.domain.walk import Walk
from services.tracking.tests.town import NINE, at

DRAWS = 10_000


def quantiles(seconds: list[float]) -> tuple[float, float, float]:
    """The tenth, half and nine tenths."""
    ordered = sorted(seconds)
    return tuple(ordered[int(len(ordered) * share)] for share in (0.1, 0.5, 0.9))  # type: ignore[return-value]


@pytest.mark.parametrize("stops", [1, 3, 12])
def test_a_sum_of_skewed_services_has_the_tenths_of_its_draws(stops: int) -> None:
    dice, service = random.Random(stops), Service(120, 0.5)
    walk = Walk(NINE, 30.0**2)
    for _ in range(stops):
        walk.work(*service.moments)
    drawn = [
        dice.gauss(0, 30) + sum(dice.lognormvariate(math.log(120), 0.5) for _ in range(stops))
        for _ in range(DRAWS)
    ]

    raw, (low, middle, high) = walk.raw(), quantiles(drawn)
    told = (raw.middle - NINE).total_seconds()

    assert told == pytest.approx(middle, rel=0.06)
    assert told - raw.low_seconds == pytest.approx(low, rel=0.08, abs=15)
    assert told + raw.high_seconds == pytest.approx(high, rel=0.06)


@pytest.mark.parametrize("opening", [-30, 0, 3, 10, 60])
def test_waiting_moves_the_mean_and_takes_doubt_away(opening: float) -> None:
    dice, walk = random.Random(11), Walk(at(0), 300.0**2)
    walk.wait(at(opening))
    drawn = [max(dice.gauss(0, 300), 60 * opening) for _ in range(DRAWS)]
    mean = sum(drawn) / DRAWS

    assert (walk.at - at(0)).total_seconds() == pytest.approx(mean, abs=12)
    spread = math.sqrt(sum((one - mean) ** 2 for one in drawn) / DRAWS)
    assert walk.sigma == pytest.approx(spread, abs=12)


def test_what_all_stops_have_in_common_does_not_average_out() -> None:
    own, shared = Walk(NINE, 1.0), Walk(NINE, 1.0)
    for _ in range(16):
        own.work(100, 20.0**2)
        shared.work(100, 0.0, common=20.0)

    assert own.sigma == pytest.approx(80, abs=1)
    assert shared.sigma == pytest.approx(320, abs=1)


def test_a_break_moves_everything_and_doubts_nothing() -> None:
    walk = Walk(NINE, 900.0)
    walk.rest(1_800)

    assert (walk.at, walk.variance) == (NINE + timedelta(minutes=30), 900.0)
