"""Given routes, taken as they are, as where questions about them begin."""

from __future__ import annotations

from collections.abc import Sequence

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Plan
from services.planner.search.evaluate import evaluate
from services.planner.search.explain import Check
from services.planner.search.solution import Solution


def kept_plan(instance: Instance, sequences: Sequence[Sequence[Node]], check: Check) -> Plan:
    """
    Sequences as far as they hold every rule; what does not is left out, without reasons.

    A route against which the rules name something hard all the same is left out as a whole.
    """
    solution = Solution(instance)
    solution.load(sequences)
    for line in solution.lines:
        if line.route and any(one.hard for one in check(instance, line.route)):
            solution.put(line, (), None)
    return solution.plan()


def given_solution(instance: Instance, sequences: Sequence[Sequence[Node]]) -> Solution:
    """Sequences as they are, timed whether or not they hold."""
    solution = Solution(instance)
    for line, nodes in zip(solution.lines, sequences, strict=True):
        if nodes:
            solution.put(line, nodes, evaluate(line.view, nodes).route)
    return solution
