"""
Deliveries: what was promised to a recipient. Pure.

The state is derived: `domain.delivery_state` says how facts move it, and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.dispatch.domain.parcel import Parcel
from services.dispatch.domain.values import AccessProfile, Address, Money, Point, Window, check

SERVICE_DURATION_DEFAULT = timedelta(seconds=180)


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    CREATED = "CREATED"
    PLANNED = "PLANNED"
    ASSIGNED = "ASSIGNED"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    ARRIVING = "ARRIVING"
    DELIVERED = "DELIVERED"
    HELD_AT_PUDO = "HELD_AT_PUDO"
    COLLECTED = "COLLECTED"
    EXPIRED_AT_PUDO = "EXPIRED_AT_PUDO"
    ATTEMPT_FAILED = "ATTEMPT_FAILED"
    RETURNING = "RETURNING"
    RETURNED = "RETURNED"
    CANCELLED = "CANCELLED"
    ON_HOLD = "ON_HOLD"
    LOST = "LOST"
    DAMAGED = "DAMAGED"


AT_PUDO = frozenset(
    {DeliveryState.HELD_AT_PUDO, DeliveryState.COLLECTED, DeliveryState.EXPIRED_AT_PUDO}
)


class ServiceLevel(StrEnum):
    """How soon it was promised."""

    SAME_DAY = "SAME_DAY"
    NEXT_DAY = "NEXT_DAY"
    SLOT = "SLOT"
    EXPRESS = "EXPRESS"


class VerificationKind(StrEnum):
    """What a handover can be asked to prove."""

    PHOTO = "PHOTO"
    SIGNATURE = "SIGNATURE"
    BARCODE = "BARCODE"
    PIN = "PIN"
    IDENTITY = "IDENTITY"
    AGE = "AGE"
    NAME = "NAME"


class PaymentMethod(StrEnum):
    """A way to pay at the door."""

    CASH = "CASH"
    CARD = "CARD"
    TRANSFER = "TRANSFER"


class HandoverKind(StrEnum):
    """How it may be handed over."""

    PERSON = "PERSON"
    NEIGHBOR = "NEIGHBOR"
    SAFE_PLACE = "SAFE_PLACE"
    PUDO = "PUDO"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who receives it. Personal data throughout."""

    display_name: str = field(default="", repr=False)
    phone_number: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    language_code: str = ""


@dataclass(frozen=True, slots=True)
class VerificationRequirement:
    """What the handover must prove."""

    kind: VerificationKind
    minimum_age_years: int = 0
    pin_sha256: bytes = field(default=b"", repr=False)
    pin_salt: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        has_pin = self.kind is VerificationKind.PIN
        check(has_pin == bool(self.pin_sha256), "a PIN has a hash, and nothing else has")


@dataclass(frozen=True, slots=True)
class AmountToCollect:
    """Money to be collected at the door."""

    amount: Money
    methods: tuple[PaymentMethod, ...]

    def __post_init__(self) -> None:
        check(self.amount.micros > 0, "an amount to collect is positive")


@dataclass(frozen=True, slots=True)
class HandoverAlternative:
    """Another way to hand over that the recipient accepts."""

    kind: HandoverKind
    place_id: str = ""
    note: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        is_pudo = self.kind is HandoverKind.PUDO
        check(is_pudo == bool(self.place_id), "a pick-up point has a place, and nothing else has")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was promised, and where it stands."""

    delivery_id: str
    origin_place_id: str
    location: Point = field(repr=False)
    parcels: tuple[Parcel, ...]
    revision: int = 1
    state: DeliveryState = DeliveryState.CREATED
    service_level: ServiceLevel | None = None
    recipient: Recipient | None = field(default=None, repr=False)
    address: Address | None = field(default=None, repr=False)
    access_profile: AccessProfile | None = field(default=None, repr=False)
    windows: tuple[Window, ...] = ()
    promise_window: Window | None = None
    green_window: Window | None = None  # chosen because it was offered with little carbon
    service_duration: timedelta | None = None
    required_skills: tuple[str, ...] = ()
    any_skills: tuple[str, ...] = ()
    excluded_skills: tuple[str, ...] = ()
    priority: int = 0
    verification_requirements: tuple[VerificationRequirement, ...] = ()
    amount_to_collect: AmountToCollect | None = None
    instructions: str = field(default="", repr=False)
    alternatives: tuple[HandoverAlternative, ...] = ()
    territory_id: str = ""
    attempt_number: int = 1
    open_task_id: str = ""
    state_reason: str = ""
    create_time: datetime | None = None
    update_time: datetime | None = None
    delivered_time: datetime | None = None
    segment: str = ""
    order_reference: str = ""  # the caller's: kept when it is cancelled and created again
    traceparent: str = ""  # W3C trace context of its creation, kept up to its proof

    def __post_init__(self) -> None:
        wanted = set(self.required_skills) & set(self.excluded_skills)
        check(not wanted, "a skill is both required and excluded")

    @property
    def mass_grams(self) -> int:
        """Of all its parcels."""
        return sum(parcel.mass_grams for parcel in self.parcels)

    @property
    def volume_cubic_centimeters(self) -> int:
        """Of all its parcels."""
        return sum(parcel.volume_cubic_centimeters for parcel in self.parcels)

    @property
    def stop_duration(self) -> timedelta:
        """Time at the stop: service at the kerb, walk, stairs or lift."""
        service = self.service_duration
        at_kerb = SERVICE_DURATION_DEFAULT if service is None else service
        on_foot = self.access_profile.extra_duration() if self.access_profile else timedelta()
        return at_kerb + on_foot

    @property
    def chose_green_window(self) -> bool:
        """Whether what is promised was chosen for its little carbon."""
        return self.green_window is not None and self.green_window == self.promise_window

    @property
    def chose_pudo(self) -> bool:
        """Whether a pick-up point is accepted, or holds it."""
        accepted = any(one.kind is HandoverKind.PUDO for one in self.alternatives)
        return accepted or self.state in AT_PUDO

    @property
    def place_ids(self) -> tuple[str, ...]:
        """Every place it names."""
        return (self.origin_place_id, *(a.place_id for a in self.alternatives if a.place_id))
