"""
The benchmark of expected arrivals says so when a target is missed, and drives what it says.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.benchmarks import eta, eta_town


def seed(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A seed that meets every target."""
    known = {"ratio": 0.7, "silent_widenings": 0, "inside": 0.8, **changes}
    ours = {"count": 100, "inside": known.pop("inside")}
    return {"seed": number, "ours": ours, **known}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([seed()], []),
        ([seed(ratio=0.86)], ["seed 1: error is 0.86"]),
        ([seed(silent_widenings=2)], ["seed 1: 2 intervals widened in silence"]),
        ([seed(inside=0.72), seed(2, inside=0.84)], []),  # one day has its own traffic
        ([seed(inside=0.72), seed(2, inside=0.75)], ["73.5% inside"]),
        ([seed(inside=0.60), seed(2, inside=0.95)], ["seed 1: 60.0%", "seed 2: 95.0%"]),
    ],
)
def test_a_target_that_is_missed_is_told(rows: list[dict[str, Any]], words: list[str]) -> None:
    found = eta.faults(rows)

    assert len(found) == len(words)
    assert all(line.startswith(start) for line, start in zip(found, words, strict=True))


def test_a_day_of_a_seed_is_always_the_same_and_another_of_another() -> None:
    one, again, other = (eta_town.Town(number).day(0, 2) for number in (1, 1, 2))

    assert [truth.times() for truth in one] == [truth.times() for truth in again]
    assert [truth.times() for truth in one] != [truth.times() for truth in other]


def test_routes_are_driven_as_their_truth_says() -> None:
    truths = eta_town.Town(3).day(0, 1)
    learner = eta.Learner()
    day = eta.driven(truths, learner, learning=True, note=True)

    stops = len(truths[0].route.stops)
    assert len(learner.history) == stops
    assert len(day.last_told.errors) == stops
    told = [round(seconds) for seconds in truths[0].service_seconds]
    assert [one.seconds for one in learner.history] == pytest.approx(told, abs=1)
