"""
Driving a leg: where a vehicle is along its road at a moment, and what its device would report.

Pure. A device is never exact: each position carries noise, and the accuracy it claims.
"""

from __future__ import annotations

import bisect
import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

EARTH_RADIUS_METERS = 6_371_008.8  # IUGG mean radius
NOISE_METERS_SIGMA = 6.0  # a phone in a street canyon, after filtering
METERS_PER_DEGREE = math.radians(1) * EARTH_RADIUS_METERS

Point = tuple[float, float]  # latitude, longitude in degrees


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of road as driven: `points` from start to end, in `took` from `departure`."""

    points: tuple[Point, ...]
    departure: datetime
    took: timedelta
    meters: int

    @property
    def arrival(self) -> datetime:
        return self.departure + self.took


@dataclass(frozen=True, slots=True)
class Reading:
    """What the device says at a moment. `odometer_meters` counts from the start of the shift."""

    time: datetime
    point: Point
    accuracy_meters: float
    speed_meters_per_second: float
    odometer_meters: int
    ignition: bool


def meters_between(a: Point, b: Point) -> float:
    """Great-circle distance."""
    lat_a, lat_b = math.radians(a[0]), math.radians(b[0])
    half_lat, half_lng = (lat_b - lat_a) / 2, math.radians(b[1] - a[1]) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lng) ** 2
    return 2 * EARTH_RADIUS_METERS * math.asin(math.sqrt(chord))


def along(points: Sequence[Point], share: float) -> Point:
    """The point at `share` (0 to 1) of the line's length."""
    reached = list(itertools.accumulate(map(meters_between, points, points[1:]), initial=0.0))
    target = min(max(share, 0.0), 1.0) * reached[-1]
    index = min(bisect.bisect_right(reached, target), len(points) - 1)
    before, after = reached[index - 1], reached[index]
    part = (target - before) / (after - before) if after > before else 0.0
    (lat_a, lng_a), (lat_b, lng_b) = points[index - 1], points[index]
    return lat_a + (lat_b - lat_a) * part, lng_a + (lng_b - lng_a) * part


def driving(leg: Leg, at: datetime, odometer_meters: int, dice: random.Random) -> Reading:
    """The reading at a moment of the leg; `odometer_meters` is what stood at its departure."""
    share = (at - leg.departure) / leg.took if leg.took else 1.0
    share = min(max(share, 0.0), 1.0)
    point = along(leg.points, share) if len(leg.points) > 1 else leg.points[0]
    speed = leg.meters / leg.took.total_seconds() if leg.took else 0.0
    driven = odometer_meters + round(leg.meters * share)
    return Reading(at, noisy(point, dice), NOISE_METERS_SIGMA, speed, driven, ignition=True)


def standing(point: Point, at: datetime, odometer_meters: int, dice: random.Random) -> Reading:
    """The reading while halted with the engine off."""
    return Reading(at, noisy(point, dice), NOISE_METERS_SIGMA, 0.0, odometer_meters, ignition=False)


def noisy(point: Point, dice: random.Random) -> Point:
    lat, lng = point
    north, east = dice.gauss(0, NOISE_METERS_SIGMA), dice.gauss(0, NOISE_METERS_SIGMA)
    per_degree_east = METERS_PER_DEGREE * math.cos(math.radians(lat))
    return lat + north / METERS_PER_DEGREE, lng + east / per_degree_east
