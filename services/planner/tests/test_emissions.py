"""
Emissions: terms, shares that add up, and what is unknown.

Method: a route between spots on a plane, whose meters and seconds a reader can add up.
"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from services.planner.domain.emissions import EmissionFactors, shared
from services.planner.domain.footprint import delta_milligrams, footprint, milligrams_of
from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route
from services.planner.domain.problem import Problem
from services.planner.search.evaluate import evaluate, views_of
from services.planner.tests.problems import on_plane, shift, task

FACTORS = EmissionFactors("uk-2025.1", 240_000, 36_000, 500)


def made(factors: EmissionFactors | None = FACTORS) -> Instance:
    own = shift("s0")
    own = replace(own, vehicle=replace(own.vehicle, emissions=factors))
    tasks = (task("near", 800, 0), task("same", 800, 0), task("far", 1_600, 0))
    return on_plane(Problem(tasks, (own,)))


def route_of(instance: Instance) -> Route:
    return evaluate(views_of(instance)[0], ((0, 0), (1, 0), (2, 0))).route


def test_a_route_emits_by_distance_time_and_stops() -> None:
    instance = made()
    route = route_of(instance)
    found = footprint(instance, route)

    assert found is not None
    hours = 36_000 * (route.end_second - route.start_second) / 3_600
    assert found.milligrams == round(240_000 * 3.2 + hours + 500 * 2)
    assert found.factor_set_version == "uk-2025.1"


def test_the_way_to_a_visit_is_its_own_and_a_second_task_at_the_place_adds_its_time() -> None:
    instance = made()
    found = footprint(instance, route_of(instance))

    assert found is not None
    near, same, far = found.weights
    assert same == 36_000 * 180 * 1_000
    assert near == far > same


def test_without_factors_emissions_are_unknown_and_never_none_at_all() -> None:
    instance = made(None)
    route = route_of(instance)

    assert footprint(instance, route) is None
    assert milligrams_of(instance, [route]) is None
    assert delta_milligrams(instance, None, route) is None
    assert milligrams_of(instance, []) == 0


@pytest.mark.parametrize(
    ("whole", "weights", "shares"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (10, [0, 0], [5, 5]),
        (7, [5, 0, 2], [5, 0, 2]),
        (1, [1, 2], [0, 1]),
        (0, [3, 4], [0, 0]),
    ],
)
def test_shares_go_by_the_largest_remainder(
    whole: int, weights: list[int], shares: list[int]
) -> None:
    assert shared(whole, weights) == shares


@pytest.mark.parametrize("seed", range(50))
def test_shares_add_up_to_the_whole(seed: int) -> None:
    dice = random.Random(seed)
    weights = [dice.choice([0, dice.randrange(10**15)]) for _ in range(dice.randint(1, 30))]
    whole = dice.randrange(10**12)

    assert sum(shared(whole, weights)) == whole


def test_factors_from_nowhere_or_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        EmissionFactors("")
    with pytest.raises(ValueError, match="negative"):
        EmissionFactors("uk-2025.1", kilometer_milligrams=-1)
