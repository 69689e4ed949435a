"""
Curves do second by second what they do by the piece.

Method: random curves of a few pieces; every operation is held against the same on single seconds.
"""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from services.planner.search.curve import Curve, cheapest, cut, lower, moved, summed, waited

SECONDS = range(60)
NOWHERE = 1 << 60


def some(dice: random.Random) -> Curve:
    """Up to five pieces, with gaps and jumps."""
    second, found = dice.randint(0, 5), Curve()
    for _ in range(dice.randint(0, 5)):
        first = second + dice.choice([0, 0, 1, 3])
        last = first + dice.randint(0, 6)
        found.append((first, last, dice.randint(-20, 20), dice.randint(-4, 4)))
        second = last + 1
    return found


def at(curve: Curve, second: int) -> int:
    """The value at a second; far beyond any where it is not."""
    pieces = (one for one in curve if one[0] <= second <= one[1])
    return next((value + slope * (second - first) for first, _, value, slope in pieces), NOWHERE)


def values(curve: Curve) -> list[int]:
    return [at(curve, second) for second in SECONDS]


@pytest.mark.parametrize("seed", range(100))
def test_each_operation_is_the_same_on_single_seconds(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(10):
        one, other = some(dice), some(dice)
        mine, yours = values(one), values(other)
        both = list(zip(mine, yours, strict=True))

        assert values(waited(one)) == [min(mine[: second + 1]) for second in SECONDS]
        assert values(lower(one, other)) == [min(pair) for pair in both]
        assert values(summed(one, other)) == [
            NOWHERE if NOWHERE in pair else sum(pair) for pair in both
        ]
        assert values(cut(moved(one, 3), 5, 20)) == [
            at(one, second - 3) if 5 <= second <= 20 else NOWHERE for second in SECONDS
        ]
        assert not one or cheapest(one) == min((v, second) for second, v in enumerate(mine))


@pytest.mark.parametrize("seed", range(20))
def test_pieces_stay_in_order_and_never_overlap(seed: int) -> None:
    dice = random.Random(seed)
    one, other = some(dice), some(dice)
    for found in (waited(one), lower(one, other), summed(one, other)):
        assert all(first <= last for first, last, _, _ in found)
        assert all(a[1] < b[0] for a, b in pairwise(found))
