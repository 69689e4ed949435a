"""
The search and the verifier say the same, though they share no arithmetic.

Method: random problems that use every rule, random sequences; the search's own verdict against the
rules over the timed route. The seeds are fixed; a failure names the seed and the sequence.
"""

from __future__ import annotations

import random

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route
from services.planner.rules.verify import route_violations
from services.planner.search.evaluate import evaluate, holding, views_of
from services.planner.tests import fuzz

SEQUENCES = 60


def hard(made: Instance, route: Route) -> list[str]:
    return [
        f"{one.reason.value} {one.task_id} {one.subject} {one.excess_seconds or one.excess_amount}"
        for one in route_violations(made, route)
        if one.hard
    ]


@pytest.mark.parametrize("seed", range(40))
def test_a_sequence_holds_for_the_search_exactly_if_it_holds_for_the_rules(seed: int) -> None:
    made, dice = fuzz.instance(seed), random.Random(seed)
    views = views_of(made)
    for _ in range(SEQUENCES):
        view = dice.choice(views)
        nodes = fuzz.sequence(dice, made, view.rank)
        evaluated = evaluate(view, nodes)
        found = hard(made, evaluated.route)

        assert evaluated.holds == (not found), (view.rank, nodes, evaluated.reason, found)
        assert (holding(view, nodes) is not None) == evaluated.holds


def test_enough_sequences_hold_to_mean_something() -> None:
    held = tried = 0
    for seed in range(40):
        made, dice = fuzz.instance(seed), random.Random(seed)
        for view in views_of(made):
            for _ in range(20):
                tried += 1
                held += evaluate(view, fuzz.sequence(dice, made, view.rank)).holds

    assert held > tried / 20
