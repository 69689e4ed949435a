"""
Preferences: a task can name the shifts that should serve it.

Soft: any other costs what the task states. Cost kind PREFERENCE. What areas and times are preferred
stands in `territory` and `soft_windows`.
"""

from __future__ import annotations

from services.planner.domain.plan import CostKind, Visit
from services.planner.domain.task import Task
from services.planner.rules.walk import Walk

KIND = CostKind.PREFERENCE


def micros(walk: Walk, _: Visit, task: Task) -> int:
    """What service by a shift that is not preferred costs."""
    preferred = task.preferred_shift_ids
    is_preferred = not preferred or walk.shift.shift_id in preferred
    return 0 if is_preferred else task.preference_cost_micros
