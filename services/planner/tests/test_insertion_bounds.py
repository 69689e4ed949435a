"""
What the bounds of an insertion tell hopeless is hopeless.

Method: random problems that mix all rules; in random routes that hold, every task at every rank is
timed exactly, and where it holds, the bounds must have offered it. The plane's ways keep the
triangle up to a second of rounding, which the tasks' minutes outweigh.
"""

from __future__ import annotations

import random

import pytest

from services.planner.domain.instance import Instance, Node
from services.planner.search.evaluate import holding
from services.planner.search.insert import candidates, proposals
from services.planner.search.solution import Solution
from services.planner.tests import fuzz
from services.planner.tests.problems import city, on_plane


def loaded(made: Instance, dice: random.Random) -> Solution:
    """A solution of random routes that hold."""
    solution = Solution(made)
    taken: set[int] = set()
    for line in solution.lines:
        nodes = fuzz.sequence(dice, made, line.view.rank)
        nodes = tuple(node for node in nodes if node[0] not in taken)
        route = holding(line.view, nodes) if nodes else None
        if route is not None:
            solution.put(line, nodes, route)
            taken |= {node[0] for node in nodes}
    return solution


@pytest.mark.parametrize("seed", range(60))
def test_every_insertion_that_holds_passes_the_bounds(seed: int) -> None:
    made, dice = fuzz.instance(seed), random.Random(seed)
    solution = loaded(made, dice)
    for task in sorted(solution.left_out):
        if made.problem.tasks[task].pickup_task_id:
            continue
        offered = {(one.line, one.ranks, one.group) for one in candidates(solution, task)}
        for option in range(len(made.problem.tasks[task].options)):
            assert held(solution, (task, option)) <= offered, (seed, task)


Where = tuple[int, tuple[int, ...], tuple[Node, ...]]  # the line, the ranks, the nodes


def held(solution: Solution, node: Node) -> set[Where]:
    """Where a node can be inserted, by timing every rank of every route."""
    found: set[Where] = set()
    for number, line in enumerate(solution.lines):
        for rank in range(len(line.nodes) + 1):
            nodes = (*line.nodes[:rank], node, *line.nodes[rank:])
            if holding(line.view, nodes) is not None:
                found.add((number, (rank,), (node,)))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_proposals_are_the_cheapest_of_all_ranks(seed: int) -> None:
    made = on_plane(city(seed, 30, 4))
    solution = Solution(made)
    solution.load([[(task, 0) for task in range(rank, 24, 4)] for rank in range(4)])
    for task in sorted(solution.left_out):
        costs: dict[int, int] = {}
        for line_rank, (rank,), (node,) in held(solution, (task, 0)):
            line = solution.lines[line_rank]
            nodes = [*line.nodes[:rank], node, *line.nodes[rank:]]
            route = holding(line.view, nodes)
            delta = route.cost_micros - line.cost_micros if route else 0
            costs[line_rank] = min(delta, costs.get(line_rank, delta))

        told = {one.line: one.delta_micros for one in proposals(solution, task, 4)}
        assert told == costs
