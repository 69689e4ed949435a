"""
Zones: a vehicle is in no area that it may not be in then.

Hard. A stay, from arrival to departure, touches no forbidden span of an area its place lies in; no
route starts or ends in an area whose roads are closed to it; and a check of the finished legs says
nothing against them. Unknown counts as forbidden. What zones charge is a cost. Reasons ZONE and
ACCESS_UNKNOWN; cure: send a vehicle that may, come at another hour, or state what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.access import CLOSED
from services.planner.domain.plan import CostKind, Violation
from services.planner.domain.reason import Reason
from services.planner.rules.walk import Leg, Walk

REASON = Reason.ZONE
CURE = "send a vehicle that may, or come at another hour"
UNKNOWN_REASON = Reason.ACCESS_UNKNOWN
UNKNOWN_CURE = "state the missing attributes of the vehicle"
KIND = CostKind.ACCESS


def violations(walk: Walk) -> Iterator[Violation]:
    """Stays in forbidden spans, and what the check of the finished route found."""
    if walk.instance.areas_of_shift and walk.instance.areas_of_shift[walk.route.shift]:
        yield from closed_ends(walk)
        for leg in walk.legs:
            yield from forbidden_stays(walk, leg)
    visits = walk.route.visits
    for finding in walk.route.findings:
        stop = finding.presence // 2
        blamed = visits[stop] if stop < len(visits) else None
        details = {"subject": finding.area_id, "message": finding.message}
        yield walk.broken(finding.verdict.reason, blamed, **details)


def closed_ends(walk: Walk) -> Iterator[Violation]:
    """Areas that no way leads out of, where the route starts, or into, where it ends; each once."""
    first, last = walk.legs[0], walk.legs[-1]
    for place, leg in {first.here: first, last.there: last}.items():
        area = walk.instance.closing_area(walk.route.shift, place)
        verdict = walk.instance.closing_verdict(walk.route.shift, place)
        if leg.is_cut_off and area and verdict:
            yield walk.broken(verdict.reason, subject=area.area_id, message=CLOSED)


def forbidden_stays(walk: Walk, leg: Leg) -> Iterator[Violation]:
    """The areas in which the visit of a leg may not be then."""
    visit = leg.visit
    if visit is None:
        return
    end = max(visit.end_second, visit.arrival_second + 1)
    for area in walk.instance.areas_at(walk.route.shift, leg.there):
        for span in area.forbidden(visit.arrival_second, end)[:1]:
            yield walk.broken(span.verdict.reason, visit, subject=area.area_id)


def charged_micros(walk: Walk) -> int:
    """What zones charge the route."""
    return sum(charge.amount_micros for charge in walk.route.charges)
