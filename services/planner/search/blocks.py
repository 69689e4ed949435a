"""
What keeps a task out of each shift: the rules that it breaks there even alone, or else the price at
which the shift could serve it. Counterfactual, never a cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.planner.domain.explanation import Block
from services.planner.domain.instance import Instance, Node
from services.planner.search.evaluate import holding
from services.planner.search.explain import (
    Check,
    GoesOn,
    alone_nodes,
    fewest_broken,
    option_ranks,
)
from services.planner.search.insert import best, tier_of
from services.planner.search.line import Line
from services.planner.search.solution import Solution, pairs_of

EXCHANGES_MAX = 8  # tasks tried per shift to make room, the nearest first


def blocks(
    solution: Solution, task: int, check: Check, goes_on: GoesOn = lambda: True
) -> tuple[Block, ...]:
    """Shift by shift, while time is left; those for which the same holds stand together."""
    found: dict[Block, list[str]] = {}
    for rank, line in enumerate(solution.lines):
        if not goes_on():
            break
        block = block_of(solution, task, rank, check)
        found.setdefault(block, []).append(line.view.shift.shift_id)
    return tuple(replace(block, shift_ids=tuple(ids)) for block, ids in found.items())


def block_of(solution: Solution, task: int, rank: int, check: Check) -> Block:
    """What keeps a task out of one shift, which is not named yet."""
    instance, line = solution.instance, solution.lines[rank]
    alone = [alone_nodes(instance, task, option) for option in option_ranks(instance, task)]
    if all(holding(line.view, nodes) is None for nodes in alone):
        return Block((), fewest_broken(line.view, alone, check))
    found = best(solution, task, [rank])
    if found is not None:
        return Block((), price_micros=found.delta_micros)
    return exchange(solution, task, rank)


def exchange(solution: Solution, task: int, rank: int) -> Block:
    """The cheapest exchange of one task that makes room, among those nearest to the new one."""
    instance, line = solution.instance, solution.lines[rank]
    nodes, route, whole = line.nodes, line.route, line.cost_micros
    cheapest = Block(())
    for group in displaceable(solution, line, task):
        rest = tuple(node for node in nodes if node not in group)
        kept = holding(line.view, rest) if rest else None
        if rest and kept is None:
            continue
        line.place(rest, kept)
        found = best(solution, task, [rank])
        line.place(nodes, route)
        if found is None:
            continue
        lost = solution.worth_micros([node[0] for node in group])
        price = found.route.cost_micros - whole + lost
        if cheapest.price_micros is None or price < cheapest.price_micros:
            names = tuple(instance.task(node).task_id for node in group)
            cheapest = Block((), price_micros=price, displaced_task_ids=names)
    return cheapest


def displaceable(solution: Solution, line: Line, task: int) -> list[tuple[Node, ...]]:
    """
    The nearest tasks of a route that may make room: not pinned, not on board, of no higher
    priority.
    """
    instance = solution.instance
    tasks, priority = instance.problem.tasks, tier_of(instance, task)
    groups = [
        group
        for group in pairs_of(instance, [node for node in line.nodes if node[0] >= 0])
        if all(
            tasks[node[0]].priority <= priority
            and tasks[node[0]].task_id not in line.view.pins
            and node[0] not in line.view.onboard
            for node in group
        )
    ]
    place = instance.place((task, 0))
    groups.sort(key=lambda group: nearness(instance, line, group, place))
    return groups[:EXCHANGES_MAX]


def nearness(instance: Instance, line: Line, group: Sequence[Node], place: int) -> int:
    """How far the nearest of some nodes is from a place, in seconds."""
    return min(line.view.seconds(place, instance.place(node)) for node in group)
