"""
Earliness: a task can be worth more the sooner it is served.

Soft: each hour from the start of its first window, or of the shift, to service costs. Cost kind
EARLINESS.
"""

from __future__ import annotations

from services.planner.domain.money import SECONDS_PER_HOUR, priced
from services.planner.domain.plan import CostKind, Visit
from services.planner.domain.task import Task
from services.planner.rules.walk import Walk, option_of

KIND = CostKind.EARLINESS


def micros(walk: Walk, visit: Visit, task: Task) -> int:
    """What the wait from the earliest possible start to service costs."""
    if not task.earliness_cost_micros_per_hour:
        return 0
    windows = option_of(visit, task).windows
    earliest = windows[0].first_second if windows else walk.shift.start_second
    waited = max(0, visit.start_second - earliest)
    return priced(task.earliness_cost_micros_per_hour, waited, SECONDS_PER_HOUR)
