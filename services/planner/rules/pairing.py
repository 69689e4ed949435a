"""
Pairing: goods are picked up before they are delivered, by the same vehicle, and in time.

Hard. Both are served or neither. The ride lasts from the end of the pickup to the start of the
delivery. Reason PAIRING; cure: serve both by one shift.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import broken, task_of

REASON = Reason.PAIRING
CURE = "serve both by one shift"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """Deliveries without their pickup before, pickups without their delivery, and long rides."""
    picked: dict[str, int] = {}
    delivered = {task_of(instance, visit).pickup_task_id for visit in route.visits}
    for visit in route.visits:
        task = task_of(instance, visit)
        picked[task.task_id] = visit.end_second
        if instance.problem.deliveries_of_pickup[task.task_id] and task.task_id not in delivered:
            yield broken(REASON, instance, route, visit, message="its delivery is not served")
        if not task.pickup_task_id:
            continue
        if task.pickup_task_id not in picked:
            yield broken(REASON, instance, route, visit, message="its pickup is not before it")
            continue
        ride = visit.start_second - picked[task.pickup_task_id]
        if task.ride_limit_seconds is not None and ride > task.ride_limit_seconds:
            excess = ride - task.ride_limit_seconds
            yield broken(REASON, instance, route, visit, excess_seconds=excess)
