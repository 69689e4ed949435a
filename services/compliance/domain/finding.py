"""What checks answer: findings per area, answers per presence, decisions per route. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.compliance.domain.charges import ChargeDue, ChargeTotal
from services.compliance.domain.geometry import Box
from services.compliance.domain.presence import Presence
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone import Caveat


@dataclass(frozen=True, slots=True)
class Finding:
    """What one zone or closure says about one stay, `[entry, exit)`."""

    zone_id: str
    closure_id: str
    subject_id: str
    entry: datetime
    exit: datetime
    verdict: Verdict
    rule_ids: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    permit_schemes: tuple[str, ...] = ()
    charges: tuple[ChargeDue, ...] = ()
    next_allowed: datetime | None = None
    rule_set_id: str = ""
    version: int = 0
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What all areas together say about one presence."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    totals: tuple[ChargeTotal, ...]
    next_allowed: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckedRoute:
    """A route as it would be driven."""

    route_id: str
    vehicle: Vehicle
    presences: tuple[Presence, ...]

    @property
    def box(self) -> Box:
        """The smallest box around all of it."""
        boxes = [presence.box for presence in self.presences]
        return Box(
            min(box.south_e7 for box in boxes),
            min(box.west_e7 for box in boxes),
            max(box.north_e7 for box in boxes),
            max(box.east_e7 for box in boxes),
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """What was asked about one route, and what was answered; never changed."""

    decision_id: str  # empty when it is not stored
    route_plan_id: str
    route: CheckedRoute
    verdict: Verdict
    findings: tuple[Finding, ...]
    totals: tuple[ChargeTotal, ...]
    rules_version: int
    as_of: datetime
    decided: datetime
    batch_id: str = ""  # the first decision of the request; empty before those were told apart
    batch_rank: int = 0  # the route's place in the request
