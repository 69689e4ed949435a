"""
Failure: at some hours it is likelier that nobody opens.

Soft: a start of service costs what failing then costs on average, by the slots of its task. Cost
kind FAILURE.
"""

from __future__ import annotations

from services.planner.domain.plan import CostKind, Visit
from services.planner.domain.task import Task
from services.planner.rules.walk import Walk

KIND = CostKind.FAILURE


def micros(_: Walk, visit: Visit, task: Task) -> int:
    """What failing at the hour of service costs on average; nothing outside every slot."""
    starts = visit.start_second
    slots = (own for own in task.slot_costs if own.first_second <= starts <= own.last_second)
    return sum(own.cost_micros for own in slots)
