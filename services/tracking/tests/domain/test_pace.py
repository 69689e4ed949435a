"""
Pace: drivers' habits, today's traffic, delays at the gate, and what the route itself has shown.
"""

from __future__ import annotations

import math
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from services.tracking.domain.pace import Driven, Pace, learn_pace, with_traffic
from services.tracking.domain.progress import Progress, Visit
from services.tracking.domain.run import Run
from services.tracking.tests.town import NINE, at, route, run

SLOW, QUICK = "driver-1", "driver-2"


def legs(day: int, jam: float, seed: int = 1) -> list[Driven]:
    """A day of two drivers, one of them a fifth slower."""
    dice, found = random.Random(seed * 100 + day), []
    for driver, habit in ((SLOW, 1.2), (QUICK, 1.0)):
        for number in range(30):
            end = NINE - timedelta(days=day) + timedelta(minutes=3 * number)
            seconds = 120 * habit * jam * dice.lognormvariate(0, 0.14)
            found.append(Driven(driver, end, 120, seconds))
    return found


HISTORY = [
    leg for day in range(1, 15) for leg in legs(day, random.Random(day).lognormvariate(0, 0.08))
]


def driven(seconds: int = 0, visits: int = 0) -> Run:
    """A route that has shown so much, each leg planned at two minutes."""
    seen = {f"stp_{n}": Visit(f"stp_{n}", arrived_at=at(n)) for n in range(visits)}
    progress = Progress(
        "rte_1", 1, visits=seen, driven_seconds=seconds, planned_seconds=120 * visits
    )
    return run(route(), progress)


def test_an_empty_history_teaches_nothing() -> None:
    assert learn_pace([]) == Pace()
    assert with_traffic(Pace(), legs(0, 2.0), at(90)) == Pace()


def test_a_slow_driver_is_expected_to_be_slow() -> None:
    pace = learn_pace(HISTORY)

    slow, _ = pace.of(driven())
    quick, _ = pace.of(replace_driver(driven(), QUICK))

    assert slow / quick == pytest.approx(1.2, abs=0.06)
    assert pace.leg_spread == pytest.approx(0.14, abs=0.02)


def replace_driver(one: Run, driver_id: str) -> Run:
    """The same route, driven by somebody else."""
    one.route = replace(one.route, driver_id=driver_id)
    return one


def test_everybodys_legs_of_the_last_hours_are_todays_traffic() -> None:
    pace = learn_pace(HISTORY)

    jammed = with_traffic(pace, legs(0, 1.3), at(90))
    over = with_traffic(pace, legs(0, 1.3), at(600))

    assert jammed.of(driven())[0] / pace.of(driven())[0] > 1.15
    assert jammed.traffic_doubt < pace.traffic_doubt
    assert over.traffic == 0


def test_what_the_route_has_shown_counts_more_the_more_it_is() -> None:
    pace = learn_pace(HISTORY)
    start, doubt = pace.of(driven())
    after_two, _ = pace.of(driven(384, 2))
    after_ten, sure = pace.of(driven(1_920, 10))

    assert start < after_two < after_ten < 1.6
    assert sure < doubt


def test_delays_at_the_gate_are_learned_and_other_days_are_no_delays() -> None:
    pace = learn_pace(HISTORY, [240.0] * 90 + [86_400.0])

    assert pace.gate_seconds == pytest.approx(216)
    assert 0 < pace.gate_spread < 30
    assert learn_pace(HISTORY, []).gate_seconds == 0


def test_a_leg_is_bounded() -> None:
    assert Driven("d", NINE, 60, 1e9).logarithm == math.log(5)
