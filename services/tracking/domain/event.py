"""
What tracking tells: every event of its feed. Pure.

Events are immutable and are, with what is heard from other services, all that metrics are computed
from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.tracking.domain.calibration import Mark
from services.tracking.domain.crew import Charge as Charge
from services.tracking.domain.crew import Crew as Crew
from services.tracking.domain.expected import Eta as Eta
from services.tracking.domain.expected import EtaBasis as EtaBasis
from services.tracking.domain.expected import EtaReason as EtaReason
from services.tracking.domain.expected import Quote as Quote
from services.tracking.domain.expected import Risk as Risk
from services.tracking.domain.expected import RiskLevel as RiskLevel
from services.tracking.domain.facets import NO_FACETS, Facets
from services.tracking.domain.fact import Amount, Scan
from services.tracking.domain.geo import Point
from services.tracking.domain.incident import Incident
from services.tracking.domain.payment import PaymentState
from services.tracking.domain.replan import PlanChange
from services.tracking.domain.route import RateCard, Vehicle, Window
from services.tracking.domain.words import (
    FailureReason,
    FencePassage,
    Handover,
    Milestone,
    Outcome,
    PaymentMethod,
    ProofKind,
    Source,
    TaskKind,
)


class DistanceBasis(StrEnum):
    """How a driven distance is known."""

    ODOMETER = "ODOMETER"
    POSITIONS = "POSITIONS"
    PLAN = "PLAN"


@dataclass(frozen=True, slots=True)
class RouteStarted:
    """A route is under way."""

    crew: Crew
    at: datetime
    tasks: tuple[Charge, ...]
    rates: RateCard | None = None
    access_charge_micros: int = 0
    planned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StopArrived:
    """A vehicle reached a stop."""

    crew: Crew
    stop_id: str
    at: datetime
    source: Source
    tasks: tuple[Charge, ...]
    planned_at: datetime | None = None
    in_sequence: bool = True
    last_quote: Quote | None = None  # told before the arrival
    early_quote: Quote | None = None  # the last one told 30 minutes or more before it
    marks: tuple[Mark, ...] = ()  # what was expected when it came within each horizon
    facets: Facets = NO_FACETS


@dataclass(frozen=True, slots=True)
class StopDeparted:
    """A vehicle left a stop."""

    crew: Crew
    stop_id: str
    at: datetime
    source: Source
    tasks: tuple[Charge, ...]
    planned_at: datetime | None = None
    arrived_at: datetime | None = None
    opened_at: datetime | None = None  # when service could begin: on arrival, or with its window
    place_id: str = ""
    facets: Facets = NO_FACETS


@dataclass(frozen=True, slots=True)
class OutcomeRecorded:
    """An attempt at a task ended."""

    crew: Crew
    task: Charge
    kind: TaskKind
    stop_id: str
    attempt_number: int
    outcome: Outcome
    at: datetime
    source: Source
    reason: FailureReason = FailureReason.UNSPECIFIED
    handover: Handover = Handover.UNSPECIFIED
    promise: Window | None = None
    parcel_ids: tuple[str, ...] = ()
    event_id: str = ""
    proof_id: str = ""
    climbed_floors: int = 0
    location: Point | None = None  # where the hand-over or the vain attempt was
    place_id: str = ""
    facets: Facets = NO_FACETS
    earlier_attempts: int = 0  # at the same order, under deliveries created before this one
    earlier_reason: FailureReason = FailureReason.UNSPECIFIED  # why the attempt before failed

    @property
    def order_attempt(self) -> int:
        """Which attempt at the order it was, from 1."""
        return self.earlier_attempts + self.attempt_number

    @property
    def order(self) -> str:
        """The order, however often it was created."""
        return self.facets.order_reference or self.task.delivery_id

    @property
    def on_time(self) -> bool:
        """Whether it succeeded inside the promise in force when it went out."""
        inside = self.promise is None or self.at in self.promise
        return self.outcome is Outcome.SUCCEEDED and inside


@dataclass(frozen=True, slots=True)
class LegCompleted:
    """A vehicle finished a leg."""

    crew: Crew
    leg_rank: int
    from_stop_id: str
    to_stop_id: str
    start: datetime
    end: datetime
    meters: int
    basis: DistanceBasis
    planned_meters: int
    planned_seconds: int | None
    watt_hours: int | None
    mass_grams: int
    vehicle: Vehicle
    shares: tuple[Charge, ...]
    empty: bool
    start_point: Point | None = None
    end_point: Point | None = None
    polyline: str = ""

    @property
    def leg_id(self) -> str:
        """Its name, unique in the tenant."""
        return f"{self.crew.route_id}.{self.leg_rank}"


@dataclass(frozen=True, slots=True)
class RouteCompleted:
    """A route ended and all of its legs are settled."""

    crew: Crew
    start: datetime
    end: datetime
    meters: int
    planned_meters: int
    succeeded: int
    failed: int
    unattempted: int
    planned_seconds: int = 0


@dataclass(frozen=True, slots=True)
class EtaChanged:
    """The expected arrival, or how sure it is, moved by more than the thresholds."""

    eta: Eta
    tasks: tuple[Charge, ...]
    previous: datetime | None = None
    reason: EtaReason = EtaReason.UNSPECIFIED
    wider: bool = False  # it reaches beyond what was told before


@dataclass(frozen=True, slots=True)
class RiskChanged:
    """The risk moved to another level."""

    risk: Risk
    previous: RiskLevel


@dataclass(frozen=True, slots=True)
class IncidentOpened:
    """Something needs a person's attention."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class IncidentAcknowledged:
    """A person took it up."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class IncidentResolved:
    """It ended."""

    incident: Incident


@dataclass(frozen=True, slots=True)
class ProofAccepted:
    """A proof is complete."""

    proof_id: str
    task_id: str
    delivery_id: str
    kinds: tuple[ProofKind, ...]
    captured_at: datetime
    at: datetime
    submitted_by: str = ""


@dataclass(frozen=True, slots=True)
class MilestoneReached:
    """A delivery reached a milestone; also the entry of its timeline."""

    entry_id: str
    delivery_id: str
    milestone: Milestone
    at: datetime
    recorded_at: datetime
    source: Source
    task_id: str = ""
    route_id: str = ""
    stop_id: str = ""
    reason: FailureReason = FailureReason.UNSPECIFIED
    handover: Handover = Handover.UNSPECIFIED
    event_id: str = ""
    late: bool = False
    eta: Eta | None = None  # of ETA_CHANGED
    plan_change: PlanChange | None = None


@dataclass(frozen=True, slots=True)
class ParcelScanned:
    """A parcel changed hands."""

    crew: Crew
    scan: Scan
    at: datetime
    source: Source
    delivery_id: str = ""
    stop_id: str = ""
    expected_route_id: str = ""  # the one that serves it, when another vehicle took it


@dataclass(frozen=True, slots=True)
class AmountCollected:
    """A driver took money."""

    crew: Crew
    task: Charge
    amount: Amount
    method: PaymentMethod
    at: datetime
    due: Amount | None = None
    total: Amount | None = None
    state: PaymentState = PaymentState.UNSPECIFIED
    source: Source = Source.UNSPECIFIED
    facets: Facets = NO_FACETS
    previous_micros: int = 0  # the total before: a correction takes it back

    @property
    def booked_micros(self) -> int:
        """What this adds to what was collected."""
        return (
            self.amount.micros if self.total is None else self.total.micros - self.previous_micros
        )


@dataclass(frozen=True, slots=True)
class IdlingEnded:
    """A vehicle stood with its engine running."""

    crew: Crew
    start: datetime
    seconds: int
    location: Point
    auxiliary_needed: bool
    vehicle: Vehicle = field(default_factory=Vehicle)


@dataclass(frozen=True, slots=True)
class VehicleCharged:
    """A vehicle took in energy."""

    crew: Crew
    watt_hours: int
    end: datetime
    place_id: str = ""
    start: datetime | None = None
    cost: Amount | None = None


@dataclass(frozen=True, slots=True)
class CommentAdded:
    """Somebody wrote a comment."""

    comment_id: str
    entry_id: str
    delivery_id: str
    at: datetime
    author: str = ""


@dataclass(frozen=True, slots=True)
class FencePassed:
    """A vehicle entered a tenant's own geofence, left it, stayed or drove through."""

    crew: Crew
    fence_id: str
    passage: FencePassage
    at: datetime
    since: datetime | None = None  # inside, when it leaves or has stayed


Told = (
    RouteStarted
    | StopArrived
    | StopDeparted
    | OutcomeRecorded
    | LegCompleted
    | RouteCompleted
    | EtaChanged
    | RiskChanged
    | IncidentOpened
    | IncidentAcknowledged
    | IncidentResolved
    | ProofAccepted
    | MilestoneReached
    | ParcelScanned
    | AmountCollected
    | IdlingEnded
    | VehicleCharged
    | CommentAdded
    | FencePassed
)
