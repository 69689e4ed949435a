"""The audit of one delivery: all that is kept about it, for whoever must show it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.tracking.domain.crew import Crew
from services.tracking.domain.custody import Chain
from services.tracking.domain.fact import Fact
from services.tracking.domain.incident import Incident
from services.tracking.domain.note import Comment
from services.tracking.domain.proof import Proof
from services.tracking.domain.words import PlanCause

ENTRIES_MAX = 1_000  # events, and facts; the contract states it at Audit
INCIDENTS_MAX = 100  # the same


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of a route that carried the delivery, or took it off."""

    crew: Crew  # with route and revision
    plan_id: str
    cause: PlanCause
    at: datetime
    trace_id: str
    arrival: datetime | None = None
    removed: bool = False
    decision_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of compliance; without a verdict when its news has not come."""

    decision_id: str
    route_id: str
    verdict: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, and who did it."""

    type: str
    summary: str
    at: datetime
    recorded_at: datetime
    actor: str
    trace_id: str
    task_id: str = ""
    route_id: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A fact with what became of it."""

    fact: Fact
    status: str


@dataclass(frozen=True, slots=True)
class Audit:
    """All of it."""

    delivery_id: str
    trace_id: str
    revisions: tuple[Revision, ...]
    decisions: tuple[Decision, ...]
    lines: tuple[Line, ...]
    reports: tuple[Report, ...]
    proofs: tuple[Proof, ...]
    chains: tuple[Chain, ...]
    incidents: tuple[Incident, ...]
    comments: tuple[Comment, ...]
    at: datetime
    left_out: int = 0  # events and facts beyond ENTRIES_MAX, never decisive ones
