"""
Travel: how long and how far it is between places, by whom, when, and around what.

Pure. Seconds are whole and rounded up, meters whole and rounded half up; both are never negative
and 0 from a place to itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

import numpy as np
from numpy.typing import NDArray

POINTS_MAX = 12_000  # of one question: 10,000 tasks, some with more than one place
BLOCKED_AREAS_MAX = 500
RING_POINTS_MAX = 5_000
LEGS_MAX = 10_000
# Stands for "no way": far beyond any real value, and twenty of them still add up in 32 bits.
UNREACHABLE = 100_000_000


class Profile(Enum):
    """Who travels. VAN and E_VAN use the same roads at the same speed."""

    VAN = "VAN"
    E_VAN = "E_VAN"
    TRUCK = "TRUCK"
    CARGO_BIKE = "CARGO_BIKE"
    FOOT = "FOOT"


@dataclass(frozen=True, slots=True)
class Point:
    """A position in degrees, WGS 84."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        """Refuses what is no position, and 0, 0, which only a missing one has."""
        if not (math.isfinite(self.latitude) and math.isfinite(self.longitude)):
            raise ValueError("a coordinate is not a finite number")
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ValueError("latitude is within -90..90, longitude within -180..180")
        if self.latitude == 0 and self.longitude == 0:
            raise ValueError("latitude 0, longitude 0 is a missing position")


@dataclass(frozen=True, slots=True)
class BlockedArea:
    """An area that may not be entered, as a polygon: its outer ring, then its holes."""

    area_id: str
    rings: tuple[tuple[Point, ...], ...]

    def __post_init__(self) -> None:
        """Refuses rings without an inside."""
        if not self.rings or any(len(set(ring)) < 3 for ring in self.rings):
            raise ValueError(f"area {self.area_id!r}: a ring needs at least 3 different points")
        if any(len(ring) > RING_POINTS_MAX for ring in self.rings):
            raise ValueError(f"area {self.area_id!r}: a ring has over {RING_POINTS_MAX} points")


@dataclass(frozen=True, slots=True)
class TravelQuestion:
    """Between which points, by whom, leaving when, around what."""

    points: tuple[Point, ...]
    profile: Profile
    departure: datetime | None = None
    """Its hour, local to the map, picks the speeds. None: free roads."""
    blocked: tuple[BlockedArea, ...] = ()

    def __post_init__(self) -> None:
        """Refuses naive moments and what is too much for one question."""
        if self.departure is not None and self.departure.tzinfo is None:
            raise ValueError("the departure has no time zone")
        if len(self.points) > POINTS_MAX:
            raise ValueError(f"{len(self.points)} points; at most {POINTS_MAX}")
        if len(self.blocked) > BLOCKED_AREAS_MAX:
            raise ValueError(f"{len(self.blocked)} blocked areas; at most {BLOCKED_AREAS_MAX}")


class Basis(Enum):
    """What an answer rests on."""

    ROAD = "ROAD"
    STRAIGHT_LINE = "STRAIGHT_LINE"
    """One end has no road within reach: great circle times a factor."""
    UNREACHABLE = "UNREACHABLE"


class TravelReason(Enum):
    """Why something is not as a reader would expect."""

    NO_ROAD = "NO_ROAD"
    """No road within reach of the point: straight lines times a factor stand in."""
    FAR_FROM_ROAD = "FAR_FROM_ROAD"
    """The nearest usable road is further than a short walk; the times end there."""
    BLOCKED = "BLOCKED"
    """The point lies in a blocked area, or on a road that it closes on both sides."""
    CUT_OFF = "CUT_OFF"
    """Blocked areas leave no way between the two points."""


@dataclass(frozen=True, slots=True)
class TravelNotice:
    """One thing to know about an answer; points are indices into the question."""

    reason: TravelReason
    point: int
    other: int | None = None
    """The destination, where the notice is about a pair."""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Snap:
    """Where on the road a point was put."""

    has_road: bool
    distance_meters: int
    """To the nearest usable road, rounded half up; also where that is out of reach."""
    point: Point
    """On the road; the point itself where it has none."""


@dataclass(frozen=True, slots=True, eq=False)
class TravelMatrix:
    """Row = from, column = to, as the question's points; UNREACHABLE where there is no way."""

    seconds: NDArray[np.int32]
    meters: NDArray[np.int32]
    snaps: tuple[Snap, ...]
    notices: tuple[TravelNotice, ...]
    """At most one for a point that is cut off as a whole, else one for each pair."""
    map_id: str


@dataclass(frozen=True, slots=True)
class Leg:
    """One way from point to point; seconds and meters equal the matrix's."""

    seconds: int
    meters: int
    polyline: str
    """Encoded at precision 5, from road to road; empty where there is no way."""
    basis: Basis


@dataclass(frozen=True, slots=True)
class MapInfo:
    """Which map answers."""

    map_id: str
    """Changes with the extract's content and with the rules it is compiled by."""
    name: str
    time_zone: str
    """IANA name, at the middle of the map."""
    south_west: Point
    north_east: Point
    attribution: str
