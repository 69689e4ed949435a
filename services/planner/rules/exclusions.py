"""
Exclusions: a task can name the shifts that may serve it, and shifts and vehicles that may not.

Hard. A driver's refusal arrives here. Reason EXCLUDED; cure: lift the exclusion.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Shift
from services.planner.domain.task import Task
from services.planner.rules.walk import Walk

REASON = Reason.EXCLUDED
CURE = "lift the exclusion"


def violations(walk: Walk) -> Iterator[Violation]:
    """Visits by a shift or vehicle that may not serve them."""
    for visit, task in walk.served:
        if excludes(task, walk.shift):
            yield walk.broken(REASON, visit)


def excludes(task: Task, shift: Shift) -> bool:
    """Whether a task may not be served by a shift."""
    allowed = not task.allowed_shift_ids or shift.shift_id in task.allowed_shift_ids
    return (
        not allowed
        or shift.shift_id in task.excluded_shift_ids
        or shift.vehicle.vehicle_id in task.excluded_vehicle_ids
    )
