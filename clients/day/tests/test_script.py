"""
The script: trouble is decided from the seed and the plan, and nobody is met by two troubles.

Method: a plan of five routes with eight stops each, every stop one task.
"""

from __future__ import annotations

import random

import pytest

from clients.day.script import STOPS_AHEAD, Mishap, Planned, write
from clients.day.stopped import Stopped


def plan(routes: int, stops: int) -> list[Planned]:
    return [
        Planned(f"r{r}", tuple(((f"t{r}-{s}", f"d{r}-{s}"),) for s in range(stops)))
        for r in range(routes)
    ]


def test_the_same_seed_writes_the_same_script() -> None:
    first = write(plan(5, 8), "late", random.Random(4))

    assert first == write(plan(5, 8), "late", random.Random(4))


@pytest.mark.parametrize("seed", range(20))
def test_troubles_do_not_meet(seed: int) -> None:
    script = write(plan(5, 8), "late", random.Random(seed))
    met = {task.replace("t", "d", 1) for task in script.mishaps}

    assert set(script.mishaps.values()) == set(Mishap)
    assert script.stalled_route != script.broken_route
    assert script.cancelled_delivery not in met
    assert {"late", script.cancelled_delivery, *met} <= script.touched


@pytest.mark.parametrize("seed", range(20))
def test_what_is_cancelled_lies_ahead_of_its_driver(seed: int) -> None:
    script = write(plan(5, 8), "late", random.Random(seed))

    assert int(script.cancelled_delivery.split("-")[1]) >= STOPS_AHEAD


def test_a_plan_too_small_for_trouble_is_refused() -> None:
    with pytest.raises(Stopped, match="too small"):
        write(plan(5, STOPS_AHEAD), "late", random.Random(1))
