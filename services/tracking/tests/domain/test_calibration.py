"""
Honest widths.

Method: arrivals are drawn from a truth that is wider, narrower or later than the walk believes;
after enough of them eight of ten of the next ones must lie inside.
"""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from services.tracking.domain.calibration import (
    HORIZON_MINUTES,
    Bend,
    Calibration,
    Mark,
    Raw,
    rank,
)
from services.tracking.domain.walk import Z_90
from services.tracking.tests.town import NINE, at

SIGMA = 100.0
RAW = Raw(at(30), Z_90 * SIGMA, Z_90 * SIGMA)


@pytest.mark.parametrize(("wider", "later"), [(1.0, 0), (2.0, 0), (0.6, 0), (1.5, 60), (1.0, -40)])
def test_eight_of_ten_lie_inside_whatever_the_walk_believes(wider: float, later: int) -> None:
    dice, bend, inside, below = random.Random(7), Bend(), 0, 0
    for number in range(6_000):
        came = RAW.middle + timedelta(seconds=later + dice.gauss(0, wider * SIGMA))
        if number >= 3_000:
            p10, _, p90 = bend.bent(RAW)
            inside += p10 <= came <= p90
            below += came <= p90
        bend = bend.after(RAW, came)

    assert 0.76 <= inside / 3_000 <= 0.84
    assert 0.87 <= below / 3_000 <= 0.93


def test_the_walk_is_believed_as_it_is_before_anything_came() -> None:
    p10, p50, p90 = Calibration().bent(RAW, NINE)

    assert (p50, p90 - p50) == (RAW.middle, timedelta(seconds=RAW.high_seconds))
    assert p50 - p10 == timedelta(seconds=RAW.low_seconds)


def test_a_few_arrivals_change_little() -> None:
    bend = Bend()
    for _ in range(3):
        bend = bend.after(RAW, at(300))

    assert bend.high < 1.3
    assert bend.count == 3


def test_an_arrival_teaches_the_horizon_it_was_expected_at_and_no_other() -> None:
    mark = Mark(30, NINE, at(25), at(30), at(35), RAW)

    bends = Calibration().after(mark, at(90)).bends

    changed = [HORIZON_MINUTES[i] for i, bend in enumerate(bends) if bend != Bend()]
    assert changed == [30]


@pytest.mark.parametrize(
    ("minutes", "horizon"), [(-5, 5), (5, 5), (5.1, 15), (60, 60), (240, 240), (900, 240)]
)
def test_a_horizon_ends_at_its_edge(minutes: float, horizon: int) -> None:
    assert HORIZON_MINUTES[rank(timedelta(minutes=minutes))] == horizon
