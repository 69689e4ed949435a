"""
A solve of a small problem finds the optimum.

Method: problems that mix all rules, with five tasks and some with seven; every order, place, reload
and assignment is tried, and the whole solve must come to the same score, tier by tier.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.score import Score
from services.planner.domain.settings import SearchSettings
from services.planner.search.exhaustive import TASKS_MAX
from services.planner.search.solution import Solution
from services.planner.solver.solve import Solve
from services.planner.tests import fuzz
from services.planner.tests.optimum import optimum
from services.planner.tests.problems import city, on_plane

QUICK = SearchSettings(solution_limit=40, seconds=60)
FIVE, SEVEN = (0, 3, 4, 9, 10), (0, 1, 2, 3, 9, 10, 11)


def solved(made: Instance) -> Score:
    """The score of the plan that a solve answers with."""
    plan = Solve(made, QUICK, lambda _: None).run().plan
    solution = Solution(made)
    sequences = {route.shift: route.sequence for route in plan.routes}
    solution.load(sequences.get(rank, ()) for rank in range(len(solution.lines)))
    return solution.score()


@pytest.mark.parametrize("seed", range(30))
def test_no_plan_for_five_tasks_of_any_kind_is_better(seed: int) -> None:
    made = fuzz.small(seed, FIVE)

    assert solved(made) == optimum(made)


@pytest.mark.parametrize("seed", [1, 2, 5])
def test_no_plan_for_seven_tasks_of_any_kind_is_better(seed: int) -> None:
    made = fuzz.small(seed, SEVEN)

    assert solved(made) == optimum(made)


@pytest.mark.parametrize("seed", range(3))
def test_no_plan_for_two_equal_vans_in_a_city_is_better(seed: int) -> None:
    made = on_plane(city(seed, TASKS_MAX - 1, 2))

    assert solved(made) == optimum(made)


def test_of_a_small_problem_the_cost_is_the_bound_that_is_told() -> None:
    outcome = Solve(on_plane(city(1, TASKS_MAX - 1, 2)), QUICK, lambda _: None).run()

    assert outcome.bound_micros == outcome.plan.cost_micros


def test_of_more_tasks_than_can_be_tried_no_bound_is_told() -> None:
    outcome = Solve(on_plane(city(1, TASKS_MAX + 1, 2)), QUICK, lambda _: None).run()

    assert outcome.bound_micros is None


def test_where_a_tier_comes_before_cost_no_bound_is_told() -> None:
    made = on_plane(city(1, TASKS_MAX - 1, 2))
    first = replace(made.problem.tasks[0], priority=5)
    tasks = (first, *made.problem.tasks[1:])
    tiered = replace(made, problem=replace(made.problem, tasks=tasks))

    assert Solve(tiered, QUICK, lambda _: None).run().bound_micros is None
