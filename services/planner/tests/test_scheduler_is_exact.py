"""
The scheduler's times are the cheapest lawful ones, and it finds some whenever there are any.

Goal: exactness for a sequence. Method: tiny problems on a grid of seconds with windows, soft
costs, slots, breaks, duty clocks, overtime, rides, releases and reloads; every route that the grid
allows is asked of the rules, which share nothing with the search. Longer sequences are held against
a table over all seconds, which knows no curve.
"""

from __future__ import annotations

import random

import pytest

from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.search.evaluate import evaluate, holding, views_of
from services.planner.tests import grid, seconds

SHORT, LONG = range(36), range(50)


def some_nodes(dice: random.Random, made: Instance, count: int) -> tuple[Node, ...]:
    """Some tasks in any order, now and then with a reload between them."""
    nodes = [(rank, 0) for rank in dice.sample(range(len(made.problem.tasks)), count)]
    if dice.random() < 0.25:
        nodes.insert(dice.randint(1, count), (RELOAD, 0))
    return tuple(nodes)


@pytest.mark.parametrize("seed", SHORT)
def test_no_lawful_route_of_a_short_sequence_is_cheaper(seed: int) -> None:
    dice, made = random.Random(seed), grid.instance(seed)
    breaks = len(made.problem.shifts[0].breaks)
    nodes = some_nodes(dice, made, (3, 2, 1)[breaks])[: 3 - breaks]
    route = holding(views_of(made)[0], nodes)

    assert (route.cost_micros if route else None) == grid.cheapest(made, 0, nodes), (seed, nodes)


@pytest.mark.parametrize("seed", LONG)
def test_no_choice_of_seconds_makes_a_longer_sequence_cheaper(seed: int) -> None:
    dice, made = random.Random(seed), seconds.instance(seed)
    view = views_of(made)[0]
    for _ in range(4):
        nodes = some_nodes(dice, made, dice.randint(4, 7))
        evaluated = evaluate(view, nodes)
        route = evaluated.route if evaluated.holds else None
        found = seconds.cheapest(made, nodes)

        assert (route.cost_micros if route else None) == found, (seed, nodes)


def test_enough_of_both_hold_to_mean_something() -> None:
    short = long = 0
    for seed in SHORT:
        made, dice = grid.instance(seed), random.Random(seed)
        short += holding(views_of(made)[0], some_nodes(dice, made, 2)) is not None
    for seed in LONG:
        made, dice = seconds.instance(seed), random.Random(seed)
        long += holding(views_of(made)[0], some_nodes(dice, made, 5)) is not None

    assert short > len(SHORT) / 5
    assert long > len(LONG) / 5
