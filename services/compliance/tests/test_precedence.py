"""
Claims on the same ground: the last one that holds has it.

Method: random squares with random days; places and days on them are asked one by one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from services.compliance.domain.geometry import Area, Point, Polygon, Ring
from services.compliance.domain.precedence import Claim, settled
from services.compliance.domain.shapes import contains

FIRST, DAYS = date(2026, 1, 1), 40
STEP = 100_000  # of 1e-7 degrees


def square(x: int, y: int, side: int) -> Area:
    corners = ((x, y), (x + side, y), (x + side, y + side), (x, y + side))
    return (Polygon(Ring(tuple(Point(b * STEP, a * STEP) for a, b in corners))),)


def claim(dice: random.Random) -> Claim:
    start = FIRST + timedelta(days=dice.randrange(DAYS))
    end = start + timedelta(days=dice.randrange(1, DAYS))
    area = square(dice.randrange(20), dice.randrange(20), dice.randrange(1, 8))
    return Claim(area, start, dice.choice([end, None]))


def holder(claims: Sequence[Claim], place: Point, day: date) -> list[int]:
    there = [
        number
        for number, own in enumerate(claims)
        if own.start <= day and (own.end is None or day < own.end) and contains(own.area, place)
    ]
    return there[-1:]


@pytest.mark.parametrize("seed", range(4))
def test_the_last_claim_that_holds_has_the_ground(seed: int) -> None:
    dice = random.Random(seed)
    claims = [claim(dice) for _ in range(25)]
    left = settled(claims)
    for _ in range(100):
        x, y = (dice.randrange(28) * STEP + STEP // 2 for _ in "xy")
        place, day = Point(y, x), FIRST + timedelta(days=dice.randrange(2 * DAYS))
        found = [
            number
            for number, parts in enumerate(left)
            for part in parts
            if any(start <= day and (end is None or day < end) for start, end in part.spans)
            and contains(part.area, place)
        ]

        assert found == holder(claims, place, day), (place, day)
