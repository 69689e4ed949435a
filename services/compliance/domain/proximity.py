"""
Which stretches of curb are near a point, and how far away.

Pure, over shapely. A search tree finds the few whose box is near; their distance is then measured
on a plane that touches the ellipsoid at the point, by its radii of curvature there: within the
radius that may be asked this is true to a few centimeters. The distance is to the nearest edge, and
nothing inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import cos, pi, radians, sin, sqrt
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from services.compliance.domain.geometry import Point, Polygon
from services.compliance.domain.shapes import Shape, polygon_shape

SEMI_MAJOR_METERS = 6_378_137.0  # WGS 84
ECCENTRICITY_SQUARED = 0.006_694_379_990_14  # WGS 84
MILLIMETERS = 1_000
MARGIN = 1.01  # of the box that is searched: a degree is not everywhere as long as at the point
TURN_DEGREES = 360.0  # a point beside the antimeridian has neighbors on the other side of it


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where one stretch of curb is, as one revision has it."""

    curb_zone_id: str
    revision: int
    polygon: Polygon


@dataclass(frozen=True, slots=True, order=True)
class Nearby:
    """A stretch and how far it is; in the order of distances."""

    distance_millimeters: int
    curb_zone_id: str
    revision: int


class Curbside:
    """All stretches of curb of a tenant, ready to be asked for the nearest."""

    def __init__(self, version: int, known: Mapping[str, tuple[int, Shape]]) -> None:
        self.version = version
        self._known = dict(known)
        self._ids = list(self._known)
        self._shapes = np.array([shape for _, shape in self._known.values()], dtype=object)
        self._tree = shapely.STRtree(self._shapes)

    def changed(self, version: int, stretches: Iterable[Stretch]) -> Curbside:
        """The same with newer revisions in place of older ones."""
        newer = {s.curb_zone_id: (s.revision, polygon_shape(s.polygon)) for s in stretches}
        return Curbside(version, {**self._known, **newer})

    def near(self, at: Point, radius_meters: int) -> list[Nearby]:
        """Those within a radius, border included, nearest first."""
        plane = _Plane(at)
        hits = sorted({int(i) for box in plane.boxes(radius_meters) for i in self._tree.query(box)})
        measured = zip(hits, plane.millimeters(self._shapes[hits]), strict=True)
        return sorted(
            Nearby(distance, self._ids[hit], self._known[self._ids[hit]][0])
            for hit, distance in measured
            if distance <= radius_meters * MILLIMETERS
        )


NO_CURBS = Curbside(0, {})


class _Plane:
    """Touches the ellipsoid at a point; meters to the east and to the north of it."""

    def __init__(self, at: Point) -> None:
        self._lat, self._lng = at.degrees
        flattening = 1 - ECCENTRICITY_SQUARED * sin(radians(self._lat)) ** 2
        self._parallel = SEMI_MAJOR_METERS / sqrt(flattening) * pi / 180
        self._meridian = self._parallel * (1 - ECCENTRICITY_SQUARED) / flattening

    def boxes(self, radius_meters: int) -> list[Shape]:
        """What is surely within a radius lies in one of these boxes of degrees."""
        north = radius_meters / self._meridian * MARGIN
        narrowest = cos(radians(min(abs(self._lat) + north, 90.0)))
        east = min(radius_meters / max(self._parallel * narrowest, 1.0) * MARGIN, TURN_DEGREES)
        south, top = self._lat - north, self._lat + north
        return [
            shapely.box(self._lng + turn - east, south, self._lng + turn + east, top)
            for turn in (-TURN_DEGREES, 0.0, TURN_DEGREES)
        ]

    def millimeters(self, shapes: NDArray[Any]) -> list[int]:
        """How far the nearest point of every shape is."""
        flat = shapely.transform(shapes, self._flat)
        return [round(d * MILLIMETERS) for d in shapely.distance(flat, shapely.Point(0, 0))]

    def _flat(self, corners: NDArray[Any]) -> NDArray[Any]:
        half = TURN_DEGREES / 2
        east = (corners[:, 0] - self._lng + half) % TURN_DEGREES - half
        between = np.radians((corners[:, 1] + self._lat) / 2)  # the parallel halfway
        north = corners[:, 1] - self._lat
        return np.stack((east * self._parallel * np.cos(between), north * self._meridian), axis=1)
