"""
Where a vehicle is and when: at a point for some time, or along a line.

Pure. Along a line time runs evenly by length, unless every point states its own offset.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from services.compliance.domain import polyline
from services.compliance.domain.faults import check
from services.compliance.domain.geometry import Box, Point, box_around

E7_OF_E5 = 100  # units of a polyline in ten-millionths of a degree
DURATION_MAX = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Line:
    """A line; its points are rows of latitude and longitude in 1e-5 degrees."""

    encoded: str
    points: polyline.Points = field(compare=False, repr=False)

    @classmethod
    def decoded(cls, encoded: str) -> Line:
        """The line of one encoded polyline, or Unsound."""
        return cls(encoded, polyline.decode(encoded))

    @classmethod
    def between(cls, origin: Point, destination: Point) -> Line:
        """The straight line between two points, rounded to 1e-5 degrees."""
        ends = [(round(p.lat_e7 / 100), round(p.lng_e7 / 100)) for p in (origin, destination)]
        return cls.decoded(polyline.encode(ends))


Place = Point | Line


@dataclass(frozen=True, slots=True)
class Presence:
    """One leg or stop. Without a duration it is an instant, everywhere on the line."""

    place: Place
    entry: datetime
    duration: timedelta = timedelta()
    offsets_seconds: tuple[int, ...] = ()
    subject_id: str = ""

    def __post_init__(self) -> None:
        check(self.entry.tzinfo is not None, "a moment needs a time zone")
        check(timedelta() <= self.duration <= DURATION_MAX, "a presence lasts 0 to 7 days")
        if self.offsets_seconds:
            self._check_offsets()

    @property
    def exit(self) -> datetime:
        """When it is over."""
        return self.entry + self.duration

    @property
    def box(self) -> Box:
        """The smallest box around it."""
        if isinstance(self.place, Point):
            return box_around([self.place])
        low, high = self.place.points.min(axis=0), self.place.points.max(axis=0)
        south, west, north, east = (int(number) * E7_OF_E5 for number in (*low, *high))
        return Box(south, west, north, east)

    def _check_offsets(self) -> None:
        offsets = self.offsets_seconds
        check(isinstance(self.place, Line), "only a polyline has offsets")
        points = len(self.place.points) if isinstance(self.place, Line) else 0
        check(len(offsets) == points, "every point has one offset")
        rising = all(a <= b for a, b in pairwise(offsets))
        check(rising and offsets[0] >= 0, "offsets do not fall")
        check(offsets[-1] == int(self.duration.total_seconds()), "the last offset is the duration")
