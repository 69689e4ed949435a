"""
The full kernel against the optimum of small problems that mix all rules.

Method: every order, place, reload and assignment of five tasks is tried (`tests/optimum.py`). The
kernel is given the best plan, which it must keep, and searches by itself, which must end there. A
solve answers such problems without a kernel, so `test_small_problems` says nothing about it.
"""

from __future__ import annotations

from functools import cache

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.score import Score
from services.planner.search.full.kernel import FullKernel
from services.planner.search.solution import Solution
from services.planner.tests import fuzz
from services.planner.tests.optimum import best_sequences, optimum

FIVE = (0, 3, 4, 9, 10)
SEEDS = range(60)
CHUNKS = ((750, 0.0, 0.5), (750, 0.5, 1.0))
# Seeds whose optimum 1,500 iterations do not find: all but one end within a percent of it. None may
# be added. In seed 5 the driver rests in the midst of a leg, before the clock of driving is full.
WORSE = frozenset({5, 16, 38, 39, 54})
LOST = frozenset({5})
WORSE_SHARE = 0.01


@cache
def small(seed: int) -> Instance:
    """Five tasks for two shifts."""
    return fuzz.small(seed, FIVE)


def found(seed: int) -> Score:
    """The score of the plan that the kernel finds, by the exact scheduler."""
    kernel = FullKernel(small(seed), 1)
    for chunk in CHUNKS:
        kernel.run(*chunk)
    solution = Solution(small(seed))
    solution.load(kernel.best())
    return solution.score()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_plan_is_kept_when_it_is_given(seed: int) -> None:
    best = tuple(best_sequences(small(seed)))
    kernel = FullKernel(small(seed), 1)
    kernel.load(best)

    assert kernel.best() == best


@pytest.mark.parametrize("seed", sorted(set(SEEDS) - WORSE))
def test_no_plan_of_five_tasks_is_better_than_what_the_kernel_finds(seed: int) -> None:
    assert found(seed) == optimum(small(seed))


@pytest.mark.parametrize("seed", sorted(WORSE - LOST))
def test_where_a_better_plan_is_not_found_it_serves_as_much_and_costs_little_less(
    seed: int,
) -> None:
    tiers, cost = found(seed)
    best_tiers, best_cost = optimum(small(seed))

    assert tiers == best_tiers
    assert cost <= best_cost * (1 + WORSE_SHARE)
