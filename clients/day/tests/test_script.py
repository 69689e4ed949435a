"""
The script: trouble is decided from the seed and the plan, and nobody is met by two troubles.

Method: a plan of five routes with eight stops each, every stop one task, the last ones at noon.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from clients.day.script import STOPS_AHEAD, TIME_AHEAD, Mishap, Planned, write
from clients.day.stopped import Stopped

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEN = NOON - timedelta(hours=2)


def plan(routes: int, stops: int, last: datetime = NOON) -> list[Planned]:
    return [
        Planned(f"r{r}", tuple(((f"t{r}-{s}", f"d{r}-{s}"),) for s in range(stops)), last)
        for r in range(routes)
    ]


def test_the_same_seed_writes_the_same_script() -> None:
    first = write(plan(5, 8), "late", TEN, random.Random(4))

    assert first == write(plan(5, 8), "late", TEN, random.Random(4))


@pytest.mark.parametrize("seed", range(20))
def test_troubles_do_not_meet(seed: int) -> None:
    script = write(plan(5, 8), "late", TEN, random.Random(seed))
    met = {task.replace("t", "d", 1) for task in script.mishaps}

    assert set(script.mishaps.values()) == set(Mishap)
    assert script.stalled_route != script.broken_route
    assert script.cancelled_delivery not in met
    assert {"late", script.cancelled_delivery, *met} <= script.touched


@pytest.mark.parametrize("seed", range(20))
def test_what_is_cancelled_lies_ahead_of_its_driver(seed: int) -> None:
    script = write(plan(5, 8), "late", TEN, random.Random(seed))

    assert int(script.cancelled_delivery.split("-")[1]) >= STOPS_AHEAD


@pytest.mark.parametrize("seed", range(20))
def test_what_is_cancelled_is_still_to_be_done_by_then(seed: int) -> None:
    early = plan(5, 8, TEN + TIME_AHEAD)
    late = Planned("r9", tuple(((f"t9-{s}", f"d9-{s}"),) for s in range(8)), NOON)

    script = write([*early, late], "late", TEN, random.Random(seed))

    assert script.cancelled_delivery == "d9-7"
    with pytest.raises(Stopped, match="too small"):
        write(early, "late", TEN, random.Random(seed))


def test_a_plan_too_small_for_trouble_is_refused() -> None:
    with pytest.raises(Stopped, match="too small"):
        write(plan(5, STOPS_AHEAD), "late", TEN, random.Random(1))
