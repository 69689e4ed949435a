"""A pair is as urgent as its more urgent half, wherever tiers decide what is served."""

from __future__ import annotations

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.problem import Problem
from services.planner.domain.task import TaskKind
from services.planner.rules.verify import route_violations
from services.planner.search.blocks import blocks
from services.planner.search.construct import insertable, make_room
from services.planner.search.full.kernel import FullKernel
from services.planner.search.given import given_solution
from services.planner.search.order import tasks_of
from services.planner.tests.problems import at, on_plane, shift, task

PLAIN = 6  # tasks of a middle tier: more than there is time for beside the pair
UP, DOWN = PLAIN, PLAIN + 1


def crowded(up: int, down: int) -> Instance:
    """A morning that holds four of six tasks of priority 1 and a pair, whose halves differ."""
    plain = [task(f"t{n}", 800 * n, 300, priority=1, service=1_500) for n in range(PLAIN)]
    pickup = task("up", 0, 3_000, kind=TaskKind.PICKUP, priority=up, service=1_500)
    drop = task("down", 3_000, 3_000, pickup_task_id="up", priority=down, service=1_500)
    return on_plane(Problem((*plain, pickup, drop), (shift("s0", end_second=at(10)),)))


@pytest.mark.parametrize(("up", "down"), [(5, 0), (0, 5)])
def test_the_kernel_serves_an_urgent_pair_before_what_is_less_urgent(up: int, down: int) -> None:
    kernel = FullKernel(crowded(up, down), 1)
    kernel.run(300, 0.0, 1.0)

    assert {UP, DOWN} <= set(tasks_of(kernel.best()[0]))


@pytest.mark.parametrize(("up", "down"), [(5, 0), (0, 5)])
def test_an_urgent_pair_is_placed_first_and_is_given_room(up: int, down: int) -> None:
    instance = crowded(up, down)
    solution = given_solution(instance, [((0, 0), (1, 0), (2, 0), (3, 0))])

    assert insertable(instance, range(len(instance.problem.tasks)))[0] == DOWN
    assert make_room(solution, lambda: True) == 1
    assert {UP, DOWN} <= set(tasks_of(solution.lines[0].nodes))


def test_an_urgent_pair_may_displace_what_is_less_urgent() -> None:
    solution = given_solution(crowded(5, 0), [((0, 0), (1, 0))])
    (block,) = blocks(solution, DOWN, route_violations)

    assert len(block.displaced_task_ids) == 1
