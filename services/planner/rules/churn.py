"""
Churn: departing from a known plan costs, so that what was told to people is not moved for a trifle.

Soft: another shift, a start of service that moves beyond the tolerance, and leaving a task out.
Cost kind CHURN.
"""

from __future__ import annotations

from services.planner.domain.instance import Instance
from services.planner.domain.money import SECONDS_PER_HOUR, priced
from services.planner.domain.plan import CostKind, Plan, Visit
from services.planner.domain.task import Task
from services.planner.rules.walk import Walk

KIND = CostKind.CHURN


def micros(walk: Walk, visit: Visit, task: Task) -> int:
    """What departing from the known plan costs for one visit."""
    known = walk.instance.base_shift_of.get(task.task_id)
    if known is None:
        return 0
    churn, (base_shift, base_second) = walk.instance.problem.churn, known
    due = churn.shift_change_cost_micros if base_shift != walk.shift.shift_id else 0
    if base_second is not None:
        moved = max(0, abs(visit.start_second - base_second) - churn.tolerance_seconds)
        due += priced(churn.time_change_cost_micros_per_hour, moved, SECONDS_PER_HOUR)
    return due


def drop_micros(instance: Instance, plan: Plan) -> int:
    """What leaving out tasks of the known plan costs beside their penalties."""
    tasks, known = instance.problem.tasks, instance.base_shift_of
    dropped = sum(tasks[left.task].task_id in known for left in plan.unassigned)
    return dropped * instance.problem.churn.drop_cost_micros
