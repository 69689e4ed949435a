"""
Geometry on the ground: distances and lines, for lengths of a city. Pure.

Degrees are WGS 84. Distances use the haversine on a sphere, which is off by at most 0.56 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

EARTH_RADIUS_METERS = 6_371_008.8  # mean radius R1 of GRS 80
POLYLINE_SCALE = 1e5  # encoded polylines of precision 5
NULL_ISLAND_DEGREES = 9e-6  # about 1 m: closer to (0, 0) is a receiver without a fix
DECODED_MAX = 4_096  # polylines kept decoded


@dataclass(frozen=True, slots=True)
class Point:
    """A place, in degrees."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.latitude) and math.isfinite(self.longitude)):
            raise ValueError("a point needs finite degrees")
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ValueError("a point lies in -90..90, -180..180")


def meters(a: Point, b: Point) -> float:
    """The great-circle distance of two points."""
    return meters_between(a.latitude, a.longitude, b.latitude, b.longitude)


def meters_between(lat_a: float, lng_a: float, lat_b: float, lng_b: float) -> float:
    """The same for bare degrees: the ingest path makes no objects."""
    half_lat = math.radians(lat_b - lat_a) / 2
    half_lng = math.radians(lng_b - lng_a) / 2
    cosines = math.cos(math.radians(lat_a)) * math.cos(math.radians(lat_b))
    chord = math.sin(half_lat) ** 2 + cosines * math.sin(half_lng) ** 2
    return 2 * EARTH_RADIUS_METERS * math.asin(min(1.0, math.sqrt(chord)))


class Plane:
    """The plane that touches the earth at a point: meters east and north of it, for a city."""

    def __init__(self, origin: Point) -> None:
        self._origin = origin
        self._north = math.radians(EARTH_RADIUS_METERS)  # meters a degree
        self._east = self._north * math.cos(math.radians(origin.latitude))

    def flat(self, point: Point) -> tuple[float, float]:
        """Meters east and north."""
        east = (point.longitude - self._origin.longitude) * self._east
        return east, (point.latitude - self._origin.latitude) * self._north

    def point(self, east: float, north: float) -> Point:
        """The point so many meters away."""
        latitude = self._origin.latitude + north / self._north
        return Point(latitude, self._origin.longitude + east / self._east)


@dataclass(frozen=True, slots=True)
class Place:
    """Where on a line a point lies: how far off it, and how much of the line is still ahead."""

    off_meters: float
    ahead_meters: float
    ahead: tuple[Point, ...]  # from the foot of the point to the end


def project(line: tuple[Point, ...], point: Point) -> Place:
    """The nearest place of a line. A line without points is nowhere: infinitely far."""
    if not line:
        return Place(math.inf, 0.0, ())
    if len(line) == 1:
        return Place(meters(line[0], point), 0.0, line)
    offs = [_foot(line[i], line[i + 1], point) for i in range(len(line) - 1)]
    nearest = min(range(len(offs)), key=lambda i: offs[i][0])
    off, foot = offs[nearest]
    ahead = (foot, *line[nearest + 1 :])
    return Place(off, length(ahead), ahead)


def length(line: tuple[Point, ...]) -> float:
    """Its length in meters."""
    return sum(meters(line[i], line[i + 1]) for i in range(len(line) - 1))


def _foot(a: Point, b: Point, point: Point) -> tuple[float, Point]:
    """Distance to a segment and the nearest point on it, on the plane that touches at `point`."""
    shrink = math.cos(math.radians(point.latitude))
    ax, ay = (a.longitude - point.longitude) * shrink, a.latitude - point.latitude
    dx, dy = (b.longitude - a.longitude) * shrink, b.latitude - a.latitude
    square = dx * dx + dy * dy
    along = 0.0 if square == 0 else min(1.0, max(0.0, -(ax * dx + ay * dy) / square))
    foot = Point(
        a.latitude + along * (b.latitude - a.latitude),
        a.longitude + along * (b.longitude - a.longitude),
    )
    return meters(foot, point), foot


@lru_cache(maxsize=DECODED_MAX)
def decode(encoded: str) -> tuple[Point, ...]:
    """
    The points of an encoded polyline of precision 5. Raises ValueError for other strings.

    Source: Google, "Encoded Polyline Algorithm Format".
    """
    steps = list(_deltas(encoded))
    if len(steps) % 2:
        raise ValueError("a polyline has pairs of numbers")
    points, lat, lng = [], 0, 0
    for i in range(0, len(steps), 2):
        lat, lng = lat + steps[i], lng + steps[i + 1]
        points.append(Point(lat / POLYLINE_SCALE, lng / POLYLINE_SCALE))
    return tuple(points)


def _deltas(encoded: str) -> Iterator[int]:
    value = shift = 0
    for letter in encoded:
        bits = ord(letter) - 63
        if not 0 <= bits < 64:
            raise ValueError("a polyline has characters from 63 to 126")
        value |= (bits & 31) << shift
        shift += 5
        if bits < 32:
            yield ~(value >> 1) if value & 1 else value >> 1
            value = shift = 0
    if shift:
        raise ValueError("a polyline ends with a whole number")


def encode(points: tuple[Point, ...]) -> str:
    """The encoded polyline of precision 5."""
    letters: list[str] = []
    lat = lng = 0
    for point in points:
        next_lat = round(point.latitude * POLYLINE_SCALE)
        next_lng = round(point.longitude * POLYLINE_SCALE)
        letters += [_letters(next_lat - lat), _letters(next_lng - lng)]
        lat, lng = next_lat, next_lng
    return "".join(letters)


def _letters(step: int) -> str:
    value = ~(step << 1) if step < 0 else step << 1
    letters = ""
    while value >= 32:
        letters += chr((value & 31 | 32) + 63)
        value >>= 5
    return letters + chr(value + 63)
