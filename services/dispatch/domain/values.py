"""
Values that everything else is made of: places on earth, windows of time, money, addresses.

Pure. A value that cannot be does not exist: constructors raise `Unsound`, and the edge adds where
in the request it stood. What is personal stays out of `repr`, so that no log line can show it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

MICROS = 1_000_000
NANOS_PER_MICRO = 1_000


class Unsound(ValueError):
    """A value that cannot be; the message is for people."""


def check(sound: bool, message: str) -> None:
    """Raises Unsound with the message unless the statement is true."""
    if not sound:
        raise Unsound(message)


@dataclass(frozen=True, slots=True)
class Point:
    """A place on earth, WGS 84 degrees. Null island is a missing coordinate, not a place."""

    latitude: float = field(repr=False)
    longitude: float = field(repr=False)

    def __post_init__(self) -> None:
        check(-90 <= self.latitude <= 90, "latitude lies between -90 and 90")
        check(-180 <= self.longitude <= 180, "longitude lies between -180 and 180")
        check((self.latitude, self.longitude) != (0, 0), "0, 0 is a missing coordinate")

    def rounded(self, digits: int) -> Point:
        """The same place, coarser."""
        return Point(round(self.latitude, digits), round(self.longitude, digits))


@dataclass(frozen=True, slots=True)
class Window:
    """`[start_time, end_time)`."""

    start_time: datetime
    end_time: datetime

    def __post_init__(self) -> None:
        check(self.start_time < self.end_time, "a window ends after it starts")

    @property
    def length(self) -> timedelta:
        """From start to end."""
        return self.end_time - self.start_time

    def overlaps(self, other: Window) -> bool:
        """Whether both have a moment in common."""
        return self.start_time < other.end_time and other.start_time < self.end_time

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies inside."""
        return self.start_time <= moment < self.end_time


def span_of(windows: tuple[Window, ...]) -> Window | None:
    """From the earliest start to the latest end; None without windows."""
    if not windows:
        return None
    return Window(min(w.start_time for w in windows), max(w.end_time for w in windows))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount that people pay, exact to a millionth of the currency's unit."""

    currency_code: str
    micros: int

    def __post_init__(self) -> None:
        check(len(self.currency_code) == 3, "a currency has three letters")


@dataclass(frozen=True, slots=True)
class Address:
    """A written address, for people. Personal data."""

    revision: int = 0
    region_code: str = field(default="", repr=False)
    language_code: str = field(default="", repr=False)
    postal_code: str = field(default="", repr=False)
    sorting_code: str = field(default="", repr=False)
    administrative_area: str = field(default="", repr=False)
    locality: str = field(default="", repr=False)
    sublocality: str = field(default="", repr=False)
    address_lines: tuple[str, ...] = field(default=(), repr=False)
    recipients: tuple[str, ...] = field(default=(), repr=False)
    organization: str = field(default="", repr=False)

    @property
    def region(self) -> str:
        """The coarsest part of it, which names nobody: region code and administrative area."""
        return "/".join(filter(None, (self.region_code, self.administrative_area)))


class BuildingKind(StrEnum):
    """Kinds of building, as they matter for the time at a stop."""

    HOUSE = "HOUSE"
    APARTMENTS = "APARTMENTS"
    OFFICE = "OFFICE"
    SHOP = "SHOP"
    INDUSTRIAL = "INDUSTRIAL"
    HOSPITAL = "HOSPITAL"
    SCHOOL = "SCHOOL"
    HOTEL = "HOTEL"


@dataclass(frozen=True, slots=True)
class AccessProfile:
    """What stands between the kerb and the door."""

    floor: int = 0
    lift_available: bool = False
    walk_duration: timedelta = timedelta()
    gate_code: str = field(default="", repr=False)
    note: str = field(default="", repr=False)
    building_kind: BuildingKind | None = None  # None: not known

    def extra_duration(self) -> timedelta:
        """Time on foot beyond the service at the kerb: the walk, and the stairs both ways."""
        floors = 0 if self.lift_available else abs(self.floor)
        lift = LIFT_DURATION if self.lift_available and self.floor else timedelta()
        return self.walk_duration + floors * STAIRS_DURATION + lift


# Assumptions of ours, not measured: 15 s up and 10 s down each floor with a parcel; a lift, 60 s.
STAIRS_DURATION = timedelta(seconds=25)
LIFT_DURATION = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Skill:
    """Something a driver, vehicle or carrier can or may do, such as `adr-class-3`."""

    skill_id: str
    expire_time: datetime | None = None

    def counts(self, until: datetime) -> bool:
        """Whether it is still held at that moment."""
        return self.expire_time is None or self.expire_time > until


def skills_held(skills: tuple[Skill, ...], until: datetime) -> frozenset[str]:
    """The names of the skills still held at that moment."""
    return frozenset(skill.skill_id for skill in skills if skill.counts(until))
