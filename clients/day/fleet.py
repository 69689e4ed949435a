"""
The day's means: vehicles, drivers with their histories, shifts and what they cost.

Pure. A dense core is served from a micro-hub: mostly cargo bikes and small electric vans, one newer
diesel van that the demonstration zone charges, and one old one that it forbids.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

METERS_A_KILOMETER = 1_000


class Kind(Enum):
    """Kinds of vehicle in the fleet."""

    CARGO_BIKE = "cargo-bike"
    E_VAN = "e-van"
    DIESEL_VAN = "diesel-van"
    OLD_DIESEL_VAN = "old-diesel-van"


@dataclass(frozen=True, slots=True)
class Make:
    """What a kind of vehicle can carry, uses and costs (micros of a euro)."""

    capacity_grams: int
    capacity_cubic_centimeters: int
    mass_max_grams: int
    euro_class: int
    battery_watt_hours: int
    watt_hours_per_kilometer: int
    fixed_micros: int
    micros_per_kilometer: int
    micros_per_hour: int

    def charge_ratio(self, meters: int) -> float | None:
        """What is left of a battery, full at first, after so many meters; None without one."""
        if not self.battery_watt_hours:
            return None
        used = meters * self.watt_hours_per_kilometer / METERS_A_KILOMETER
        return max(self.battery_watt_hours - used, 0.0) / self.battery_watt_hours


# Ours, of the order that makers and European parcel carriers state; a tenant replaces them. A bike
# is a long john with a box, an e-van a light quadricycle (L7e), a diesel van a large one.
MAKES = {
    Kind.CARGO_BIKE: Make(100_000, 300_000, 180_000, 0, 1_000, 12, 2_000_000, 20_000, 24_000_000),
    Kind.E_VAN: Make(250_000, 800_000, 850_000, 0, 12_000, 95, 5_000_000, 60_000, 25_000_000),
    Kind.DIESEL_VAN: Make(900_000, 8_000_000, 3_500_000, 6, 0, 0, 45_000_000, 240_000, 25_000_000),
    Kind.OLD_DIESEL_VAN: Make(
        900_000, 8_000_000, 3_500_000, 4, 0, 0, 40_000_000, 270_000, 25_000_000
    ),
}
ROSTER = (  # every kind is among the first six
    Kind.CARGO_BIKE,
    Kind.CARGO_BIKE,
    Kind.E_VAN,
    Kind.DIESEL_VAN,
    Kind.OLD_DIESEL_VAN,
    *[Kind.CARGO_BIKE] * 5,
    *[Kind.E_VAN] * 4,
)
SHIFT_HOURS = ((7.5, 15.5), (8.0, 16.0), (9.0, 17.5))  # local, from and to the hub
BREAK_AFTER, BREAK_BEFORE, BREAK_LENGTH = timedelta(hours=3), timedelta(hours=5), timedelta(0, 2700)
HISTORY_DAYS = 7


@dataclass(frozen=True, slots=True)
class Turn:
    """One driver with one vehicle for one shift."""

    number: int
    kind: Kind
    start: datetime
    end: datetime
    skills: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.kind.value}-{self.number:02d}"

    @property
    def break_window(self) -> tuple[datetime, datetime]:
        """When the break may begin, and by when it must have ended."""
        return self.start + BREAK_AFTER, self.start + BREAK_BEFORE


def turns(day: date, zone: ZoneInfo, count: int) -> tuple[Turn, ...]:
    """The first `count` shifts of the roster, staggered so that the hub's door is never crowded."""
    return tuple(turn(number, kind, day, zone) for number, kind in enumerate(ROSTER[:count], 1))


def turn(number: int, kind: Kind, day: date, zone: ZoneInfo) -> Turn:
    first, last = SHIFT_HOURS[number % len(SHIFT_HOURS)]
    midnight = datetime.combine(day, time(0), zone)
    start, end = midnight + timedelta(hours=first), midnight + timedelta(hours=last)
    return Turn(number, kind, start, end, tuple(skills(number, kind)))


def skills(number: int, kind: Kind) -> Iterator[str]:
    """All but the newest two check ages; large vans lift in pairs; small ones keep things cold."""
    if number > 2:
        yield "age-check"
    if kind in (Kind.DIESEL_VAN, Kind.OLD_DIESEL_VAN):
        yield "two-person-lift"
    else:
        yield "cold-chain"


@dataclass(frozen=True, slots=True)
class Worked:
    """A stretch of a driver's past: `status` in the words of the duty log."""

    status: str
    start: datetime
    end: datetime


def history(of: Turn) -> Iterator[Worked]:
    """The week before: worked eight hours a day with a break, rested each night and on Sunday."""
    for days in range(HISTORY_DAYS, 0, -1):
        start = of.start - timedelta(days=days)
        if start.weekday() == 6:
            continue
        pause, resume = start + timedelta(hours=4), start + timedelta(hours=4, minutes=45)
        yield Worked("ON_DUTY_NOT_DRIVING", start, start + timedelta(minutes=30))
        yield Worked("DRIVING", start + timedelta(minutes=30), pause)
        yield Worked("OFF_DUTY", pause, resume)
        yield Worked("DRIVING", resume, start + timedelta(hours=7, minutes=30))
        yield Worked(
            "ON_DUTY_NOT_DRIVING", start + timedelta(hours=7, minutes=30), end_of(of, days)
        )


def end_of(of: Turn, days: int) -> datetime:
    return of.end - timedelta(days=days)
