"""
Zones: a vehicle is in no area that it may not be in then.

Hard. A stay, from arrival to departure, touches no forbidden span of an area its place lies in; and
a check of the finished legs says nothing against them. Unknown counts as forbidden. Reasons ZONE
and ACCESS_UNKNOWN; cure: send a vehicle that may, come at another hour, or state what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import broken

REASON = Reason.ZONE
CURE = "send a vehicle that may, or come at another hour"
UNKNOWN_REASON = Reason.ACCESS_UNKNOWN
UNKNOWN_CURE = "state the missing attributes of the vehicle"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """Stays in forbidden spans, and what the check of the finished route found."""
    for visit in route.visits:
        place = instance.place((visit.task, visit.option))
        for area in instance.areas_at(route.shift, place):
            for span in area.forbidden(
                visit.arrival_second, max(visit.end_second, visit.arrival_second + 1)
            ):
                reason = span.verdict.reason
                yield broken(reason, instance, route, visit, subject=area.area_id)
                break
    for finding in route.findings:
        stop = finding.presence // 2
        blamed = route.visits[stop] if stop < len(route.visits) else None
        details = {"subject": finding.area_id, "message": finding.message}
        yield broken(finding.verdict.reason, instance, route, blamed, **details)
