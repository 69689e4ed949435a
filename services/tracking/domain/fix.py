"""
Positions: what is kept, what is refused, and what a time is worth. Pure.

The ingest path judges positions as bare numbers, thousands at a time; everything behind it works
with `Fix`, of which there are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from services.tracking.domain.geo import Point
from services.tracking.domain.words import Ignition

SPEED_MAX_METERS_PER_SECOND = 90.0  # 324 km/h: no van; one of the two positions is wrong
PAST_MAX = timedelta(days=30)  # a phone's buffer holds 72 h; older means a wrong clock
FUTURE_MAX = timedelta(minutes=2)
ROLLOVER = timedelta(weeks=1024)  # the week number of GPS has ten bits (IS-GPS-200, 20.3.3.3.1.1)


class RejectReason(StrEnum):
    """Why a position is not kept."""

    NON_FINITE = "NON_FINITE"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    NULL_ISLAND = "NULL_ISLAND"
    IMPOSSIBLE_SPEED = "IMPOSSIBLE_SPEED"
    SEQUENCE_CONFLICT = "SEQUENCE_CONFLICT"
    SEQUENCE_INVALID = "SEQUENCE_INVALID"
    SWAPPED = "SWAPPED"


class TimeQuality(IntEnum):
    """What the time of a position is worth; numbers as in the contract and in the store."""

    OK = 1
    SUSPECT = 2
    CORRECTED = 3


@dataclass(frozen=True, slots=True)
class Reject:
    """A position that is not kept."""

    sequence: int
    index: int
    reason: RejectReason


@dataclass(frozen=True, slots=True)
class Fix:
    """A position that is kept, with a time that can be trusted."""

    epoch: str
    sequence: int
    at: datetime  # by the device's clock
    point: Point
    accuracy_meters: int = 0  # 0: not known
    speed_centimeters_per_second: int | None = None
    heading_degrees: float | None = None
    ignition: Ignition = Ignition.UNSPECIFIED
    odometer_meters: int | None = None
    charge_ratio: float | None = None
    auxiliary_needed: bool = False


@dataclass(frozen=True, slots=True)
class RecordedFix:
    """A position as it is listed: with its device, and whatever its time is worth."""

    device_id: str
    fix: Fix
    record_time: datetime
    quality: TimeQuality
    vehicle_id: str = ""
    driver_id: str = ""
    uptime_milliseconds: int | None = None


def judged_time(device_time: datetime, received: datetime) -> tuple[datetime, TimeQuality]:
    """The time to keep for a position, and what it is worth."""
    if _plausible(device_time, received):
        return device_time, TimeQuality.OK
    for shift in (ROLLOVER, -ROLLOVER):
        if _plausible(device_time, received - shift):
            return device_time + shift, TimeQuality.CORRECTED
    return device_time, TimeQuality.SUSPECT


def _plausible(device_time: datetime, received: datetime) -> bool:
    return received - PAST_MAX <= device_time <= received + FUTURE_MAX
