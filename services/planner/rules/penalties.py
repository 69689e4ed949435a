"""
Penalties: leaving a task out costs what the problem states, and more where a known plan served it.

Optional tasks are those with a penalty worth paying; priorities are tiers, compared before any
cost, so that a penalty is weighed against costs within its tier only. Hard: what a plan claims for
what it leaves out is what is due. Reason COST; cure: plan again.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import CostKind, Plan, Violation
from services.planner.domain.reason import Reason
from services.planner.rules.churn import drop_micros

REASON = Reason.COST
CURE = "plan again"


def violations(instance: Instance, plan: Plan) -> Iterator[Violation]:
    """One per penalty that is not the task's, and one for what leaving out known tasks costs."""
    for left in plan.unassigned:
        excess = left.penalty_micros - instance.penalties[left.task]
        if excess:
            task_id = instance.problem.tasks[left.task].task_id
            subject = CostKind.UNASSIGNED.value
            yield Violation(REASON, task_id=task_id, excess_amount=excess, subject=subject)
    excess = plan.churn_drop_micros - drop_micros(instance, plan)
    if excess:
        yield Violation(REASON, excess_amount=excess, subject=CostKind.CHURN.value)
