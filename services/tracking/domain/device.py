"""Devices: what sends positions, for whom, and under which epoch. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

EPOCH_LIFE = timedelta(hours=24)  # decisions: renewed at least daily
EPOCH_HORIZON = timedelta(days=7)  # how long an old epoch may be finished
EPOCH_RENEW = timedelta(hours=2)  # before its end a device is told to renew it
UUID_TIME_SHIFT = 80  # RFC 9562, 5.7: the first 48 bits are milliseconds


class DeviceKind(StrEnum):
    """What a device is."""

    UNSPECIFIED = "UNSPECIFIED"
    PHONE = "PHONE"
    TRACKER = "TRACKER"
    PARTNER = "PARTNER"


@dataclass(frozen=True, slots=True)
class Device:
    """A device as open."""

    device_id: str
    kind: DeviceKind
    epoch: UUID
    epoch_expires: datetime  # real time
    created_at: datetime
    driver_id: str = ""
    vehicle_id: str = ""
    shift_id: str = ""
    route_id: str = ""
    carrier_id: str = ""
    software: str = ""


@dataclass(frozen=True, slots=True)
class EpochOwner:
    """For whom an epoch was given; empty where for nobody in particular."""

    driver_id: str
    carrier_id: str
    renew: bool = False  # it ends soon
    home: tuple[float, float] | None = None  # degrees of where its route begins, if it has one


def milliseconds_of(epoch: UUID) -> int:
    """When an epoch was given, in real time since 1970."""
    return epoch.int >> UUID_TIME_SHIFT
