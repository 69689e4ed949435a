"""Explains tasks left out of given routes: reasons, what blocks them, and what would mend it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.planner.domain.explanation import Block
from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Route, Unassigned
from services.planner.search.blocks import blocks
from services.planner.search.explain import Check, reasons
from services.planner.search.given import given_solution
from services.planner.search.relax import GoOn, Relaxed, always, relaxations
from services.planner.search.solution import Solution


@dataclass(frozen=True, slots=True)
class Explanation:
    """What keeps a task out, and what would let it in."""

    unassigned: Unassigned
    blocks: tuple[Block, ...]
    relaxed: tuple[Relaxed, ...]
    is_cut: bool = False
    """Whether time ended before all changes were looked for."""


Explanations = tuple[tuple[Route | None, ...], tuple[Explanation, ...]]


def explain_tasks(
    instance: Instance,
    sequences: Sequence[Sequence[Node]],
    tasks: Sequence[int],
    check: Check,
    go_on: GoOn = always,
) -> Explanations:
    """The routes as they are, and an explanation per task by itself; first the reasons of all."""
    solution = given_solution(instance, sequences)
    routes = tuple(line.route for line in solution.lines)
    left = [
        Unassigned(task, instance.penalties[task], reasons(solution, task, check, go_on))
        for task in tasks
    ]
    return routes, tuple(explain_task(solution, one, check, go_on) for one in left)


def explain_task(solution: Solution, left: Unassigned, check: Check, go_on: GoOn) -> Explanation:
    """What keeps one task out, as far as it is found in time."""
    told = blocks(solution, left.task, check, go_on)
    found = relaxations(solution, left.task, check, go_on) if go_on() else ()
    return Explanation(left, told, found, is_cut=not go_on())
