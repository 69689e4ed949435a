"""
What dispatch tells of deliveries and tasks. No name, number or written address is in it but for
the recipient's, which leave only under a seal: see `convert.events`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from services.dispatch.domain.delivery import (
    AmountToCollect,
    Delivery,
    DeliveryState,
    Recipient,
    ServiceLevel,
    VerificationRequirement,
)
from services.dispatch.domain.parcel import Parcel
from services.dispatch.domain.task import Task, TaskType
from services.dispatch.domain.values import BuildingKind, Point, Window


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
    recipient: Recipient | None = field(default=None, repr=False)  # told under a seal only
    building_kind: BuildingKind | None = None
    order_reference: str = ""
    region: str = ""


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
        building_kind=access.building_kind if access else None,
        order_reference=delivery.order_reference,
        region=delivery.address.region if delivery.address else "",
        recipient=delivery.recipient,
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
