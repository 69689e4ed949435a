"""
Service: setup and service take what the problem states.

Hard. Setup is spent when the vehicle comes from another place; consecutive tasks at one place spend
the first one's. Both may differ by profile. A reload takes its loading and no setup. Reason
SERVICE; cure: plan again.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.plan import Violation, Visit
from services.planner.domain.reason import Reason
from services.planner.rules.walk import Leg, Walk

REASON = Reason.SERVICE
CURE = "plan again"


def violations(walk: Walk) -> Iterator[Violation]:
    """Visits whose setup or service is not as long as stated."""
    for leg in walk.legs:
        if leg.visit is None:
            continue
        setup, service = durations(walk, leg, leg.visit)
        excess = abs(leg.visit.start_second - leg.visit.ready_second - setup)
        excess += abs(leg.visit.end_second - leg.visit.start_second - service)
        if excess:
            yield walk.broken(REASON, leg.visit, excess_seconds=excess)


def durations(walk: Walk, leg: Leg, visit: Visit) -> tuple[int, int]:
    """What setup and service of a visit take."""
    if visit.is_reload:
        return 0, walk.shift.reloads[visit.option].service_seconds
    profile, option = walk.shift.vehicle.profile, walk.instance.option(visit.node)
    setup = option.setup_for(profile) if leg.here != leg.there else 0
    return setup, option.service_for(profile)
