"""
Service: setup and service take what the problem states.

Hard. Setup is spent when the vehicle comes from another place; consecutive tasks at one place spend
the first one's. Service may differ by profile. Reason SERVICE; cure: plan again.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import broken, legs, shift_of

REASON = Reason.SERVICE
CURE = "plan again"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """Visits whose setup or service is not as long as stated."""
    profile = shift_of(instance, route).vehicle.profile
    for leg in legs(instance, route):
        visit = leg.visit
        if visit is None:
            continue
        option = instance.option((visit.task, visit.option))
        setup = option.setup_seconds if leg.here != leg.there else 0
        service = option.service_for(profile)
        excess = abs(visit.start_second - visit.ready_second - setup)
        excess += abs(visit.end_second - visit.start_second - service)
        if excess:
            yield broken(REASON, instance, route, visit, excess_seconds=excess)
