"""
Incidents: what needs a person's attention, from open to its end. Pure.

OPEN -> ACKNOWLEDGED -> RESOLVED | DISMISSED. As long as one is not ended, another report under its
key is counted on it; an ended one is never opened again, a new one names it as previous.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.tracking.domain.geo import Point
from services.tracking.domain.words import FailureReason, TroubleKind


class IncidentType(StrEnum):
    """What goes wrong; meanings stand in the contract."""

    UNSPECIFIED = "UNSPECIFIED"
    STALLED = "STALLED"
    VEHICLE_BREAKDOWN = "VEHICLE_BREAKDOWN"
    ACCIDENT = "ACCIDENT"
    OFF_ROUTE = "OFF_ROUTE"
    DETOUR = "DETOUR"
    LONG_DWELL = "LONG_DWELL"
    EARLY_DEPARTURE = "EARLY_DEPARTURE"
    SIGNAL_LOST = "SIGNAL_LOST"
    LATE_RISK = "LATE_RISK"
    LATE_DEPARTURE = "LATE_DEPARTURE"
    ATTEMPT_FAILED = "ATTEMPT_FAILED"
    WRONG_ADDRESS = "WRONG_ADDRESS"
    NO_ACCESS = "NO_ACCESS"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    MISSING_PARCEL = "MISSING_PARCEL"
    DAMAGED_PARCEL = "DAMAGED_PARCEL"
    CONTESTED_FACT = "CONTESTED_FACT"
    CONTRADICTING_OUTCOME = "CONTRADICTING_OUTCOME"
    REVISION_UNACKNOWLEDGED = "REVISION_UNACKNOWLEDGED"
    HOURS_EXCEEDED = "HOURS_EXCEEDED"
    ZONE_VIOLATION = "ZONE_VIOLATION"
    TENDER_FELL_OFF = "TENDER_FELL_OFF"
    CLOCK_SKEW = "CLOCK_SKEW"
    CHARGE_LOW = "CHARGE_LOW"
    ROAD_CLOSED = "ROAD_CLOSED"
    WEATHER = "WEATHER"
    PROOF_INSUFFICIENT = "PROOF_INSUFFICIENT"
    SAFETY = "SAFETY"
    COMPLAINT = "COMPLAINT"
    DELAY = "DELAY"
    FAILURE_RISK = "FAILURE_RISK"
    OTHER = "OTHER"
    CUSTODY_BROKEN = "CUSTODY_BROKEN"
    WRONG_VEHICLE = "WRONG_VEHICLE"
    SUBSCRIPTION_DISABLED = "SUBSCRIPTION_DISABLED"


class IncidentState(StrEnum):
    """Where an incident stands."""

    UNSPECIFIED = "UNSPECIFIED"
    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"
    DISMISSED = "DISMISSED"


class Severity(StrEnum):
    """How much it matters."""

    UNSPECIFIED = "UNSPECIFIED"
    NOTICE = "NOTICE"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class Resolution(StrEnum):
    """How it ended."""

    UNSPECIFIED = "UNSPECIFIED"
    RECOVERED = "RECOVERED"
    REASSIGNED = "REASSIGNED"
    RESCHEDULED = "RESCHEDULED"
    REDIRECTED = "REDIRECTED"
    CORRECTED = "CORRECTED"
    RETURNED = "RETURNED"
    FALSE_ALARM = "FALSE_ALARM"
    OTHER = "OTHER"


ENDED = (IncidentState.RESOLVED, IncidentState.DISMISSED)
CRITICAL_TYPES = frozenset(
    {IncidentType.VEHICLE_BREAKDOWN, IncidentType.ACCIDENT, IncidentType.SAFETY}
)
NOTICE_TYPES = frozenset(
    {IncidentType.ATTEMPT_FAILED, IncidentType.OFF_ROUTE, IncidentType.CLOCK_SKEW}
)
OF_FAILURE = {
    FailureReason.WRONG_ADDRESS: IncidentType.WRONG_ADDRESS,
    FailureReason.NO_ACCESS: IncidentType.NO_ACCESS,
    FailureReason.PAYMENT_FAILED: IncidentType.PAYMENT_FAILED,
    FailureReason.MISSING_PARCEL: IncidentType.MISSING_PARCEL,
    FailureReason.DAMAGED: IncidentType.DAMAGED_PARCEL,
    FailureReason.VEHICLE_BREAKDOWN: IncidentType.VEHICLE_BREAKDOWN,
    FailureReason.HOS_LIMIT: IncidentType.HOURS_EXCEEDED,
    FailureReason.ZONE_DENIED: IncidentType.ZONE_VIOLATION,
    FailureReason.WEATHER: IncidentType.WEATHER,
}
OF_TROUBLE = {
    TroubleKind.BREAKDOWN: IncidentType.VEHICLE_BREAKDOWN,
    TroubleKind.ACCIDENT: IncidentType.ACCIDENT,
    TroubleKind.ROAD_CLOSED: IncidentType.ROAD_CLOSED,
    TroubleKind.DELAY: IncidentType.DELAY,
    TroubleKind.PARCEL: IncidentType.DAMAGED_PARCEL,
    TroubleKind.SAFETY: IncidentType.SAFETY,
}


@dataclass(frozen=True, slots=True)
class About:
    """Whom an incident concerns; empty where nobody."""

    delivery_id: str = ""
    task_id: str = ""
    stop_id: str = ""
    route_id: str = ""
    vehicle_id: str = ""
    driver_id: str = ""
    carrier_id: str = ""

    @property
    def subject(self) -> str:
        """The most specific one."""
        named = (self.task_id, self.delivery_id, self.stop_id, self.route_id, self.vehicle_id)
        return next((one for one in (*named, self.driver_id, self.carrier_id) if one), "general")


@dataclass(frozen=True, slots=True)
class Alarm:
    """A wish to have an incident, before anybody knows whether one is open."""

    type: IncidentType
    about: About
    summary: str
    event_time: datetime
    severity: Severity = Severity.UNSPECIFIED
    dedupe_key: str = ""
    note: str = ""
    location: Point | None = None
    previous_incident_id: str = ""
    expect_time: datetime | None = None  # when it will come true; None: it has happened

    @property
    def key(self) -> str:
        """Under which reports are counted together."""
        return self.dedupe_key or f"{self.type}.{self.about.subject}"


@dataclass(frozen=True, slots=True)
class AllClear:
    """A wish to end the incident of a key, if one is open, because the facts did."""

    key: str
    event_time: datetime
    resolution: Resolution = Resolution.RECOVERED


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as kept."""

    incident_id: str
    type: IncidentType
    state: IncidentState
    severity: Severity
    dedupe_key: str
    about: About
    summary: str
    event_time: datetime
    open_time: datetime
    note: str = ""
    acknowledge_time: datetime | None = None
    acknowledged_by: str = ""
    end_time: datetime | None = None
    ended_by: str = ""
    resolution: Resolution = Resolution.UNSPECIFIED
    resolution_note: str = ""
    previous_incident_id: str = ""
    occurrence_count: int = 1
    location: Point | None = None
    expect_time: datetime | None = None  # when it was expected to come true; None: it had happened
    revision: int = 1

    @property
    def ended(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.state in ENDED


def opened(alarm: Alarm, incident_id: str, now: datetime) -> Incident:
    """The incident that an alarm opens."""
    return Incident(
        incident_id=incident_id,
        type=alarm.type,
        state=IncidentState.OPEN,
        severity=_severity(alarm),
        dedupe_key=alarm.key,
        about=alarm.about,
        summary=alarm.summary,
        event_time=alarm.event_time,
        open_time=now,
        note=alarm.note,
        location=alarm.location,
        previous_incident_id=alarm.previous_incident_id,
        expect_time=alarm.expect_time,
    )


def counted(incident: Incident) -> Incident:
    """The incident, seen once more: the same revision, for no watcher is told of a count."""
    return replace(incident, occurrence_count=incident.occurrence_count + 1)


def acknowledged(incident: Incident, by: str, now: datetime) -> Incident:
    """The incident, taken up by somebody. Ask `ended` first."""
    return replace(
        incident,
        state=IncidentState.ACKNOWLEDGED,
        acknowledge_time=now,
        acknowledged_by=by,
        revision=incident.revision + 1,
    )


def ended(
    incident: Incident, by: str, now: datetime, resolution: Resolution, note: str = ""
) -> Incident:
    """The incident at its end; a false alarm is dismissed. Ask `ended` first."""
    false_alarm = resolution is Resolution.FALSE_ALARM
    return replace(
        incident,
        state=IncidentState.DISMISSED if false_alarm else IncidentState.RESOLVED,
        end_time=now,
        ended_by=by,
        resolution=resolution,
        resolution_note=note,
        revision=incident.revision + 1,
    )


def _severity(alarm: Alarm) -> Severity:
    if alarm.severity is not Severity.UNSPECIFIED:
        return alarm.severity
    if alarm.type in CRITICAL_TYPES:
        return Severity.CRITICAL
    return Severity.NOTICE if alarm.type in NOTICE_TYPES else Severity.WARNING
