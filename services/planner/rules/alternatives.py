"""
Alternatives: a task can be done at its own place or at another, such as a locker.

Exactly one place is used, which `coverage` holds; another than its own costs what the problem
states. Cost kind ALTERNATIVE.
"""

from __future__ import annotations

from services.planner.domain.plan import CostKind, Visit
from services.planner.domain.task import Task
from services.planner.rules.walk import Walk, option_of

KIND = CostKind.ALTERNATIVE


def micros(_: Walk, visit: Visit, task: Task) -> int:
    """What the place that is used costs."""
    return option_of(visit, task).extra_cost_micros
