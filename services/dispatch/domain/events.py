"""
What dispatch tells the mesh: one class for each event of the contract's feed. Pure.

No name, telephone number or written address is in any of them. `Fact` says when and about what.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.dispatch.domain.delivery import (
    AmountToCollect,
    Delivery,
    DeliveryState,
    ServiceLevel,
    VerificationRequirement,
)
from services.dispatch.domain.duty import DutyRecord
from services.dispatch.domain.fleet import Driver, Place, Shift, Vehicle, VehicleAttributes
from services.dispatch.domain.parcel import Parcel
from services.dispatch.domain.route import Route
from services.dispatch.domain.route_plan import RoutePlan
from services.dispatch.domain.task import Task, TaskType
from services.dispatch.domain.tender import TenderDeclineReason
from services.dispatch.domain.values import Money, Point, Window


class DeclineReason(StrEnum):
    """Why a driver declines."""

    HOURS = "HOURS"
    VEHICLE = "VEHICLE"
    SKILL = "SKILL"
    SAFETY = "SAFETY"
    GOODS = "GOODS"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class DeliveryDigest:
    """A delivery as other services need it."""

    delivery_id: str
    task_id: str
    attempt_number: int
    task_type: TaskType | None
    state: DeliveryState
    service_level: ServiceLevel | None
    promise_window: Window | None
    windows: tuple[Window, ...]
    location: Point = field(repr=False)
    origin_place_id: str
    parcels: tuple[Parcel, ...]
    verification_requirements: tuple[VerificationRequirement, ...]
    amount_to_collect: AmountToCollect | None
    priority: int
    segment: str
    territory_id: str
    floor: int
    lift_available: bool
    required_skills: tuple[str, ...]
    language_code: str


def digest(delivery: Delivery, task_type: TaskType | None = TaskType.DELIVERY) -> DeliveryDigest:
    """What others may know of a delivery."""
    access = delivery.access_profile
    return DeliveryDigest(
        delivery_id=delivery.delivery_id,
        task_id=delivery.open_task_id,
        attempt_number=delivery.attempt_number,
        task_type=task_type,
        state=delivery.state,
        service_level=delivery.service_level,
        promise_window=delivery.promise_window,
        windows=delivery.windows,
        location=delivery.location,
        origin_place_id=delivery.origin_place_id,
        parcels=tuple(replace(parcel, declared_value=None) for parcel in delivery.parcels),
        verification_requirements=delivery.verification_requirements,
        amount_to_collect=delivery.amount_to_collect,
        priority=delivery.priority,
        segment=delivery.segment,
        territory_id=delivery.territory_id,
        floor=access.floor if access else 0,
        lift_available=access.lift_available if access else False,
        required_skills=delivery.required_skills,
        language_code=delivery.recipient.language_code if delivery.recipient else "",
    )


@dataclass(frozen=True, slots=True)
class DeliveryCreated:
    """A delivery was accepted."""

    delivery: DeliveryDigest


@dataclass(frozen=True, slots=True)
class DeliveryUpdated:
    """What was promised changed."""

    delivery: DeliveryDigest
    changed_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeliveryCancelled:
    """A delivery was called off."""

    delivery_id: str
    task_id: str
    reason: str
    route_id: str
    state: DeliveryState


@dataclass(frozen=True, slots=True)
class DeliveryStateChanged:
    """The derived state changed."""

    delivery_id: str
    previous_state: DeliveryState
    state: DeliveryState
    reason: str
    attempt_number: int


@dataclass(frozen=True, slots=True)
class DeliveryRescheduled:
    """Another window was chosen."""

    delivery: DeliveryDigest
    previous_promise_window: Window | None
    recipient_initiated: bool


@dataclass(frozen=True, slots=True)
class TaskCreated:
    """A task came to be."""

    task: Task


@dataclass(frozen=True, slots=True)
class TaskClosed:
    """A task ended."""

    task: Task


@dataclass(frozen=True, slots=True)
class RoutePlanDrafted:
    """A plan was drafted."""

    route_plan: RoutePlan


@dataclass(frozen=True, slots=True)
class RoutePlanChecked:
    """A plan was checked."""

    route_plan: RoutePlan


@dataclass(frozen=True, slots=True)
class RoutePlanPublished:
    """A plan binds."""

    route_plan: RoutePlan


@dataclass(frozen=True, slots=True)
class RoutePlanCompleted:
    """Every route of a plan has ended."""

    route_plan_id: str


@dataclass(frozen=True, slots=True)
class RoutePublished:
    """A route binds."""

    route: Route


@dataclass(frozen=True, slots=True)
class RouteRevised:
    """A route that binds changed."""

    route: Route
    base_revision: int
    added_task_ids: tuple[str, ...]
    removed_task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RevisionAcknowledged:
    """A driver acknowledged a revision."""

    route_id: str
    revision: int
    driver_id: str
    acknowledge_time: datetime


@dataclass(frozen=True, slots=True)
class RevisionUnacknowledged:
    """A revision was not acknowledged in time."""

    route_id: str
    revision: int
    driver_id: str
    revise_time: datetime


@dataclass(frozen=True, slots=True)
class AssignmentDeclined:
    """A driver declined work."""

    route_id: str
    revision: int
    driver_id: str
    task_ids: tuple[str, ...]
    reason: DeclineReason


@dataclass(frozen=True, slots=True)
class RouteWithdrawn:
    """A route was taken back."""

    route_id: str
    revision: int
    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RouteClosed:
    """A route has ended."""

    route_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class ShiftScheduled:
    """A shift was agreed or changed."""

    shift: Shift


@dataclass(frozen=True, slots=True)
class ShiftStarted:
    """A shift began."""

    shift: Shift
    vehicle: VehicleAttributes
    charge_watt_hours: int


@dataclass(frozen=True, slots=True)
class ShiftEnded:
    """A shift ended."""

    shift: Shift
    charge_watt_hours: int


@dataclass(frozen=True, slots=True)
class DutyStatusRecorded:
    """A duty status was recorded."""

    record: DutyRecord


@dataclass(frozen=True, slots=True)
class DriverChanged:
    """A driver was created or changed; name and number are left out."""

    driver: Driver


@dataclass(frozen=True, slots=True)
class VehicleChanged:
    """A vehicle was created or changed."""

    vehicle: Vehicle


@dataclass(frozen=True, slots=True)
class PlaceChanged:
    """A place was created or changed; address and access profile are left out."""

    place: Place


@dataclass(frozen=True, slots=True)
class QuotesRequested:
    """Carriers were asked for quotes."""

    quote_ids: tuple[str, ...]
    carrier_ids: tuple[str, ...]
    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuoteSubmitted:
    """A carrier quoted."""

    quote_id: str
    carrier_id: str
    price: Money


@dataclass(frozen=True, slots=True)
class TenderOffered:
    """A tender was offered to a carrier."""

    tender_id: str
    carrier_id: str
    expire_time: datetime
    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TenderAccepted:
    """A carrier accepted."""

    tender_id: str
    carrier_id: str
    route_id: str
    price: Money
    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TenderDeclined:
    """A carrier declined."""

    tender_id: str
    carrier_id: str
    reason: TenderDeclineReason


@dataclass(frozen=True, slots=True)
class TenderWithdrawn:
    """The shipper took it back."""

    tender_id: str
    carrier_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TenderExpired:
    """Nobody accepted in time."""

    tender_id: str
    carrier_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TenderStarted:
    """The carrier has begun."""

    tender_id: str
    carrier_id: str


@dataclass(frozen=True, slots=True)
class TenderCompleted:
    """Every task is closed."""

    tender_id: str
    carrier_id: str
    succeeded_count: int
    failed_count: int


@dataclass(frozen=True, slots=True)
class TenderFellOff:
    """The carrier gave it back after it had accepted."""

    tender_id: str
    carrier_id: str
    task_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TenantCreated:
    """A tenant came to be."""

    tenant_id: str
    currency_code: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class KeyRevoked:
    """A key was revoked."""

    key_id: str


Event = (
    DeliveryCreated
    | DeliveryUpdated
    | DeliveryCancelled
    | DeliveryStateChanged
    | DeliveryRescheduled
    | TaskCreated
    | TaskClosed
    | RoutePlanDrafted
    | RoutePlanChecked
    | RoutePlanPublished
    | RoutePlanCompleted
    | RoutePublished
    | RouteRevised
    | RevisionAcknowledged
    | RevisionUnacknowledged
    | AssignmentDeclined
    | RouteWithdrawn
    | RouteClosed
    | ShiftScheduled
    | ShiftStarted
    | ShiftEnded
    | DutyStatusRecorded
    | DriverChanged
    | VehicleChanged
    | PlaceChanged
    | QuotesRequested
    | QuoteSubmitted
    | TenderOffered
    | TenderAccepted
    | TenderDeclined
    | TenderWithdrawn
    | TenderExpired
    | TenderStarted
    | TenderCompleted
    | TenderFellOff
    | TenantCreated
    | KeyRevoked
)


@dataclass(frozen=True, slots=True)
class Fact:
    """An event with the entity it is about and the business time at which it happened."""

    subject: str
    at: datetime
    event: Event
