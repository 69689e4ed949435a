"""
The duty log: what a driver did, and when. Pure.

Append-only. A record is edited by another that supersedes it, so that what was known at any time
can be told again. The rules that are computed from it have modules of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from meshkit.errors import Invalid, NotReady
from services.dispatch.domain.values import check

AHEAD_MAX = timedelta(minutes=2)  # a device's clock may be that much fast
BACK_MAX = timedelta(days=60)  # 49 CFR 395.8 has 13 days at hand; EU controls look back 56


class DutyStatus(StrEnum):
    """What a driver does, in words that every rule set maps to its own."""

    OFF_DUTY = "OFF_DUTY"
    SLEEPER = "SLEEPER"
    DRIVING = "DRIVING"
    ON_DUTY_NOT_DRIVING = "ON_DUTY_NOT_DRIVING"
    PERSONAL_USE = "PERSONAL_USE"
    YARD_MOVE = "YARD_MOVE"
    AVAILABLE = "AVAILABLE"
    PASSENGER = "PASSENGER"


class DutySource(StrEnum):
    """How a record came to be."""

    DRIVER = "DRIVER"
    DEVICE = "DEVICE"
    TACHOGRAPH = "TACHOGRAPH"
    OFFICE = "OFFICE"
    IMPORT = "IMPORT"


RESTING = frozenset({DutyStatus.OFF_DUTY, DutyStatus.SLEEPER})


@dataclass(frozen=True, slots=True)
class DutyRecord:
    """From `event_time` on, this status."""

    duty_record_id: str
    driver_id: str
    status: DutyStatus
    event_time: datetime
    record_time: datetime | None = None
    source: DutySource = DutySource.DRIVER
    supersedes_id: str = ""
    superseded_by_id: str = ""
    annotation: str = field(default="", repr=False)
    shift_id: str = ""
    vehicle_id: str = ""
    adverse_conditions: bool = False

    def __post_init__(self) -> None:
        check(bool(self.annotation) or not self.supersedes_id, "an edit says why in `annotation`")

    def same_as(self, stored: DutyRecord) -> bool:
        """Whether this is the stored record told again."""
        told = replace(
            self, record_time=stored.record_time, superseded_by_id=stored.superseded_by_id
        )
        return told == stored


def require_plausible(record: DutyRecord, now: datetime) -> None:
    """Raises Invalid `DUTY_TIME_IMPLAUSIBLE` for a time too far ahead or too far back."""
    if not now - BACK_MAX <= record.event_time <= now + AHEAD_MAX:
        raise Invalid(
            "DUTY_TIME_IMPLAUSIBLE",
            f"record {record.duty_record_id!r} lies out of the time that can be recorded",
            duty_record_id=record.duty_record_id,
        )


def superseded(record: DutyRecord, by: DutyRecord) -> DutyRecord:
    """The record, replaced by another one; a record can be replaced once."""
    if record.superseded_by_id:
        raise NotReady(
            "DUTY_RECORD_SUPERSEDED",
            f"record {record.duty_record_id!r} was superseded before",
            superseded_by_id=record.superseded_by_id,
        )
    return replace(record, superseded_by_id=by.duty_record_id)


def status_at(records: Iterable[DutyRecord], moment: datetime) -> DutyStatus | None:
    """The status that holds at a moment; None before the first. Replaced records don't count."""
    holding = [r for r in records if not r.superseded_by_id and r.event_time <= moment]
    if not holding:
        return None
    return max(holding, key=lambda record: (record.event_time, record.duty_record_id)).status
