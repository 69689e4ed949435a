"""
Facts: what people and devices report, each once, none ever changed. Pure.

A correction is a new fact that names the one it corrects.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from services.tracking.domain.geo import Point
from services.tracking.domain.words import (
    ContactChannel,
    ContactTopic,
    FailureReason,
    Handover,
    Ignition,
    PaymentMethod,
    ScanKind,
    Source,
    TroubleKind,
)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What the vehicle's own instruments say."""

    ignition: Ignition = Ignition.UNSPECIFIED
    odometer_meters: int | None = None
    charge_ratio: float | None = None
    auxiliary_needed: bool = False


@dataclass(frozen=True, slots=True)
class Amount:
    """Money, in millionths of a currency."""

    currency_code: str
    micros: int


@dataclass(frozen=True, slots=True)
class RouteStart:
    """The vehicle left the depot with its load."""

    telemetry: Telemetry | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """The vehicle stands at the stop."""

    telemetry: Telemetry | None = None


@dataclass(frozen=True, slots=True)
class ServiceStart:
    """The driver began to serve."""


@dataclass(frozen=True, slots=True)
class Departure:
    """The vehicle left the stop."""

    telemetry: Telemetry | None = None


@dataclass(frozen=True, slots=True)
class Success:
    """The task succeeded."""

    handover: Handover = Handover.UNSPECIFIED
    parcel_ids: tuple[str, ...] = ()
    proof_id: str = ""
    climbed_floors: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """The task failed."""

    reason: FailureReason


@dataclass(frozen=True, slots=True)
class Scan:
    """A parcel changed hands."""

    kind: ScanKind
    parcel_id: str = ""
    barcode: str = ""
    giver_id: str = ""
    taker_id: str = ""
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """The parcels wait at a pick-up point."""

    place_id: str = ""
    keep_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pickup:
    """The recipient collected the parcels at the pick-up point."""

    place_id: str = ""


@dataclass(frozen=True, slots=True)
class Return:
    """The parcels are back at their origin."""

    place_id: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """Money was taken."""

    amount: Amount
    method: PaymentMethod = PaymentMethod.UNSPECIFIED
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class ChargeStart:
    """Charging began."""

    place_id: str = ""
    telemetry: Telemetry | None = None


@dataclass(frozen=True, slots=True)
class ChargeEnd:
    """Charging ended."""

    place_id: str = ""
    energy_watt_hours: int = 0
    telemetry: Telemetry | None = None
    cost: Amount | None = None


@dataclass(frozen=True, slots=True)
class Readout:
    """The vehicle's instruments were read."""

    telemetry: Telemetry


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is wrong."""

    kind: TroubleKind


@dataclass(frozen=True, slots=True)
class ZoneEntry:
    """The vehicle entered a zone that charges."""

    zone_id: str = ""
    charge: Amount | None = None


@dataclass(frozen=True, slots=True)
class RouteEnd:
    """The vehicle is back, the route is over."""

    telemetry: Telemetry | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """A stop was passed over."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A customer got in touch, or we with them: `outbound`."""

    channel: ContactChannel
    topic: ContactTopic
    outbound: bool = False


What = (
    RouteStart
    | Arrival
    | ServiceStart
    | Departure
    | Success
    | Failure
    | Scan
    | Hold
    | Pickup
    | Return
    | Collection
    | ChargeStart
    | ChargeEnd
    | Readout
    | Trouble
    | ZoneEntry
    | RouteEnd
    | Skip
    | Contact
)

# The name of each fact in the contract's TrackingEvent, for filters and for the store.
NAMES: dict[type, str] = {
    RouteStart: "route_start",
    Arrival: "arrived",
    ServiceStart: "service_started",
    Departure: "departed",
    Success: "delivered",
    Failure: "attempt_failed",
    Scan: "parcel_scanned",
    Hold: "held_at_pudo",
    Pickup: "collected",
    Return: "returned",
    Collection: "amount_collected",
    ChargeStart: "charge_started",
    ChargeEnd: "charge_ended",
    Readout: "telemetry_read",
    Trouble: "trouble_reported",
    ZoneEntry: "zone_entered",
    RouteEnd: "route_end",
    Skip: "stop_skipped",
    Contact: "customer_contacted",
}
# What each fact must name; one of a group is enough.
NEEDS: dict[type, tuple[str, ...]] = {
    Arrival: ("stop_id", "task_id"),
    ServiceStart: ("stop_id", "task_id"),
    Departure: ("stop_id", "task_id"),
    Skip: ("stop_id",),
    Success: ("task_id",),
    Failure: ("task_id",),
    Collection: ("task_id",),
    Hold: ("task_id",),
    Pickup: ("delivery_id", "task_id"),
    Return: ("delivery_id", "task_id"),
    Contact: ("delivery_id", "task_id"),
    RouteStart: ("route_id",),
    RouteEnd: ("route_id",),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. Ids are empty where it names none."""

    event_id: str
    event_time: datetime
    record_time: datetime
    source: Source
    what: What
    zone_id: str = ""  # IANA time zone
    corrected_event_id: str = ""
    device_id: str = ""
    driver_id: str = ""
    vehicle_id: str = ""
    carrier_id: str = ""
    route_id: str = ""
    stop_id: str = ""
    task_id: str = ""
    delivery_id: str = ""
    location: Point | None = None
    note: str = ""
    traceparent: str = ""

    @property
    def name(self) -> str:
        """The name of what happened, as in the contract."""
        return NAMES[type(self.what)]

    @property
    def telemetry(self) -> Telemetry | None:
        """The instruments at that moment, where the fact carries them."""
        has = any(f.name == "telemetry" for f in fields(self.what))
        return getattr(self.what, "telemetry") if has else None  # noqa: B009 - a union of classes


def missing(fact: Fact) -> tuple[str, ...]:
    """The ids of which the fact needs one and names none; empty when it is complete."""
    needed = NEEDS.get(type(fact.what), ())
    return () if not needed or any(getattr(fact, name) for name in needed) else needed
