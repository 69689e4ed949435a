"""
Areas on the earth: points, rings, polygons with holes. Whole ten-millionths of a degree, WGS 84.

Pure. A polygon is valid by construction, except that only `shapes` can tell whether it crosses
itself; `Zone` asks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.compliance.domain.faults import check

E7 = 10_000_000  # units of a degree: 11 mm of latitude
LAT_MAX, LNG_MAX = 90 * E7, 180 * E7
GEOMETRY = "GEOMETRY_INVALID"


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """A place. `(0, 0)` is refused as the mark of a failed lookup."""

    lat_e7: int
    lng_e7: int

    def __post_init__(self) -> None:
        check(abs(self.lat_e7) <= LAT_MAX, "a latitude lies in -90..90 degrees", GEOMETRY)
        check(abs(self.lng_e7) <= LNG_MAX, "a longitude lies in -180..180 degrees", GEOMETRY)
        check(bool(self.lat_e7 or self.lng_e7), "(0, 0) is no place but a failed lookup", GEOMETRY)

    @classmethod
    def of_degrees(cls, lat: float, lng: float) -> Point:
        """The nearest point; NaN is refused."""
        check(lat == lat and lng == lng, "a coordinate is a number", GEOMETRY)
        check(abs(lat) <= 90, "a latitude lies in -90..90 degrees", GEOMETRY)
        check(abs(lng) <= 180, "a longitude lies in -180..180 degrees", GEOMETRY)
        return cls(round(lat * E7), round(lng * E7))

    @property
    def degrees(self) -> tuple[float, float]:
        """Latitude and longitude."""
        return self.lat_e7 / E7, self.lng_e7 / E7


@dataclass(frozen=True, slots=True)
class Ring:
    """A closed line in either direction; the last point is not repeated."""

    points: tuple[Point, ...]

    def __post_init__(self) -> None:
        if len(self.points) > 1 and self.points[0] == self.points[-1]:
            object.__setattr__(self, "points", self.points[:-1])
        check(len(set(self.points)) >= 3, "a ring has at least three corners", GEOMETRY)
        lngs = [point.lng_e7 for point in self.points]
        wide = (max(lngs) - min(lngs)) / E7
        check(
            wide < LNG_MAX / E7,
            f"the ring is {wide:.0f} degrees wide: it spans half the earth or crosses the"
            " antimeridian; make a part on each side of it",
            GEOMETRY,
        )


@dataclass(frozen=True, slots=True)
class Polygon:
    """One connected area with holes; its boundary belongs to it."""

    outer: Ring
    holes: tuple[Ring, ...] = ()


Area = tuple[Polygon, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """Between two parallels and two meridians, borders included."""

    south_e7: int
    west_e7: int
    north_e7: int
    east_e7: int

    def __post_init__(self) -> None:
        check(self.south_e7 <= self.north_e7, "the south lies south of the north")
        check(self.west_e7 <= self.east_e7, "the west lies west of the east")

    @property
    def polygon(self) -> Polygon:
        """The box as an area; a degenerate one is widened by the smallest unit."""
        north = max(self.north_e7, self.south_e7 + 1)
        east = max(self.east_e7, self.west_e7 + 1)
        corners = (
            (self.south_e7, self.west_e7),
            (self.south_e7, east),
            (north, east),
            (north, self.west_e7),
        )
        return Polygon(Ring(tuple(Point(lat, lng) for lat, lng in corners)))


def box_around(points: Sequence[Point]) -> Box:
    """The smallest box around some points."""
    lats, lngs = [point.lat_e7 for point in points], [point.lng_e7 for point in points]
    return Box(min(lats), min(lngs), max(lats), max(lngs))
