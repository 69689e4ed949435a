"""Territory: tasks outside strict territories are not allowed, outside preferred ones they cost."""

from __future__ import annotations

from services.planner.domain.instance import Instance
from services.planner.domain.shift import Shift


def territory_micros(instance: Instance, shift: Shift, task: int) -> int | None:
    """What serving a task costs for where it lies; None where it may not be served."""
    within = instance.territories_of_task[task]
    strict = {own.territory_id for own in shift.territories if own.strict}
    if strict and not strict & within:
        return None
    outside = [own for own in shift.territories if not own.strict]
    if not outside or any(own.territory_id in within for own in outside):
        return 0
    return min(own.outside_cost_micros for own in outside)
