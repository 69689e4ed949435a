"""
Tenants' own geofences: circles and polygons on the ground, and which of them can be. Pure.

A shape is judged and measured on the plane that touches the earth at its middle, in meters.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import shapely

from services.tracking.domain.geo import Plane, Point

EXIT_MARGIN_METERS = 30  # the contract states it
EXTENT_METERS_MAX = 200_000.0  # the plane is off by 0.1 % there, and no yard is as large
AREA_SQUARE_METERS_MIN = 1.0
ROUND_ENOUGH = 64  # segments of a quarter of a circle: off by 0.01 % of the radius
SHAPES_MAX = 4_096  # kept made
FENCES_MAX = 1_000  # of one tenant; the contract states it

Shape = Any  # a shapely geometry; the package has no types


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle."""

    center: Point
    radius_meters: int


@dataclass(frozen=True, slots=True)
class Polygon:
    """A simple polygon; its corners in order, not closed."""

    corners: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a shape, and where in it; empty means in all of it."""

    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Box:
    """The smallest upright box around a shape, in degrees."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class Fence:
    """A geofence as kept."""

    fence_id: str
    area: Circle | Polygon
    display_name: str = ""
    exit_margin_meters: int = 0  # 0: EXIT_MARGIN_METERS
    dwell: timedelta | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    revision: int = 1

    @property
    def margin_meters(self) -> int:
        """How far outside a vehicle has left."""
        return self.exit_margin_meters or EXIT_MARGIN_METERS


def faults(area: Circle | Polygon) -> Iterator[Fault]:
    """All that is wrong with a shape; none when it can be watched."""
    if isinstance(area, Circle):
        box = box_of(area)
        if box.west < -180 or box.east > 180:
            yield Fault("radius_meters", "the circle reaches over the antimeridian")
        if box.south < -90 or box.north > 90:
            yield Fault("radius_meters", "the circle reaches over a pole")
        return
    crossed = list(_antimeridian(area.corners))
    yield from crossed
    yield from _repeated(area.corners)
    if not crossed and len(set(area.corners)) > 2:
        yield from _drawn(area)


def _antimeridian(corners: tuple[Point, ...]) -> Iterator[Fault]:
    for number, corner in enumerate(corners):
        before = corners[number - 1]
        if abs(corner.longitude - before.longitude) > 180:
            yield Fault(f"corners[{number}]", "the edge to it crosses the antimeridian")


def _repeated(corners: tuple[Point, ...]) -> Iterator[Fault]:
    first: dict[Point, int] = {}
    for number, corner in enumerate(corners):
        known = first.setdefault(corner, number)
        if known != number:
            yield Fault(f"corners[{number}]", f"is the same place as corners[{known}]")
    if len(first) < 3:
        yield Fault("corners", "an area has three different corners or more")


def _drawn(area: Polygon) -> Iterator[Fault]:
    shape = shape_of(area)[1]
    if not shapely.is_valid(shape):
        kind = str(shapely.is_valid_reason(shape)).partition("[")[0]
        yield Fault("corners", f"the boundary crosses or touches itself ({kind})")
    elif shape.area < AREA_SQUARE_METERS_MIN:
        yield Fault("corners", "the corners lie on one line: there is no area between them")
    west, south, east, north = shape.bounds
    if max(east - west, north - south) > EXTENT_METERS_MAX:
        kilometers = EXTENT_METERS_MAX / 1_000
        yield Fault("corners", f"the area is wider than {kilometers:.0f} km")


@lru_cache(maxsize=SHAPES_MAX)
def shape_of(area: Circle | Polygon) -> tuple[Plane, Shape]:
    """A shape in meters, and the plane that it lies on."""
    if isinstance(area, Circle):
        middle = shapely.Point(0.0, 0.0)
        return Plane(area.center), middle.buffer(area.radius_meters, quad_segs=ROUND_ENOUGH)
    box = box_of(area)
    plane = Plane(Point((box.south + box.north) / 2, (box.west + box.east) / 2))
    return plane, shapely.Polygon([plane.flat(corner) for corner in area.corners])


def box_of(area: Circle | Polygon) -> Box:
    """The smallest upright box around a shape."""
    if isinstance(area, Polygon):
        return around(area.corners)
    at, high = area.center, degrees(area.radius_meters)
    wide = high / max(1e-6, math.cos(math.radians(at.latitude)))
    return Box(at.latitude - high, at.longitude - wide, at.latitude + high, at.longitude + wide)


def around(points: Sequence[Point]) -> Box:
    """The smallest upright box around places; there must be one."""
    latitudes = [point.latitude for point in points]
    longitudes = [point.longitude for point in points]
    return Box(min(latitudes), min(longitudes), max(latitudes), max(longitudes))


def touching(a: Box, b: Box) -> bool:
    """Whether two boxes have a place in common."""
    across = a.west <= b.east and b.west <= a.east
    return across and a.south <= b.north and b.south <= a.north


def degrees(meters: float) -> float:
    """A length as degrees of latitude."""
    return math.degrees(meters / 6_371_008.8)
