"""
A small share of the measured rounds: enough to notice that a fence broke.

All of them: `python -m tests.benchmarks.geofences`.
"""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from tests.benchmarks.geofences import Tally, broken, measured, summed
from tests.benchmarks.receivers import RECEIVERS
from tests.benchmarks.rounds import STREETS

RADIUS_METERS_A_SECOND = 15.0


@pytest.mark.parametrize("street", STREETS)
def test_a_van_serves_every_stop_of_a_round_once_and_never_jumps(street: str) -> None:
    driven = STREETS[street](random.Random(1))

    assert sorted(stay.stop for stay in driven.stays) == list(range(len(driven.doors)))
    for before, after in pairwise(driven.stays):
        assert before.end < after.start
    for (ax, ay), (bx, by) in pairwise(driven.path):
        assert abs(ax - bx) + abs(ay - by) < 2 * RADIUS_METERS_A_SECOND


@pytest.mark.parametrize(("street", "receiver"), [("estate", "noise"), ("avenue", "drift")])
def test_a_round_has_no_flap_and_no_false_arrival(street: str, receiver: str) -> None:
    seen_by = [one for one in RECEIVERS if one.name == receiver]
    total = summed(measured([7], (street,), seen_by, (10,)))["total"]["all"]

    assert (total.flaps, total.passing, total.mistaken) == (0, 0, 0)
    assert total.found >= 0.9 * total.stays


def test_a_broken_target_is_named() -> None:
    assert broken(Tally(stays=100, found=100, sure=10, alone=10)) == []
    assert broken(Tally(stays=100, found=98, sure=10, alone=10, passing=1)) == [
        "false_arrivals: 1",
        "found_share: 0.98",
    ]
