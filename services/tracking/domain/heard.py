"""
What tracking hears: events of dispatch's and compliance's feeds, as far as they matter here. Pure.

They stand in the same journal as our own, so that a replay of the journal gives every read model.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.tracking.domain.event import Charge, Crew
from services.tracking.domain.fact import Amount
from services.tracking.domain.geo import Point
from services.tracking.domain.replan import PlanShift
from services.tracking.domain.route import Window
from services.tracking.domain.words import Milestone, PlanCause, ProofKind, Source, TaskKind


@dataclass(frozen=True, slots=True)
class Parcel:
    """One physical unit of a delivery."""

    parcel_id: str
    barcode: str = ""
    mass_grams: int = 0


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a handover must prove."""

    kind: ProofKind
    minimum_age_years: int = 0
    pin_sha256: str = ""  # hex


@dataclass(frozen=True, slots=True)
class Digest:
    """A delivery as dispatch tells of it: no names, no written address."""

    delivery_id: str
    task_id: str
    attempt_number: int
    promise: Window | None = None
    location: Point | None = None
    origin_place_id: str = ""
    parcels: tuple[Parcel, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    priority: int = 0
    service_level: str = ""
    territory_id: str = ""
    task_kind: TaskKind = TaskKind.DELIVERY
    due: Amount | None = None  # to be collected at the door
    floor: int | None = None  # of the door; None: not known
    lift: bool = False
    building: str = ""  # kind of building; empty: not known
    segment: str = ""  # the caller's own grouping
    region: str = ""
    order_reference: str = ""  # deliveries that share it are attempts at one order

    @property
    def mass_grams(self) -> int:
        """What it weighs."""
        return sum(parcel.mass_grams for parcel in self.parcels)


@dataclass(frozen=True, slots=True)
class DeliveryKnown:
    """Dispatch accepted a delivery, or changed what was promised."""

    digest: Digest
    at: datetime
    new: bool
    rescheduled: bool = False
    redirected: bool = False


@dataclass(frozen=True, slots=True)
class AttemptPlanned:
    """Dispatch made a task: the first attempt, or the next one."""

    delivery_id: str
    task_id: str
    attempt_number: int
    kind: TaskKind
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryCancelled:
    """Dispatch called a delivery off; `returning` when the goods had moved."""

    delivery_id: str
    task_id: str
    at: datetime
    returning: bool = False


@dataclass(frozen=True, slots=True)
class RoutePlaced:
    """A route binds, new or revised. `added` and `removed` are tasks against the one before."""

    crew: Crew
    at: datetime
    tasks: tuple[Charge, ...]
    added: tuple[Charge, ...]
    removed: tuple[Charge, ...]
    planned_meters: int = 0
    planned_stops: int = 0
    plan_id: str = ""
    cause: PlanCause = PlanCause.UNSPECIFIED
    decision_ids: tuple[str, ...] = ()  # of compliance, for this revision
    shifts: tuple[PlanShift, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteWithdrawn:
    """Dispatch took a route back."""

    crew: Crew
    at: datetime
    tasks: tuple[Charge, ...]


@dataclass(frozen=True, slots=True)
class TenderPriced:
    """A carrier accepted a tender at a price."""

    crew: Crew
    price: Amount
    at: datetime
    tender_id: str = ""
    previous_micros: int = 0  # booked before for the same tender: what is new is the difference

    @property
    def booked_micros(self) -> int:
        """What this line adds to what the carrier is owed."""
        return self.price.micros - self.previous_micros


@dataclass(frozen=True, slots=True)
class CarbonShare:
    """What one delivery is charged with of a record."""

    delivery_id: str
    task_id: str
    milligrams: int


@dataclass(frozen=True, slots=True)
class EmissionRecorded:
    """Compliance computed what a leg emitted, or a hub: that has neither leg nor route."""

    record_id: str
    leg_id: str
    route_id: str
    at: datetime
    milligrams: int
    factor_set_id: str = ""
    country_mismatch: bool = False
    default_quality: bool = False
    replaced_record_id: str = ""
    other_factor_set_ids: tuple[str, ...] = ()
    shares: tuple[CarbonShare, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionHeard:
    """Compliance decided on a route."""

    decision_id: str
    route_id: str
    verdict: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StopNear:
    """A vehicle comes near to a stop. Ours, told on the feed as a milestone only."""

    crew: Crew
    stop_id: str
    at: datetime
    tasks: tuple[Charge, ...]


@dataclass(frozen=True, slots=True)
class ParcelsHeld:
    """Parcels wait at a pick-up point, were collected there, or are back. Ours, as above."""

    milestone: Milestone
    delivery_id: str
    task_id: str
    at: datetime
    source: Source
    event_id: str = ""


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """Somebody made a tracking link, or revoked it. Ours, told to nobody."""

    link_id: str
    delivery_id: str
    by: str
    at: datetime
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class ZoneCharged:
    """A vehicle entered a zone that charges."""

    crew: Crew
    zone_id: str
    amount: Amount
    at: datetime


Heard = (
    DeliveryKnown
    | AttemptPlanned
    | DeliveryCancelled
    | RoutePlaced
    | RouteWithdrawn
    | TenderPriced
    | EmissionRecorded
    | DecisionHeard
    | LinkChanged
    | ZoneCharged
    | StopNear
    | ParcelsHeld
)
