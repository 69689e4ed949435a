"""
Our areas as shapely geometries, and what only those can tell. Pure: numbers in, numbers out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, radians
from typing import Any

import numpy as np
import shapely

from services.compliance.domain.faults import Unsound, check, inside
from services.compliance.domain.geometry import E7, GEOMETRY, Area, Point, Polygon, Ring

Shape = Any  # a shapely geometry; the package has no types
METERS_PER_DEGREE = 111_195.0  # of a great circle of 6,371.0088 km, the IUGG mean radius
GRID = 1 / E7  # degrees: results lie on the grid of our points, so they stay valid when rounded
OVERLAP_MAX = 1e-9  # of the area of all parts: what rounding to 1e-7 degrees may make
SENTENCES = (  # GEOS tells its word and a corner
    ("Self-intersection", "the boundary crosses itself"),
    ("nested", "one hole lies inside another"),
    ("Interior is disconnected", "holes cut the area in pieces; make each a part of its own"),
    ("Hole lies outside", "the hole lies outside of its outer boundary"),
)
ROUND_ENOUGH = 8  # segments of a quarter circle at the ends of a buffered line


def polygon_shape(polygon: Polygon) -> Shape:
    """The polygon with x = longitude and y = latitude, in degrees."""
    return shapely.Polygon(_corners(polygon.outer), [_corners(hole) for hole in polygon.holes])


def area_shape(area: Area) -> Shape:
    """All parts of an area together."""
    if len(area) == 1:
        return polygon_shape(area[0])
    return shapely.union_all([polygon_shape(part) for part in area])


def contains(area: Area, place: Point) -> bool:
    """Whether a place lies in an area; the boundary belongs to it."""
    latitude, longitude = place.degrees
    return bool(area_shape(area).intersects(shapely.Point(longitude, latitude)))


def check_area(area: Area) -> None:
    """Raises Unsound with the place of the fault when a part crosses itself or parts overlap."""
    check(bool(area), "an area has at least one part", GEOMETRY)
    for number, part in enumerate(area):
        inside(f"areas[{number}]", check_polygon, part)
    if len(area) > 1:
        parts = [polygon_shape(part) for part in area]
        apart = sum(part.area for part in parts)
        if apart - shapely.union_all(parts).area > apart * OVERLAP_MAX:
            _refuse_overlap(parts)


def check_polygon(polygon: Polygon) -> None:
    """Raises Unsound with the ring that is at fault, and where on the earth."""
    whole = polygon_shape(polygon)
    if shapely.is_valid(whole):
        return
    outer = shapely.Polygon(_corners(polygon.outer))
    _check_shape(outer, "outer")
    for number, hole in enumerate(polygon.holes):
        where, shape = f"holes[{number}]", shapely.Polygon(_corners(hole))
        _check_shape(shape, where)
        lost = shape.difference(outer)
        if not lost.is_empty:
            raise Unsound(f"the hole leaves its outer boundary {_at(lost)}", GEOMETRY, where)
    _check_shape(whole, "holes")


def _check_shape(shape: Shape, where: str) -> None:
    check(shape.convex_hull.area > 0, "the corners lie on one line", GEOMETRY, where)
    if not shapely.is_valid(shape):
        said = str(shapely.is_valid_reason(shape))
        kind, _, corner = said.partition("[")
        sentence = next((s for word, s in SENTENCES if word in kind), "it is no polygon")
        place = corner.rstrip("]").split()
        at = f" at latitude {place[1]}, longitude {place[0]}" if len(place) == 2 else ""
        raise Unsound(f"{sentence}{at} ({kind})", GEOMETRY, where)


def _refuse_overlap(parts: Sequence[Shape]) -> None:
    """Names the first pair of parts that share more than an edge."""
    pairs = shapely.STRtree(parts).query(parts, predicate="intersects").T
    for first, second in sorted((int(a), int(b)) for a, b in pairs if a < b):
        shared = parts[first].intersection(parts[second])
        if shared.area > 0:
            same = parts[first].equals(parts[second])
            word = "is the same as" if same else "overlaps"
            message = f"the part {word} areas[{first}] {_at(shared)}"
            raise Unsound(message, GEOMETRY, f"areas[{second}]")


def _at(shape: Shape) -> str:
    inner = shape.representative_point()
    return f"at latitude {inner.y:.7f}, longitude {inner.x:.7f}"


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


class Lines:
    """Lines that are found again by where they are."""

    def __init__(self, lines: Sequence[Sequence[Point]]) -> None:
        self._lines = lines
        self._tree = shapely.STRtree([shapely.LineString(_degrees(line)) for line in lines])

    def near(self, shape: Shape) -> list[Sequence[Point]]:
        """Those that have a point in common with a shape, in order."""
        found = self._tree.query(shape, predicate="intersects")
        return [self._lines[number] for number in sorted(found)]


def strips(
    lines: Sequence[Sequence[Point]],
    halfwidth_meters: int,
    areas: Sequence[Polygon] = (),
    but: Lines | None = None,
) -> Area:
    """The strips along lines, and areas, without the strips along other lines; in a fixed order."""
    made = [polygon_shape(buffered(line, halfwidth_meters)) for line in lines]
    whole = shapely.union_all([*made, *map(polygon_shape, areas)], grid_size=GRID)
    reach = whole.buffer(2 * halfwidth_meters / METERS_PER_DEGREE / cos(radians(whole.centroid.y)))
    near = but.near(reach) if but else ()
    cut = shapely.union_all(
        [polygon_shape(buffered(line, halfwidth_meters)) for line in near], grid_size=GRID
    )
    left = _area(shapely.difference(_flat(whole), _flat(cut), grid_size=GRID))
    return tuple(sorted(left, key=lambda part: part.outer.points[0]))


def meetings(areas: Sequence[Area]) -> list[list[int]]:
    """Of every area the numbers of those that have a point in common with it, in order."""
    shapes = [area_shape(area) for area in areas]
    found: list[list[int]] = [[] for _ in areas]
    if not shapes:
        return found
    for one, other in shapely.STRtree(shapes).query(shapes, predicate="intersects").T:
        found[one].append(int(other))
    return [sorted(numbers) for numbers in found]


def _degrees(line: Sequence[Point]) -> list[tuple[float, float]]:
    return [(point.lng_e7 / E7, point.lat_e7 / E7) for point in line]


def joined(parts: Iterable[Polygon]) -> Area:
    """What any of the parts covers, as parts that do not overlap."""
    return _area(shapely.union_all([polygon_shape(part) for part in parts], grid_size=GRID))


def difference(area: Area, cut: Area) -> Area:
    """What of an area is left without another; empty when nothing is."""
    return _area(shapely.difference(area_shape(area), area_shape(cut), grid_size=GRID))


def intersection(area: Area, other: Area) -> Area:
    """What two areas share; empty when they touch at most."""
    return _area(shapely.intersection(area_shape(area), area_shape(other), grid_size=GRID))


def _area(shape: Shape) -> Area:
    """The polygons of a geometry on our grid."""
    return tuple(_polygon(part) for part in shapely.get_parts(_flat(shape)))


def _flat(shape: Shape) -> Shape:
    """A geometry without the lines and points that what is narrower than the grid shrinks to."""
    found = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area]
    return shapely.MultiPolygon(found)


def _polygon(shape: Shape) -> Polygon:
    rings = [_ring(np.array(ring.coords)) for ring in (shape.exterior, *shape.interiors)]
    return Polygon(rings[0], tuple(rings[1:]))


def _corners(ring: Ring) -> list[tuple[float, float]]:
    return [(point.lng_e7 / E7, point.lat_e7 / E7) for point in ring.points]


def _ring(corners: Any) -> Ring:
    return Ring(tuple(Point.of_degrees(lat, lng) for lng, lat in corners))
