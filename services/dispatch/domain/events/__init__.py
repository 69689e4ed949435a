"""
What dispatch tells the mesh: one class for each event of the contract's feed, named alike. Pure.

`Fact` says when it happened, in business time, and about what.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.dispatch.domain.events.access import (
    KeyRevoked,
    TenantCreated,
)
from services.dispatch.domain.events.deliveries import (
    DeliveryCancelled,
    DeliveryCreated,
    DeliveryDigest,
    DeliveryRescheduled,
    DeliveryStateChanged,
    DeliveryUpdated,
    TaskClosed,
    TaskCreated,
    digest,
)
from services.dispatch.domain.events.fleet import (
    DriverChanged,
    DutyStatusRecorded,
    PlaceChanged,
    ShiftEnded,
    ShiftScheduled,
    ShiftStarted,
    VehicleChanged,
)
from services.dispatch.domain.events.routes import (
    AssignmentDeclined,
    DeclineReason,
    RevisionAcknowledged,
    RevisionUnacknowledged,
    RouteClosed,
    RoutePlanChecked,
    RoutePlanCompleted,
    RoutePlanDrafted,
    RoutePlanPublished,
    RoutePublished,
    RouteRevised,
    RouteWithdrawn,
)
from services.dispatch.domain.events.tenders import (
    QuotesRequested,
    QuoteSubmitted,
    TenderAccepted,
    TenderCompleted,
    TenderDeclined,
    TenderExpired,
    TenderFellOff,
    TenderOffered,
    TenderStarted,
    TenderWithdrawn,
)

__all__ = [
    "AssignmentDeclined",
    "DeclineReason",
    "DeliveryCancelled",
    "DeliveryCreated",
    "DeliveryDigest",
    "DeliveryRescheduled",
    "DeliveryStateChanged",
    "DeliveryUpdated",
    "DriverChanged",
    "DutyStatusRecorded",
    "Event",
    "Fact",
    "KeyRevoked",
    "PlaceChanged",
    "QuoteSubmitted",
    "QuotesRequested",
    "RevisionAcknowledged",
    "RevisionUnacknowledged",
    "RouteClosed",
    "RoutePlanChecked",
    "RoutePlanCompleted",
    "RoutePlanDrafted",
    "RoutePlanPublished",
    "RoutePublished",
    "RouteRevised",
    "RouteWithdrawn",
    "ShiftEnded",
    "ShiftScheduled",
    "ShiftStarted",
    "TaskClosed",
    "TaskCreated",
    "TenantCreated",
    "TenderAccepted",
    "TenderCompleted",
    "TenderDeclined",
    "TenderExpired",
    "TenderFellOff",
    "TenderOffered",
    "TenderStarted",
    "TenderWithdrawn",
    "VehicleChanged",
    "digest",
]

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
