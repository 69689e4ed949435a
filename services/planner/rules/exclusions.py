"""
Exclusions: a task can name the shifts that may serve it, and shifts and vehicles that may not.

Hard. A driver's refusal arrives here. Reason EXCLUDED; cure: lift the exclusion.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import Walk

REASON = Reason.EXCLUDED
CURE = "lift the exclusion"


def violations(walk: Walk) -> Iterator[Violation]:
    """Visits by a shift or vehicle that may not serve them."""
    shift_id, vehicle_id = walk.shift.shift_id, walk.shift.vehicle.vehicle_id
    for visit, task in walk.served:
        if task.excludes(shift_id, vehicle_id):
            yield walk.broken(REASON, visit)
