"""
Points in polygons: the quick answer for many points is the exact one for each.

Method: random stars over random points, and points on their corners.
"""

from __future__ import annotations

import math
import random
import time

import pytest

from services.planner.domain.geometry import inside, ranks_inside
from services.planner.domain.instance import Instance
from services.planner.domain.problem import Problem, Territory
from services.planner.domain.travel import Point
from services.planner.tests.problems import shift, spot, task


def star(dice: random.Random, x: float, y: float, reach: float) -> tuple[Point, ...]:
    """A ring around a spot, near it in some directions and far in others."""
    corners = 12
    angles = [2 * math.pi * corner / corners for corner in range(corners)]
    lengths = [dice.uniform(0.3, 1) * reach for _ in angles]
    return tuple(
        spot(x + length * math.cos(angle), y + length * math.sin(angle))
        for angle, length in zip(angles, lengths, strict=True)
    )


@pytest.mark.parametrize("seed", range(5))
def test_many_points_are_told_as_each_by_itself(seed: int) -> None:
    dice = random.Random(seed)
    ring = star(dice, 0, 0, 3_000)
    points = [spot(dice.uniform(-4e3, 4e3), dice.uniform(-4e3, 4e3)) for _ in range(300)]
    points += ring
    found = ranks_inside(points, ring)

    assert found == [rank for rank, point in enumerate(points) if inside(point, (ring,))]
    assert 0 < len(found) < len(points)


def test_many_territories_are_looked_through_in_no_time() -> None:
    dice = random.Random(1)
    tasks = tuple(task(f"t{n}", dice.uniform(0, 2e4), dice.uniform(0, 2e4)) for n in range(10_000))
    areas = tuple(
        Territory(f"a{n}", star(dice, dice.uniform(0, 2e4), dice.uniform(0, 2e4), 1_000))
        for n in range(500)
    )
    instance = Instance(Problem(tasks, (shift("van"),), territories=areas), (), ())
    begun = time.process_time()
    found = instance.territories_of_task

    assert time.process_time() - begun < 2
    assert any(found)
