"""
Territory: a shift bound strictly to territories serves nothing outside them.

Hard for strict territories; a task outside preferred ones costs. A task belongs to the territories
it names and to those its own place lies in. Reason TERRITORY; cure: assign the territory to the
shift.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import CostKind, Violation, Visit
from services.planner.domain.reason import Reason
from services.planner.domain.task import Task
from services.planner.rules.walk import Walk

REASON = Reason.TERRITORY
CURE = "assign the territory to the shift"
KIND = CostKind.TERRITORY


def violations(walk: Walk) -> Iterator[Violation]:
    """Visits outside every strict territory, and soft ones outside every preferred."""
    bound = walk.shift.territories
    if not bound:
        return
    strict = {own.territory_id for own in bound if own.strict}
    preferred = {own.territory_id for own in bound if not own.strict}
    for visit, _ in walk.served:
        within = walk.instance.territories_of_task[visit.task]
        if strict and not strict & within:
            yield walk.broken(REASON, visit, subject="|".join(sorted(strict)))
        if preferred and not preferred & within:
            name = "|".join(sorted(preferred))
            yield walk.broken(REASON, visit, hard=False, subject=name)


def micros(walk: Walk, visit: Visit, task: Task) -> int:
    """What a visit outside every preferred territory costs: by the cheapest of them."""
    preferred = [own for own in walk.shift.territories if not own.strict]
    if not preferred:
        return 0
    within = walk.instance.territories_of_task[visit.task]
    if any(own.territory_id in within for own in preferred):
        return 0
    return min(own.outside_cost_micros for own in preferred)
