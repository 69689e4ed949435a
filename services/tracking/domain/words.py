"""
The words of tracking as enums. A member's name is the contract's, without the prefix of its enum.

The converters rely on it: `FailureReason.NOT_HOME` is `FAILURE_REASON_NOT_HOME` on the wire.
"""

from __future__ import annotations

from enum import StrEnum


class Source(StrEnum):
    """Who or what saw a fact."""

    UNSPECIFIED = "UNSPECIFIED"
    DRIVER = "DRIVER"
    DEVICE = "DEVICE"
    GEOFENCE = "GEOFENCE"
    CARRIER = "CARRIER"
    DISPATCHER = "DISPATCHER"
    RECIPIENT = "RECIPIENT"
    PLATFORM = "PLATFORM"
    SYSTEM = "SYSTEM"
    DISPATCH = "DISPATCH"


class TaskKind(StrEnum):
    """What is done in a task."""

    UNSPECIFIED = "UNSPECIFIED"
    PICKUP = "PICKUP"
    DELIVERY = "DELIVERY"
    RETURN = "RETURN"
    PUDO_DROP = "PUDO_DROP"
    PRE_CALL = "PRE_CALL"


BESIDE = frozenset({TaskKind.PICKUP, TaskKind.PRE_CALL})  # work for an attempt, and none itself


