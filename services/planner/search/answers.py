"""
Given routes timed as they are, and exact insertions into them: what is answered without a search.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import Plan, Route, Unassigned, Violation
from services.planner.search.explain import Check, reasons
from services.planner.search.given import given_solution
from services.planner.search.insert import Insertion, proposals
from services.planner.search.sift import reasons_of, sifted
from services.planner.search.solution import Solution

Verify = Callable[[Instance, Plan], Iterable[Violation]]


@dataclass(frozen=True, slots=True)
class TaskProposals:
    """Where one task can be inserted, or why nowhere."""

    task: int
    insertions: tuple[Insertion, ...]
    unassigned: Unassigned | None
    refused: tuple[Violation, ...] = ()
    """What the rules name against insertions that are left out for it: a fault of ours."""


def time_routes(instance: Instance, sequences: Sequence[Sequence[Node]], verify: Verify) -> Plan:
    """Times sequences as they are, and names every rule that they break."""
    plan = given_solution(instance, sequences).plan()
    return Plan(plan.routes, plan.unassigned, tuple(verify(instance, plan)), plan.churn_drop_micros)


def propose_insertions(
    instance: Instance,
    sequences: Sequence[Sequence[Node]],
    tasks: Sequence[int],
    count: int,
    check: Check,
) -> tuple[tuple[Route | None, ...], tuple[TaskProposals, ...]]:
    """The routes as they are, and for each task, by itself, its cheapest insertions."""
    solution = given_solution(instance, sequences)
    answers = tuple(propose_one(solution, task, count, check) for task in tasks)
    return tuple(line.route for line in solution.lines), answers


def propose_one(solution: Solution, task: int, count: int, check: Check) -> TaskProposals:
    """The cheapest insertions of one task that the rules have nothing hard against."""
    found = sifted(solution.instance, proposals(solution, task, count), check)
    if found.insertions:
        return TaskProposals(task, found.insertions, None, found.refused)
    why = reasons_of(found.refused) or reasons(solution, task, check)
    left = Unassigned(task, solution.instance.penalties[task], why)
    return TaskProposals(task, (), left, found.refused)
