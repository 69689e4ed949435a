"""
Frozen heads: every plan begins with what is decided. No engine takes it out, and none puts it in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.planner.domain.instance import Node, is_reload
from services.planner.domain.problem import Problem
from services.planner.search.kernel import Sequences


def headed(problem: Problem, sequences: Sequence[Sequence[Node]]) -> Sequences:
    """Sequences that begin with what is decided; those that do so already stay as they are."""
    frozen = {problem.rank_of_task[pin.task_id] for pin in problem.pins if pin.is_frozen}
    if not frozen:
        return tuple(map(tuple, sequences))
    found = []
    for shift, nodes in zip(problem.shifts, sequences, strict=True):
        pins = problem.frozen_heads.get(shift.shift_id, ())
        head = [problem.rank_of_task[pin.task_id] for pin in pins]
        own = tuple(node for node in nodes if node[0] not in frozen.difference(head))
        begins = [node[0] for node in own if not is_reload(node)][: len(head)]
        found.append(own if begins == head else tuple(with_head(problem, head, own)))
    return tuple(found)


def with_head(problem: Problem, head: Sequence[int], nodes: Sequence[Node]) -> Iterator[Node]:
    """A sequence behind its head; what that picks up is delivered next, if nowhere else."""
    known = {node[0]: node for node in nodes}
    yield from (known.get(task, (task, 0)) for task in head)
    waiting = {problem.tasks[task].task_id for task in head}
    for rank, task in enumerate(problem.tasks):
        if task.pickup_task_id in waiting and rank not in known and rank not in head:
            yield rank, 0
    yield from (node for node in nodes if node[0] not in head)
