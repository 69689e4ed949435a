"""Plane and globe: whether a point lies in an area, how far two points are apart. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from services.planner.domain.travel import Point

EARTH_RADIUS_METERS = 6_371_008.8  # mean radius, IUGG 1980


def inside(point: Point, rings: Sequence[Sequence[Point]]) -> bool:
    """Whether a point lies in a polygon of an outer ring and holes; its line counts as inside."""
    crossings = 0
    for ring in rings:
        for start, end in zip(ring, (*ring[1:], ring[0]), strict=True):
            if on_line(point, start, end):
                return True
            crossings += crosses(point, start, end)
    return crossings % 2 == 1


def ranks_inside(points: Sequence[Point], ring: Sequence[Point]) -> list[int]:
    """The ranks of the points that lie in a polygon; most others are told apart by its box."""
    latitudes = np.array([point.latitude for point in points])
    longitudes = np.array([point.longitude for point in points])
    south, north = min(p.latitude for p in ring), max(p.latitude for p in ring)
    west, east = min(p.longitude for p in ring), max(p.longitude for p in ring)
    boxed = (
        (south <= latitudes) & (latitudes <= north) & (west <= longitudes) & (longitudes <= east)
    )
    return [rank for rank in np.flatnonzero(boxed).tolist() if inside(points[rank], (ring,))]


def crosses(point: Point, start: Point, end: Point) -> bool:
    """Whether the ray eastward from a point crosses an edge."""
    if (start.latitude > point.latitude) == (end.latitude > point.latitude):
        return False
    share = (point.latitude - start.latitude) / (end.latitude - start.latitude)
    return point.longitude < start.longitude + share * (end.longitude - start.longitude)


def on_line(point: Point, start: Point, end: Point) -> bool:
    """Whether a point lies on an edge, exactly."""
    cross = (point.longitude - start.longitude) * (end.latitude - start.latitude) - (
        point.latitude - start.latitude
    ) * (end.longitude - start.longitude)
    between_latitudes = (
        min(start.latitude, end.latitude) <= point.latitude <= max(start.latitude, end.latitude)
    )
    between_longitudes = (
        min(start.longitude, end.longitude)
        <= point.longitude
        <= max(start.longitude, end.longitude)
    )
    return cross == 0 and between_latitudes and between_longitudes


def meters_between(here: Point, there: Point) -> int:
    """Great-circle distance, rounded half up."""
    latitude, other_latitude = math.radians(here.latitude), math.radians(there.latitude)
    half_latitude = (other_latitude - latitude) / 2
    half_longitude = math.radians(there.longitude - here.longitude) / 2
    chord = (
        math.sin(half_latitude) ** 2
        + math.cos(latitude) * math.cos(other_latitude) * math.sin(half_longitude) ** 2
    )
    return int(2 * EARTH_RADIUS_METERS * math.asin(math.sqrt(min(1.0, chord))) + 0.5)