class Outcome(StrEnum):
    """How an attempt ended."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


class FailureReason(StrEnum):
    """Why an attempt failed, version 1."""

    UNSPECIFIED = "UNSPECIFIED"
    NOT_HOME = "NOT_HOME"
    REFUSED = "REFUSED"
    WRONG_ADDRESS = "WRONG_ADDRESS"
    NO_ACCESS = "NO_ACCESS"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    DAMAGED = "DAMAGED"
    MISSING_PARCEL = "MISSING_PARCEL"
    ID_CHECK_FAILED = "ID_CHECK_FAILED"
    LOCKER_FULL = "LOCKER_FULL"
    PUDO_CLOSED = "PUDO_CLOSED"
    WEATHER = "WEATHER"
    VEHICLE_BREAKDOWN = "VEHICLE_BREAKDOWN"
    OUT_OF_TIME = "OUT_OF_TIME"
    HOS_LIMIT = "HOS_LIMIT"
    ZONE_DENIED = "ZONE_DENIED"
    OTHER = "OTHER"


class Handover(StrEnum):
    """To whom parcels were handed."""

    UNSPECIFIED = "UNSPECIFIED"
    RECIPIENT = "RECIPIENT"
    NEIGHBOUR = "NEIGHBOUR"
    SAFE_PLACE = "SAFE_PLACE"
    RECEPTION = "RECEPTION"
    LOCKER = "LOCKER"
    PUDO = "PUDO"
    MAILBOX = "MAILBOX"


class ScanKind(StrEnum):
    """What a scan says."""

    UNSPECIFIED = "UNSPECIFIED"
    LOADED = "LOADED"
    UNLOADED = "UNLOADED"
    HANDED_OVER = "HANDED_OVER"
    RECEIVED = "RECEIVED"
    STORED = "STORED"
    RETURNED = "RETURNED"
    COUNTED = "COUNTED"


class PaymentMethod(StrEnum):
    """How money was paid."""

    UNSPECIFIED = "UNSPECIFIED"
    CASH = "CASH"
    CARD = "CARD"
    TRANSFER = "TRANSFER"


class TroubleKind(StrEnum):
    """What a driver reports as wrong."""

    UNSPECIFIED = "UNSPECIFIED"
    BREAKDOWN = "BREAKDOWN"
    ACCIDENT = "ACCIDENT"
    ROAD_CLOSED = "ROAD_CLOSED"
    DELAY = "DELAY"
    PARCEL = "PARCEL"
    SAFETY = "SAFETY"
    OTHER = "OTHER"
    OVER = "OVER"


class Answer(StrEnum):
    """To a question of yes or no."""

    UNSPECIFIED = "UNSPECIFIED"
    YES = "YES"
    NO = "NO"


class ContactChannel(StrEnum):
    """By which means a customer got in touch."""

    UNSPECIFIED = "UNSPECIFIED"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    CHAT = "CHAT"
    IN_PERSON = "IN_PERSON"
    OTHER = "OTHER"


class ContactTopic(StrEnum):
    """What a contact was about."""

    UNSPECIFIED = "UNSPECIFIED"
    WHERE_IS_IT = "WHERE_IS_IT"
    CHANGE = "CHANGE"
    NOT_RECEIVED = "NOT_RECEIVED"
    DAMAGE = "DAMAGE"
    CONDUCT = "CONDUCT"
    PAYMENT = "PAYMENT"
    OTHER = "OTHER"


class FencePassage(StrEnum):
    """What a vehicle did at a geofence."""

    UNSPECIFIED = "UNSPECIFIED"
    ENTER = "ENTER"
    EXIT = "EXIT"
    DWELL = "DWELL"
    CROSSED = "CROSSED"


class Ignition(StrEnum):
    """Whether an engine runs."""

    UNSPECIFIED = "UNSPECIFIED"
    OFF = "OFF"
    ON = "ON"


class Milestone(StrEnum):
    """The canonical vocabulary of what can happen to a delivery; meanings stand in the contract."""

    UNSPECIFIED = "UNSPECIFIED"
    DELIVERY_CREATED = "DELIVERY_CREATED"
    DRIVER_ASSIGNED = "DRIVER_ASSIGNED"
    TENDER_ACCEPTED = "TENDER_ACCEPTED"
    PARCEL_LOADED = "PARCEL_LOADED"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    ARRIVING = "ARRIVING"
    ARRIVED = "ARRIVED"
    ATTEMPT_FAILED = "ATTEMPT_FAILED"
    DELIVERED = "DELIVERED"
    HELD_AT_PUDO = "HELD_AT_PUDO"
    COLLECTED = "COLLECTED"
    RETURNING = "RETURNING"
    RETURNED = "RETURNED"
    CANCELLED = "CANCELLED"
    ETA_CHANGED = "ETA_CHANGED"
    PLAN_CHANGED = "PLAN_CHANGED"
    INCIDENT_OPENED = "INCIDENT_OPENED"
    INCIDENT_RESOLVED = "INCIDENT_RESOLVED"
    POD_ACCEPTED = "POD_ACCEPTED"
    RESCHEDULED = "RESCHEDULED"
    REDIRECTED = "REDIRECTED"


class TrackingState(StrEnum):
    """Where a delivery stands as its facts say; legal transitions stand in the contract."""

    UNSPECIFIED = "UNSPECIFIED"
    CREATED = "CREATED"
    PLANNED = "PLANNED"
    ASSIGNED = "ASSIGNED"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    ARRIVING = "ARRIVING"
    DELIVERED = "DELIVERED"
    ATTEMPT_FAILED = "ATTEMPT_FAILED"
    HELD_AT_PUDO = "HELD_AT_PUDO"
    COLLECTED = "COLLECTED"
    RETURNING = "RETURNING"
    RETURNED = "RETURNED"
    CANCELLED = "CANCELLED"
    LOST = "LOST"
    DAMAGED = "DAMAGED"


ENDED_STATES = frozenset(
    {
        TrackingState.DELIVERED,
        TrackingState.COLLECTED,
        TrackingState.RETURNED,
        TrackingState.CANCELLED,
        TrackingState.LOST,
        TrackingState.DAMAGED,
    }
)


class ProofKind(StrEnum):
    """Kinds of evidence."""

    UNSPECIFIED = "UNSPECIFIED"
    PHOTO = "PHOTO"
    SIGNATURE = "SIGNATURE"
    BARCODE = "BARCODE"
    PIN = "PIN"
    AGE = "AGE"
    IDENTITY = "IDENTITY"
    NOTE = "NOTE"
    NAME = "NAME"


class PlanCause(StrEnum):
    """Why a revision of a route was made, in dispatch's words."""

    UNSPECIFIED = "UNSPECIFIED"
    DISPATCHER = "DISPATCHER"
    LATE_DELIVERY = "LATE_DELIVERY"
    CANCELLATION = "CANCELLATION"
    BREAKDOWN = "BREAKDOWN"
    RISK = "RISK"
    DECLINED = "DECLINED"
    RECIPIENT = "RECIPIENT"
    SWAP = "SWAP"
    POLICY = "POLICY"


class VehicleKind(StrEnum):
    """What moves."""

    UNSPECIFIED = "UNSPECIFIED"
    VAN = "VAN"
    TRUCK = "TRUCK"
    ARTICULATED = "ARTICULATED"
    CAR = "CAR"
    MOTORCYCLE = "MOTORCYCLE"
    CARGO_BIKE = "CARGO_BIKE"
    BICYCLE = "BICYCLE"
    FOOT = "FOOT"


class Fuel(StrEnum):
    """What a vehicle burns."""

    UNSPECIFIED = "UNSPECIFIED"
    DIESEL = "DIESEL"
    PETROL = "PETROL"
    ELECTRIC = "ELECTRIC"
    HYBRID = "HYBRID"
    PLUG_IN_HYBRID = "PLUG_IN_HYBRID"
    NATURAL_GAS = "NATURAL_GAS"
    PETROLEUM_GAS = "PETROLEUM_GAS"
    HYDROGEN = "HYDROGEN"
    RENEWABLE_DIESEL = "RENEWABLE_DIESEL"
    NONE = "NONE"
    HYBRID_DIESEL = "HYBRID_DIESEL"
    PLUG_IN_HYBRID_DIESEL = "PLUG_IN_HYBRID_DIESEL"
