"""
Drivers, vehicles, shifts, places, territories and rate cards. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import IntEnum, StrEnum

from services.dispatch.domain.duty import DutyStatus
from services.dispatch.domain.values import (
    AccessProfile,
    Address,
    Point,
    Skill,
    Window,
    check,
    skills_held,
)

SHIFT_LENGTH_MAX = timedelta(hours=24)


class PlaceKind(StrEnum):
    """What a place is."""

    DEPOT = "DEPOT"
    STORE = "STORE"
    PUDO = "PUDO"
    LOCKER = "LOCKER"
    ADDRESS = "ADDRESS"
    CHARGER = "CHARGER"


class DayOfWeek(IntEnum):
    """As google.type.DayOfWeek."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


@dataclass(frozen=True, slots=True)
class OpeningSpan:
    """One span of opening hours in local civil time; a close at or before the open is tomorrow."""

    day: DayOfWeek
    open_time: time
    close_time: time


@dataclass(frozen=True, slots=True)
class LockerCompartment:
    """Compartments of one size."""

    size_id: str
    compartment_count: int
    volume_cubic_centimeters: int


@dataclass(frozen=True, slots=True)
class Place:
    """A depot, store, locker, pick-up point or known address."""

    place_id: str
    kind: PlaceKind
    location: Point
    revision: int = 1
    display_name: str = ""
    address: Address | None = field(default=None, repr=False)
    access_profile: AccessProfile | None = field(default=None, repr=False)
    opening_hours: tuple[OpeningSpan, ...] = ()
    time_zone: str = ""
    compartments: tuple[LockerCompartment, ...] = ()
    loading_duration: timedelta = timedelta()
    dock_count: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None

    def __post_init__(self) -> None:
        is_locker = self.kind is PlaceKind.LOCKER
        check(is_locker or not self.compartments, "only a locker has compartments")


class DriverState(StrEnum):
    """Whether a driver can be given work."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


@dataclass(frozen=True, slots=True)
class Driver:
    """A person who drives and hands over."""

    driver_id: str
    revision: int = 1
    display_name: str = field(default="", repr=False)
    phone_number: str = field(default="", repr=False)
    skills: tuple[Skill, ...] = ()
    home_place_id: str = ""
    hours_rule_set_id: str = ""
    state: DriverState = DriverState.ACTIVE
    duty_status: DutyStatus | None = None
    create_time: datetime | None = None
    update_time: datetime | None = None


class TravelProfile(StrEnum):
    """How a vehicle moves on the road network."""

    VAN = "VAN"
    TRUCK = "TRUCK"
    CAR = "CAR"
    CARGO_BIKE = "CARGO_BIKE"
    MOPED = "MOPED"
    FOOT = "FOOT"


class FuelType(StrEnum):
    """What a vehicle runs on."""

    DIESEL = "DIESEL"
    PETROL = "PETROL"
    ELECTRIC = "ELECTRIC"
    PLUG_IN_HYBRID = "PLUG_IN_HYBRID"
    HYBRID = "HYBRID"
    CNG = "CNG"
    LPG = "LPG"
    HYDROGEN = "HYDROGEN"
    HUMAN = "HUMAN"
    HVO = "HVO"
    HYBRID_DIESEL = "HYBRID_DIESEL"
    PLUG_IN_HYBRID_DIESEL = "PLUG_IN_HYBRID_DIESEL"


class VehicleState(StrEnum):
    """Whether a vehicle can be used now."""

    AVAILABLE = "AVAILABLE"
    IN_SERVICE = "IN_SERVICE"
    CHARGING = "CHARGING"
    OUT_OF_SERVICE = "OUT_OF_SERVICE"


@dataclass(frozen=True, slots=True)
class VehicleAttributes:
    """What a vehicle is, as roads, zones and energy see it. Zero and empty mean unknown."""

    profile: TravelProfile
    fuel_type: FuelType
    capacity_mass_grams: int
    emission_class: str = ""
    capacity_volume_cubic_centimeters: int = 0
    capacity_parcel_count: int = 0
    curb_mass_grams: int = 0
    gross_mass_grams: int = 0
    length_millimeters: int = 0
    width_millimeters: int = 0
    height_millimeters: int = 0
    battery_watt_hours: int = 0
    consumption_watt_hours_per_kilometer: int = 0
    consumption_milliliters_per_hundred_kilometers: int = 0
    registration_country: str = ""
    vehicle_category: str = ""
    first_registration_date: date | None = None
    permit_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle of our own."""

    vehicle_id: str
    attributes: VehicleAttributes
    revision: int = 1
    display_name: str = ""
    skills: tuple[Skill, ...] = ()
    rate_card_id: str = ""
    state: VehicleState = VehicleState.AVAILABLE
    home_place_id: str = ""
    odometer_meters: int = 0
    charge_watt_hours: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class RateCard:
    """What a vehicle with its driver costs, in millionths of the currency."""

    rate_card_id: str
    currency_code: str
    revision: int = 1
    display_name: str = ""
    fixed_cost_micros: int = 0
    hour_cost_micros: int = 0
    kilometer_cost_micros: int = 0
    kilowatt_hour_cost_micros: int = 0
    liter_cost_micros: int = 0
    failed_attempt_cost_micros: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None


class TerritoryRule(StrEnum):
    """Whether an outline binds."""

    STRICT = "STRICT"
    PREFERRED = "PREFERRED"


@dataclass(frozen=True, slots=True)
class Territory:
    """An area in which certain shifts work."""

    territory_id: str
    corners: tuple[Point, ...]
    rule: TerritoryRule
    revision: int = 1
    display_name: str = ""
    priority: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None


class ShiftState(StrEnum):
    """Where a shift stands."""

    SCHEDULED = "SCHEDULED"
    STARTED = "STARTED"
    ON_BREAK = "ON_BREAK"
    ENDED = "ENDED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class ShiftBreak:
    """A break that the plan must hold."""

    start_window: Window
    break_duration: timedelta


@dataclass(frozen=True, slots=True)
class Shift:
    """One driver with one vehicle, from and to a place, for an interval."""

    shift_id: str
    driver_id: str
    vehicle_id: str
    interval: Window
    start_place_id: str
    revision: int = 1
    state: ShiftState = ShiftState.SCHEDULED
    end_place_id: str = ""
    breaks: tuple[ShiftBreak, ...] = ()
    territory_ids: tuple[str, ...] = ()
    driving_duration_max: timedelta = timedelta()
    start_time: datetime | None = None
    end_time: datetime | None = None
    start_odometer_meters: int = 0
    end_odometer_meters: int = 0
    start_charge_watt_hours: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None

    def __post_init__(self) -> None:
        check(self.interval.length <= SHIFT_LENGTH_MAX, "a shift lasts at most 24 hours")
        for pause in self.breaks:
            window = pause.start_window
            inside = self.interval.start_time <= window.start_time
            ends = window.end_time <= self.interval.end_time
            check(inside and ends, "a break starts inside its shift")

    @property
    def last_place_id(self) -> str:
        """Where it ends."""
        return self.end_place_id or self.start_place_id

    @property
    def is_under_way(self) -> bool:
        """Whether the driver is at work."""
        return self.state in (ShiftState.STARTED, ShiftState.ON_BREAK)


def shared_skills(driver: Driver, vehicle: Vehicle, until: datetime) -> frozenset[str]:
    """What both can do together, to the end of a shift."""
    return skills_held((*driver.skills, *vehicle.skills), until)
