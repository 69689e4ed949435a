"""
Unloading: goods picked up on the way leave in the order that the shift demands.

Hard. LIFO: what was picked up last leaves first; FIFO: what was picked up first. It concerns goods
that are picked up and delivered on one route. Reason UNLOADING; cure: lift the policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Unloading
from services.planner.rules.walk import Walk

REASON = Reason.UNLOADING
CURE = "lift the unloading policy"


def violations(walk: Walk) -> Iterator[Violation]:
    """Deliveries whose goods do not lie at the door."""
    policy = walk.shift.unloading
    if policy is Unloading.ANY:
        return
    stack: list[str] = []
    for visit, task in walk.served:
        if walk.instance.problem.deliveries_of_pickup[task.task_id]:
            stack.append(task.task_id)
        if task.pickup_task_id in stack:
            door = stack[-1] if policy is Unloading.LIFO else stack[0]
            if task.pickup_task_id != door:
                yield walk.broken(REASON, visit, subject=policy.value)
            stack.remove(task.pickup_task_id)
