"""
What a day's deliveries are like: drawn from stated distributions and a seed.

Pure. The map gives real addresses; everything that no map knows is drawn here. Figures without a
source are ours, chosen for a dense core, and are stated so that a reader can judge them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

Item = TypeVar("Item")

# Mass of a parcel: lognormal, median 2.2 kg, heavy tail; 31.5 kg is the usual limit in Europe.
MASS_GRAMS_MEDIAN, MASS_SIGMA, MASS_GRAMS_MIN, MASS_GRAMS_MAX = 2_200, 0.9, 100, 31_500
# Volume follows mass through a density: lognormal around 0.16 kg per litre of packed parcel.
GRAMS_PER_CUBIC_CENTIMETER, DENSITY_SIGMA = 0.16, 0.4
PARCEL_COUNTS, PARCEL_COUNT_WEIGHTS = (1, 2, 3), (78, 16, 6)
# Service from handbrake to handbrake: a base, more per floor on foot, more per parcel.
SERVICE_SECONDS_BASE, SERVICE_SECONDS_PER_PARCEL = 120, 20
SECONDS_PER_FLOOR_ON_FOOT, SECONDS_PER_FLOOR_BY_LIFT = 18, 5
FLOORS, FLOOR_WEIGHTS = (0, 1, 2, 3, 4, 5), (24, 20, 20, 16, 12, 8)
LIFT_SHARE = 0.6
# What a recipient was promised, in hours of local time, and how often.
PROMISES = (((8, 12), 25), ((12, 17), 25), ((8, 10), 8), ((10, 12), 10), ((12, 14), 10))
PROMISES_LATE = (((14, 16), 10), ((8, 17), 12))
# Now and then an appliance instead of parcels: only a large van holds it, and two carry it.
BULKY_SHARE, BULKY_SKILL = 0.04, "two-person-lift"
BULKY_GRAMS, BULKY_CUBIC_CENTIMETERS = (35_000, 85_000), (1_050_000, 1_600_000)
SKILLS = (("age-check", 0.04), ("cold-chain", 0.03))
COLLECT_SHARE, COLLECT_EUROS = 0.05, (15, 120)


@dataclass(frozen=True, slots=True)
class DrawnParcel:
    """One box."""

    mass_grams: int
    volume_cubic_centimeters: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """What one delivery is like, but for its address."""

    parcels: tuple[DrawnParcel, ...]
    promise: tuple[datetime, datetime]
    service_seconds: int
    floor: int
    has_lift: bool
    skills: tuple[str, ...]
    collect_micros: int

    @property
    def mass_grams(self) -> int:
        return sum(parcel.mass_grams for parcel in self.parcels)


def draw(dice: random.Random, day: date, zone: ZoneInfo) -> Drawn:
    """One delivery of that civil day."""
    is_bulky = dice.random() < BULKY_SHARE
    parcels = (appliance(dice),) if is_bulky else small_ones(dice)
    floor, has_lift = one_of(dice, FLOORS, FLOOR_WEIGHTS), dice.random() < LIFT_SHARE
    return Drawn(
        parcels=parcels,
        promise=promise(dice, day, zone),
        service_seconds=service_seconds(len(parcels), floor, has_lift=has_lift),
        floor=floor,
        has_lift=has_lift,
        skills=(*skills(dice), *[BULKY_SKILL] * is_bulky),
        collect_micros=collect_micros(dice),
    )


def one_of(dice: random.Random, items: Sequence[Item], weights: Sequence[int]) -> Item:
    return dice.choices(items, weights)[0]


def skills(dice: random.Random) -> tuple[str, ...]:
    return tuple(name for name, share in SKILLS if dice.random() < share)


def small_ones(dice: random.Random) -> tuple[DrawnParcel, ...]:
    count = one_of(dice, PARCEL_COUNTS, PARCEL_COUNT_WEIGHTS)
    return tuple(parcel(dice) for _ in range(count))


def appliance(dice: random.Random) -> DrawnParcel:
    return DrawnParcel(dice.randint(*BULKY_GRAMS), dice.randint(*BULKY_CUBIC_CENTIMETERS))


def parcel(dice: random.Random) -> DrawnParcel:
    grams = dice.lognormvariate(math.log(MASS_GRAMS_MEDIAN), MASS_SIGMA)
    mass = round(min(max(grams, MASS_GRAMS_MIN), MASS_GRAMS_MAX))
    density = dice.lognormvariate(math.log(GRAMS_PER_CUBIC_CENTIMETER), DENSITY_SIGMA)
    return DrawnParcel(mass, max(round(mass / density), 1))


def promise(dice: random.Random, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    choices = (*PROMISES, *PROMISES_LATE)
    start, end = one_of(dice, [hours for hours, _ in choices], [weight for _, weight in choices])
    return at(day, start, zone), at(day, end, zone)


def at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone)


def service_seconds(parcels: int, floor: int, *, has_lift: bool) -> int:
    per_floor = SECONDS_PER_FLOOR_BY_LIFT if has_lift else SECONDS_PER_FLOOR_ON_FOOT
    return SERVICE_SECONDS_BASE + parcels * SERVICE_SECONDS_PER_PARCEL + 2 * floor * per_floor


def collect_micros(dice: random.Random) -> int:
    if dice.random() >= COLLECT_SHARE:
        return 0
    return dice.randint(*COLLECT_EUROS) * 1_000_000


def took(dice: random.Random, planned: timedelta) -> timedelta:
    """How long a planned service really took: lognormal around the plan, rarely over half more."""
    factor = dice.lognormvariate(0.0, 0.18)
    return timedelta(seconds=max(round(planned.total_seconds() * factor), 20))
