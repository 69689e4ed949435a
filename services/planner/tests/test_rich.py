"""
Two hundred random problems that mix all rules: what a solve answers is lawful and complete.

Goal: no plan that breaks a rule, no reason that is not so, no relaxation that does not help, and no
free vehicle that could take what was left out. Method: a small search each; the rules are asked
about its plan, about every unused shift with every task left out, and about what is said to mend
it. The first seed is DOORSTEP_SEED, or a fixed one; a failure names the problem's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.domain.plan import Plan
from services.planner.domain.settings import SearchSettings
from services.planner.rules.verify import route_violations, verify
from services.planner.search.evaluate import evaluate, views_of
from services.planner.search.explain import alone_nodes
from services.planner.search.given import given_solution
from services.planner.search.relax import relaxations
from services.planner.search.solution import Solution
from services.planner.solver.solve import Outcome, Solve
from services.planner.tests import fuzz
from services.planner.tests.answers.test_relaxations import inserted

FIRST_SEED = int(os.environ.get("DOORSTEP_SEED", "4711")) * 1_000
PROBLEMS = 200
EXPLAINED = 2  # tasks left out of each plan whose relaxations are tried
QUICK = SearchSettings(solution_limit=8, seconds=60)


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + PROBLEMS))
def test_a_rich_problem_is_planned_lawfully_and_nothing_is_left_lying(seed: int) -> None:
    print(f"seed {seed}")
    made = fuzz.instance(seed)
    outcome = Solve(made, QUICK, lambda _: None).run()

    assert broken(made, outcome) == []
    assert list(wasted(made, outcome.plan)) == []
    assert list(useless(made, outcome.plan)) == []


def broken(made: Instance, outcome: Outcome) -> list[str]:
    """The hard rules that a plan breaks."""
    found = [one for one in verify(made, outcome.plan) if one.hard]
    return [f"{one.reason.value} {one.shift_id} {one.task_id} {one.subject}" for one in found]


def wasted(made: Instance, plan: Plan) -> Iterator[str]:
    """Tasks left out that a shift without work could lawfully serve for less than leaving them."""
    used = {route.shift for route in plan.routes}
    solution = Solution(made)
    for left in plan.unassigned:
        group = {node[0] for node in alone_nodes(made, left.task, 0)}
        for view in views_of(made):
            if view.rank in used:
                continue
            for nodes in ways(made, left.task, view.rank):
                route = evaluate(view, nodes).route
                lawful = not any(one.hard for one in route_violations(made, route))
                if lawful and solution.is_worth(sorted(group), route.cost_micros):
                    yield f"{made.problem.tasks[left.task].task_id} by {view.shift.shift_id}"


def useless(made: Instance, plan: Plan) -> Iterator[str]:
    """Changes that are said to let a task in, and do not when they are really made."""
    sequences = {route.shift: route.sequence for route in plan.routes}
    shifts = range(len(made.problem.shifts))
    solution = given_solution(made, [sequences.get(rank, ()) for rank in shifts])
    for left in plan.unassigned[:EXPLAINED]:
        task = made.problem.tasks[left.task]
        if made.problem.deliveries_of_pickup[task.task_id]:
            continue
        for one in relaxations(solution, left.task, route_violations):
            if inserted(solution, left.task, one.changes) is None:
                yield f"{task.task_id}: {one.relaxation}"


def ways(made: Instance, task: int, shift: int) -> Iterator[tuple[Node, ...]]:
    """A task as the only work of a shift, at each of its places, from the start or a reload."""
    own = made.problem.shifts[shift]
    for option in range(len(made.problem.tasks[task].options)):
        nodes = alone_nodes(made, task, option)
        yield nodes
        for rank in range(len(own.reloads)) if own.reload_limit else ():
            yield ((RELOAD, rank), *nodes)
