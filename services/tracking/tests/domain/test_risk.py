"""
The chance of missing a promise.

Method: an expectation with a spread that can be reckoned with, and promises that end so many
standard deviations after it; the probabilities are those of the table of the normal distribution.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tracking.domain.event import Eta, EtaBasis, Risk, RiskLevel
from services.tracking.domain.risk import (
    CERTAIN_FROM,
    HIGH_FROM,
    MEDIUM_FROM,
    assess,
    higher,
    level_of,
    standing,
)
from services.tracking.domain.route import Window
from services.tracking.domain.walk import Z_90
from services.tracking.tests.town import NINE, SERVICE_SECONDS, at, route, stop, task

SIGMA = timedelta(minutes=10)
ETA = Eta(
    route_id="rte_1",
    stop_id="stp_1",
    p10=at(60) - Z_90 * SIGMA,
    p50=at(60),
    p90=at(60) + Z_90 * SIGMA,
    basis=EtaBasis.LIVE,
    computed_at=NINE,
    planned_at=at(60),
    remaining_stops=0,
    remaining_meters=1_000,
    service_seconds=SERVICE_SECONDS,
)
HANDOVER = at(60) + timedelta(seconds=SERVICE_SECONDS)


def assessed(promise: Window | None, eta: Eta = ETA) -> list[Risk]:
    """The risks of one task with a promise."""
    return list(assess(route(1, stops=(stop(1, task(1, promise=promise, priority=3)),)), eta))


def until(sigmas: float) -> Window:
    """A promise that ends so many standard deviations after the median handover."""
    return Window(at(-60), HANDOVER + sigmas * SIGMA)


@pytest.mark.parametrize(
    ("sigmas", "probability", "level"),
    [
        (3, 0.00135, RiskLevel.LOW),
        (1.5, 0.0668, RiskLevel.LOW),
        (1, 0.1587, RiskLevel.MEDIUM),
        (0, 0.5, RiskLevel.HIGH),
        (-1, 0.8413, RiskLevel.HIGH),
        (-2, 0.9772, RiskLevel.CERTAIN),
    ],
)
def test_the_probability_is_the_normals_tail_after_the_end_of_the_promise(
    sigmas: float, probability: float, level: RiskLevel
) -> None:
    (risk,) = assessed(until(sigmas))

    assert risk.probability == pytest.approx(probability, abs=0.0001)
    assert risk.level is level


def test_the_median_lateness_is_never_negative() -> None:
    assert [one.late_seconds for one in assessed(until(2))] == [0]
    assert [one.late_seconds for one in assessed(until(-1))] == [600]


def test_the_time_at_the_door_counts_and_not_the_arrival() -> None:
    (risk,) = assessed(Window(at(-60), at(60)))

    assert risk.late_seconds == SERVICE_SECONDS


def test_coming_before_the_promise_begins_is_no_risk_of_coming_after_it() -> None:
    (risk,) = assessed(Window(at(300), at(360)))

    assert risk.level is RiskLevel.LOW


def test_a_task_without_a_promise_cannot_miss_it() -> None:
    assert assessed(None) == []


def test_an_expectation_of_a_stop_that_is_gone_has_no_risk() -> None:
    assert assessed(until(0), replace(ETA, stop_id="stp_9")) == []


def test_a_certain_expectation_still_has_a_spread_of_a_second() -> None:
    exact = replace(ETA, p10=ETA.p50, p90=ETA.p50)

    assert [one.probability for one in assessed(until(0), exact)] == [0.5]


def test_every_promise_of_a_stop_is_assessed_for_itself() -> None:
    tasks = task(1, promise=until(2)), task(2, promise=until(-2)), task(3, promise=None)

    risks = list(assess(route(1, stops=(stop(1, *tasks),)), ETA))

    assert [(one.task.delivery_id, one.level) for one in risks] == [
        ("del_1", RiskLevel.LOW),
        ("del_2", RiskLevel.CERTAIN),
    ]


@pytest.mark.parametrize(
    ("probability", "level"),
    [
        (0.0, RiskLevel.LOW),
        (0.0999, RiskLevel.LOW),
        (0.1, RiskLevel.MEDIUM),
        (0.4999, RiskLevel.MEDIUM),
        (0.5, RiskLevel.HIGH),
        (0.8999, RiskLevel.HIGH),
        (0.9, RiskLevel.CERTAIN),
        (1.0, RiskLevel.CERTAIN),
    ],
)
def test_a_level_begins_at_its_bound(probability: float, level: RiskLevel) -> None:
    assert level_of(probability) is level


def test_levels_are_ordered_from_low_to_certain() -> None:
    order = [RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH, RiskLevel.CERTAIN]

    assert all(higher(b, a) and not higher(a, b) for a, b in itertools.pairwise(order))
    assert not higher(RiskLevel.HIGH, RiskLevel.HIGH)


@given(
    bound=st.sampled_from([MEDIUM_FROM, HIGH_FROM, CERTAIN_FROM]),
    noise=st.lists(st.floats(-0.04, 0.04), max_size=50),
)
def test_noise_around_a_bound_changes_the_level_once_at_most(
    bound: float, noise: list[float]
) -> None:
    (risk,) = assessed(until(0))
    levels = [level_of(bound - 0.05)]
    for one in noise:
        chance = bound + one
        seen = replace(risk, probability=chance, level=level_of(chance))
        levels.append(standing(seen, levels[-1]))

    assert sum(a is not b for a, b in itertools.pairwise(levels)) <= 1


@pytest.mark.parametrize(
    ("previous", "probability", "level"),
    [
        (RiskLevel.CERTAIN, 0.79, RiskLevel.HIGH),
        (RiskLevel.HIGH, 0.39, RiskLevel.MEDIUM),
        (RiskLevel.MEDIUM, 0.049, RiskLevel.LOW),
        (RiskLevel.CERTAIN, 0.01, RiskLevel.LOW),
        (RiskLevel.LOW, 0.95, RiskLevel.CERTAIN),
    ],
)
def test_a_level_changes_with_a_chance_that_is_clearly_another(
    previous: RiskLevel, probability: float, level: RiskLevel
) -> None:
    (risk,) = assessed(until(0))
    seen = replace(risk, probability=probability, level=level_of(probability))

    assert standing(seen, previous) is level
