"""
Coverage: every task is served once, or reported as left out; every shift has one route at most.

Hard. Of a task's places one is used. Reason COVERAGE; cure: plan again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Violation
from services.planner.domain.reason import Reason

REASON = Reason.COVERAGE
CURE = "plan again"


def violations(instance: Instance, plan: Plan) -> Iterator[Violation]:
    """Tasks that stand twice or nowhere, shifts with two routes, and routes without a visit."""
    told = Counter(visit.task for route in plan.routes for visit in route.visits)
    told.update(left.task for left in plan.unassigned)
    for rank, task in enumerate(instance.problem.tasks):
        if told[rank] != 1:
            message = f"told {told[rank]} times"
            yield Violation(REASON, task_id=task.task_id, message=message)
    used = Counter(route.shift for route in plan.routes)
    for rank, shift in enumerate(instance.problem.shifts):
        if used[rank] > 1:
            yield Violation(REASON, shift.shift_id, message=f"{used[rank]} routes")
    for route in plan.routes:
        if not route.visits:
            shift_id = instance.problem.shifts[route.shift].shift_id
            yield Violation(REASON, shift_id, message="a route without a visit")
