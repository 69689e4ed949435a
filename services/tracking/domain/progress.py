"""
A route as driven so far. Pure values; `domain.run` says how they change.

A route is PUBLISHED, ACTIVE from its start, COMPLETED once it is over and every leg is settled; or
WITHDRAWN by dispatch. A stop is PENDING, EN_ROUTE, ARRIVED, SERVICING, DEPARTED or SKIPPED.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.tracking.domain.calibration import Mark
from services.tracking.domain.event import Charge, Quote, RiskLevel
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point
from services.tracking.domain.geofence import Presence
from services.tracking.domain.halt import Sample
from services.tracking.domain.passing import Passing
from services.tracking.domain.route import Leg, Window
from services.tracking.domain.service_time import Service
from services.tracking.domain.track import Track
from services.tracking.domain.words import Outcome, TaskKind


class RunState(StrEnum):
    """Where a route stands."""

    PUBLISHED = "PUBLISHED"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    WITHDRAWN = "WITHDRAWN"


class StopState(StrEnum):
    """Where a stop stands."""

    PENDING = "PENDING"
    EN_ROUTE = "EN_ROUTE"
    ARRIVED = "ARRIVED"
    SERVICING = "SERVICING"
    DEPARTED = "DEPARTED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Visit:
    """What happened at a stop. `proposed_at` is a fence's arrival that nobody confirmed yet."""

    stop_id: str
    proposed_at: datetime | None = None
    arrived_at: datetime | None = None
    service_started_at: datetime | None = None
    departed_at: datetime | None = None
    skipped: bool = False

    @property
    def over(self) -> bool:
        """Whether the stop needs nobody any more."""
        return self.skipped or self.departed_at is not None

    @property
    def state(self) -> StopState:
        """Where the stop stands, as far as the visit alone can tell."""
        if self.skipped:
            return StopState.SKIPPED
        if self.departed_at:
            return StopState.DEPARTED
        if self.service_started_at:
            return StopState.SERVICING
        return StopState.ARRIVED if self.arrived_at or self.proposed_at else StopState.PENDING


@dataclass(frozen=True, slots=True)
class Note:
    """How an attempt at a task ended on this route."""

    task: Charge
    kind: TaskKind
    outcome: Outcome
    at: datetime
    stop_id: str


@dataclass(frozen=True, slots=True)
class OpenLeg:
    """A leg that was driven and whose distance is not settled yet."""

    rank: int
    from_stop_id: str
    to_stop_id: str
    start: datetime
    end: datetime
    measured_from: datetime  # the end of the leg before: a parked vehicle drives no meter
    noted_at: datetime  # real time: how long its last positions are waited for
    aboard: tuple[Charge, ...]
    attempted: tuple[Charge, ...]
    planned_meters: int = 0
    planned_seconds: int | None = None
    polyline: str = ""
    start_point: Point | None = None
    end_point: Point | None = None


@dataclass(frozen=True, slots=True)
class Idle:
    """An engine that runs while the vehicle stands."""

    since: datetime
    at: Point
    auxiliary_needed: bool = False


@dataclass(frozen=True, slots=True)
class FreshLeg:
    """A way as the planner has it now, from a stop; empty: from where the vehicle was."""

    from_stop_id: str
    leg: Leg
    revision: int  # of the route
    since: datetime  # when the vehicle was at its beginning


@dataclass(frozen=True, slots=True)
class Told:
    """What was last told about a stop, and every quote before its arrival."""

    quotes: tuple[Quote, ...] = ()

    @property
    def last(self) -> Quote | None:
        """The quote that holds."""
        return self.quotes[-1] if self.quotes else None


@dataclass(frozen=True, slots=True)
class Progress:
    """A route as driven so far."""

    route_id: str
    revision: int = 0
    state: RunState = RunState.PUBLISHED
    started_at: datetime | None = None
    ended_at: datetime | None = None

    visits: dict[str, Visit] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)  # by task
    at_stop: str = ""  # where the vehicle stands for sure; empty while driving
    last_stop: str = ""  # the last one left; empty means the depot
    left_at: datetime | None = None

    open_legs: tuple[OpenLeg, ...] = ()
    leg_count: int = 0
    measured_until: datetime | None = None  # the end of the last leg
    meters: int = 0  # of settled legs
    planned_seconds: int = 0  # of legs driven as planned, to see how fast this driver is
    driven_seconds: int = 0

    fix: Fix | None = None  # the latest
    epoch: str = ""  # positions up to here are taken in
    sequence: int = 0
    presence: Presence | None = None
    samples: tuple[Sample, ...] = ()  # the last minutes of fixes, for the fences
    passing: Passing = field(default_factory=Passing)  # of tenants' own geofences
    stood: Point | None = None  # where the vehicle stood at the stop before
    track: Track = field(default_factory=Track)
    anchor: Point | None = None  # where the vehicle last was when it moved on
    moved_at: datetime | None = None
    seen_depot: bool = False
    away_fixes: int = 0
    home_since: datetime | None = None
    idle: Idle | None = None

    told: dict[str, Told] = field(default_factory=dict)  # by stop
    levels: dict[str, RiskLevel] = field(default_factory=dict)  # by task
    arriving: tuple[str, ...] = ()  # tasks whose nearness was told
    marks: dict[str, tuple[Mark, ...]] = field(default_factory=dict)  # by stop, for calibration
    services: dict[str, Service] = field(default_factory=dict)  # by stop, as learned
    services_of: str = ""  # the version and revision that they belong to
    retimed: dict[str, FreshLeg] = field(default_factory=dict)  # by the stop it leads to
    retimed_for: str = ""  # why the planner was asked
    untimed: bool = False  # the planner was to be asked again and could not be
    promises: dict[str, Window | None] = field(default_factory=dict)  # by task, when it went out
    alarms: tuple[str, ...] = ()  # keys of incidents that ticks have raised
    broken_down: bool = False

    def visit(self, stop_id: str) -> Visit:
        """What happened at a stop."""
        return self.visits.get(stop_id) or Visit(stop_id)
