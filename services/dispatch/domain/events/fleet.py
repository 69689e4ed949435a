"""What dispatch tells of the fleet and of duty. No name or number of a driver is in it."""

from __future__ import annotations

from dataclasses import dataclass

from services.dispatch.domain.duty import DutyRecord
from services.dispatch.domain.fleet import Driver, Place, Shift, Vehicle, VehicleAttributes


@dataclass(frozen=True, slots=True)
class ShiftScheduled:
    """A shift was agreed or changed."""

    shift: Shift


@dataclass(frozen=True, slots=True)
class ShiftStarted:
    """A shift began."""

    shift: Shift
    vehicle: VehicleAttributes
    charge_watt_hours: int


@dataclass(frozen=True, slots=True)
class ShiftEnded:
    """A shift ended."""

    shift: Shift
    charge_watt_hours: int


@dataclass(frozen=True, slots=True)
class DutyStatusRecorded:
    """A duty status was recorded."""

    record: DutyRecord


@dataclass(frozen=True, slots=True)
class DriverChanged:
    """A driver was created or changed; name and number are left out."""

    driver: Driver


@dataclass(frozen=True, slots=True)
class VehicleChanged:
    """A vehicle was created or changed."""

    vehicle: Vehicle


@dataclass(frozen=True, slots=True)
class PlaceChanged:
    """A place was created or changed; address and access profile are left out."""

    place: Place
