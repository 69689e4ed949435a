"""
Where a line is inside an area: exact, by whole numbers and fractions.

Imports nothing of ours. An area is a list of parts `{"outer": ring, "holes": [ring]}`, a ring is
its corners, a corner a pair (latitude, longitude) of whole ten-millionths of a degree. The boundary
belongs to the area. A place on a line is its rank: 5/2 is the middle of the third segment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Any

Corner = tuple[int, int]
Area = Sequence[Mapping[str, Any]]
Stretch = tuple[Fraction, Fraction]

E7 = 10_000_000


def contains(area: Area, place: Corner, unit: int = 1) -> bool:
    """Whether the place, given in so many parts of a unit, is in the area or on its boundary."""
    return any(_in_part(part, place, unit) for part in area)


def _in_part(part: Mapping[str, Any], place: Corner, unit: int) -> bool:
    rings = [part["outer"], *part["holes"]]
    if any(_on_ring(ring, place, unit) for ring in rings):
        return True
    return _in_ring(rings[0], place, unit) and not any(_in_ring(r, place, unit) for r in rings[1:])


def _edges(ring: Sequence[Corner]) -> Iterator[tuple[Corner, Corner]]:
    return zip(ring, [*ring[1:], ring[0]], strict=True)


def _on_ring(ring: Sequence[Corner], place: Corner, unit: int) -> bool:
    return any(_on_edge(a, b, place, unit) for a, b in _edges(ring))


def _on_edge(a: Corner, b: Corner, place: Corner, unit: int) -> bool:
    if _turn(a, b, place, unit):
        return False
    return all(
        min(a[axis], b[axis]) * unit <= place[axis] <= max(a[axis], b[axis]) * unit
        for axis in (0, 1)
    )


def _in_ring(ring: Sequence[Corner], place: Corner, unit: int) -> bool:
    """Counts the edges that a ray to the east crosses."""
    inside = False
    for a, b in _edges(ring):
        low, high = (a, b) if a[0] < b[0] else (b, a)
        between = low[0] * unit <= place[0] < high[0] * unit
        if between and _turn(low, high, place, unit) < 0:
            inside = not inside
    return inside


def _turn(a: Corner, b: Corner, place: Corner, unit: int) -> int:
    """Negative where the place lies west of the way from a up to b."""
    north, east = b[0] - a[0], b[1] - a[1]
    return (place[1] - a[1] * unit) * north - (place[0] - a[0] * unit) * east


def stretches(area: Area, line: Sequence[Corner]) -> list[Stretch]:
    """The ranks `[first, last]` between which the line is inside, in order, apart."""
    last = len(line) - 1
    crossings = sorted({*_crossings(area, line)})
    stops = sorted({Fraction(0), Fraction(last), *crossings})
    found: list[Stretch] = []
    for rank in stops:
        if rank in crossings or _is_inside(area, line, rank):
            found.append((rank, rank))
    for first, after in pairwise(stops):
        if _is_inside(area, line, (first + after) / 2):
            found.append((first, after))
    return _united(found)


def _is_inside(area: Area, line: Sequence[Corner], rank: Fraction) -> bool:
    at = min(int(rank), len(line) - 2)
    part = rank - at
    unit = part.denominator
    (lat, lng), (north, east) = line[at], line[at + 1]
    place = (
        lat * unit + (north - lat) * part.numerator,
        lng * unit + (east - lng) * part.numerator,
    )
    return contains(area, place, unit)


def _crossings(area: Area, line: Sequence[Corner]) -> Iterator[Fraction]:
    for number, (p, q) in enumerate(pairwise(line)):
        for part in area:
            for ring in (part["outer"], *part["holes"]):
                for a, b in _edges(ring):
                    yield from (number + rank for rank in _meetings(p, q, a, b))


def _meetings(p: Corner, q: Corner, a: Corner, b: Corner) -> Iterator[Fraction]:
    """How far from p to q the edge from a to b is met; the ends of it where both run along."""
    way, edge, gap = _minus(q, p), _minus(b, a), _minus(a, p)
    lean = _cross(way, edge)
    if lean:
        along, across = Fraction(_cross(gap, edge), lean), Fraction(_cross(gap, way), lean)
        if 0 <= along <= 1 and 0 <= across <= 1:
            yield along
    elif way != (0, 0) and not _cross(gap, way):
        for corner in (a, b):
            along = Fraction(_dot(_minus(corner, p), way), _dot(way, way))
            if 0 <= along <= 1:
                yield along


def _united(found: Sequence[Stretch]) -> list[Stretch]:
    united: list[Stretch] = []
    for first, last in sorted(found):
        if united and first <= united[-1][1]:
            united[-1] = (united[-1][0], max(last, united[-1][1]))
        else:
            united.append((first, last))
    return united


def lengths(line: Sequence[Corner]) -> list[float]:
    """How far each point is from the first, along great circles of a unit sphere."""
    travelled = [0.0]
    for p, q in pairwise(line):
        travelled.append(travelled[-1] + _great_circle(p, q))
    return travelled


def _great_circle(p: Corner, q: Corner) -> float:
    """By the haversine."""
    south, north = radians(p[0] / E7), radians(q[0] / E7)
    east = radians((q[1] - p[1]) / E7)
    half = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(east / 2) ** 2
    return 2 * asin(sqrt(half))


def _minus(q: Corner, p: Corner) -> Corner:
    return q[0] - p[0], q[1] - p[1]


def _cross(u: Corner, v: Corner) -> int:
    return u[0] * v[1] - u[1] * v[0]


def _dot(u: Corner, v: Corner) -> int:
    return u[0] * v[0] + u[1] * v[1]
