"""The journal: all that was told and heard, in one union, with the moment of each. Pure."""

from __future__ import annotations

from datetime import datetime

from services.tracking.domain.customer import Said
from services.tracking.domain.event import (
    EtaChanged,
    IdlingEnded,
    IncidentAcknowledged,
    IncidentOpened,
    IncidentResolved,
    LegCompleted,
    RiskChanged,
    RouteCompleted,
    Told,
    VehicleCharged,
)
from services.tracking.domain.heard import Heard

Event = Told | Said | Heard


def moment(event: Event) -> datetime:
    """When an event happened."""
    match event:
        case LegCompleted() | RouteCompleted() | VehicleCharged():
            return event.end
        case IdlingEnded():
            return event.start
        case EtaChanged():
            return event.eta.computed_at
        case RiskChanged():
            return event.risk.eta.computed_at
        case IncidentOpened():
            return event.incident.event_time
        case IncidentAcknowledged():
            return event.incident.acknowledge_time or event.incident.open_time
        case IncidentResolved():
            return event.incident.end_time or event.incident.open_time
        case _:
            return event.at
