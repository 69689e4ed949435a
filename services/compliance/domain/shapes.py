"""
Our areas as shapely geometries, and what only those can tell. Pure: numbers in, numbers out.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, radians
from typing import Any

import numpy as np
import shapely

from services.compliance.domain.faults import check
from services.compliance.domain.geometry import E7, GEOMETRY, Area, Point, Polygon, Ring

Shape = Any  # a shapely geometry; the package has no types
METERS_PER_DEGREE = 111_195.0  # of a great circle of 6,371.0088 km, the IUGG mean radius
ROUND_ENOUGH = 8  # segments of a quarter circle at the ends of a buffered line


def polygon_shape(polygon: Polygon) -> Shape:
    """The polygon with x = longitude and y = latitude, in degrees."""
    return shapely.Polygon(_corners(polygon.outer), [_corners(hole) for hole in polygon.holes])


def area_shape(area: Area) -> Shape:
    """All parts of an area together."""
    if len(area) == 1:
        return polygon_shape(area[0])
    return shapely.union_all([polygon_shape(part) for part in area])


def check_area(area: Area) -> None:
    """Raises Unsound with the place of the fault when a part crosses itself or parts overlap."""
    check(bool(area), "an area has at least one part", GEOMETRY)
    parts = [polygon_shape(part) for part in area]
    for part in parts:
        check(bool(shapely.is_valid(part)), str(shapely.is_valid_reason(part)), GEOMETRY)
    if len(parts) > 1:
        whole = shapely.union_all(parts).area
        apart = sum(part.area for part in parts)
        check(apart - whole <= apart * 1e-9, "the parts of an area overlap", GEOMETRY)


def buffered(points: Iterable[Point], halfwidth_meters: int) -> Polygon:
    """The strip along a line, so many meters to each side."""
    corners = np.array([(p.lng_e7 / E7, p.lat_e7 / E7) for p in points])
    stretch = np.array((cos(radians(float(corners[:, 1].mean()))), 1.0))  # meters alike both ways
    line = shapely.LineString(corners * stretch)
    strip = line.buffer(halfwidth_meters / METERS_PER_DEGREE, quad_segs=ROUND_ENOUGH)
    return Polygon(
        _ring(np.array(strip.exterior.coords) / stretch),
        tuple(_ring(np.array(hole.coords) / stretch) for hole in strip.interiors),
    )


def _corners(ring: Ring) -> list[tuple[float, float]]:
    return [(point.lng_e7 / E7, point.lat_e7 / E7) for point in ring.points]


def _ring(corners: Any) -> Ring:
    return Ring(tuple(Point.of_degrees(lat, lng) for lng, lat in corners))
