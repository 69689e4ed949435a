"""
Pairing: goods are picked up before they are delivered, by the same vehicle, and in time.

Hard. Both are served or neither. The ride lasts from the end of the pickup to the start of the
delivery. Reason PAIRING; cure: serve both by one shift.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import Walk

REASON = Reason.PAIRING
CURE = "serve both by one shift"


def violations(walk: Walk) -> Iterator[Violation]:
    """Deliveries without their pickup before, pickups without their delivery, and long rides."""
    problem, picked = walk.instance.problem, dict[str, int]()
    if not problem.has_pairs:
        return
    for visit, task in walk.served:
        picked[task.task_id] = visit.end_second
        is_paired = bool(problem.deliveries_of_pickup[task.task_id])
        if is_paired and task.task_id not in walk.ridden_ids:
            yield walk.broken(REASON, visit, message="its delivery is not served")
        if not task.pickup_task_id:
            continue
        if task.pickup_task_id not in picked:
            yield walk.broken(REASON, visit, message="its pickup is not before it")
            continue
        ride = visit.start_second - picked[task.pickup_task_id]
        if task.ride_limit_seconds is not None and ride > task.ride_limit_seconds:
            excess = ride - task.ride_limit_seconds
            yield walk.broken(REASON, visit, excess_seconds=excess)
