"""
Territory: a shift bound strictly to territories serves nothing outside them.

Hard for strict territories; a task outside preferred ones costs. A task belongs to the territories
it names and to those its own place lies in. Reason TERRITORY; cure: assign the territory to the
shift.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import broken, shift_of

REASON = Reason.TERRITORY
CURE = "assign the territory to the shift"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """Visits outside every strict territory, and soft ones outside every preferred."""
    bound = shift_of(instance, route).territories
    strict = {own.territory_id for own in bound if own.strict}
    preferred = {own.territory_id for own in bound if not own.strict}
    for visit in route.visits:
        within = instance.territories_of_task[visit.task]
        if strict and not strict & within:
            yield broken(REASON, instance, route, visit, subject="|".join(sorted(strict)))
        if preferred and not preferred & within:
            name = "|".join(sorted(preferred))
            yield broken(REASON, instance, route, visit, hard=False, subject=name)
