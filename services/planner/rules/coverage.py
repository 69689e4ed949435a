"""
Coverage: every task is served once, or reported as left out with a reason; every shift has one
route at most.

Hard. Of a task's places one is used. What a plan names exists: shifts, tasks, places, reloads,
breaks. Reason COVERAGE; cure: plan again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.planner.domain.instance import Instance, Node, is_reload
from services.planner.domain.plan import Plan, Route, Violation
from services.planner.domain.problem import Problem
from services.planner.domain.reason import Reason

REASON = Reason.COVERAGE
CURE = "plan again"


def violations(instance: Instance, plan: Plan) -> Iterator[Violation]:
    """Tasks that stand twice or nowhere, shifts with two routes, and routes without a visit."""
    problem = instance.problem
    told = Counter(visit.task for route in plan.routes for visit in route.served)
    told.update(left.task for left in plan.unassigned)
    for rank, task in enumerate(problem.tasks):
        if told[rank] != 1:
            yield Violation(REASON, task_id=task.task_id, message=f"told {told[rank]} times")
    used = Counter(route.shift for route in plan.routes)
    for rank, shift in enumerate(problem.shifts):
        if used[rank] > 1:
            yield Violation(REASON, shift.shift_id, message=f"{used[rank]} routes")
    for route in plan.routes:
        if not route.served:
            shift_id = problem.shifts[route.shift].shift_id
            yield Violation(REASON, shift_id, message="a route without a visit")


def unexplained(instance: Instance, plan: Plan) -> Iterator[Violation]:
    """Tasks that are left out without a reason; asked of plans that leave, not on the way there."""
    for left in plan.unassigned:
        if not left.reasons:
            task_id = instance.problem.tasks[left.task].task_id
            yield Violation(REASON, task_id=task_id, message="left out without a reason")


def unknown(instance: Instance, plan: Plan) -> Iterator[Violation]:
    """What a plan names and the problem does not have: no other rule can be asked then."""
    problem = instance.problem
    for left in plan.unassigned:
        if not 0 <= left.task < len(problem.tasks):
            yield Violation(REASON, message=f"task {left.task} does not exist")
    for route in plan.routes:
        if not 0 <= route.shift < len(problem.shifts):
            yield Violation(REASON, message=f"shift {route.shift} does not exist")
        else:
            yield from unknown_in_route(problem, route)


def unknown_in_route(problem: Problem, route: Route) -> Iterator[Violation]:
    """Tasks, places, reloads and breaks of one route that do not exist."""
    shift = problem.shifts[route.shift]
    for visit in route.visits:
        if not exists(problem, route.shift, visit.node):
            yield Violation(REASON, shift.shift_id, message=f"node {visit.node} does not exist")
    for held in route.breaks:
        if not 0 <= held.rule < len(shift.breaks):
            yield Violation(REASON, shift.shift_id, message=f"break {held.rule} does not exist")


def exists(problem: Problem, shift: int, node: Node) -> bool:
    """Whether a shift's route can name a node."""
    task, option = node
    if is_reload(node):
        return 0 <= option < len(problem.shifts[shift].reloads)
    return 0 <= task < len(problem.tasks) and 0 <= option < len(problem.tasks[task].options)
