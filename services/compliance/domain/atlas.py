"""
Which areas a presence is in, and from when till when.

Pure, over shapely. A search tree finds the few areas that a line meets, a second one the edges of
areas that its segments cross. Between two crossings a line is either inside or outside: a point in
the middle tells which. So a line that comes back to a place is followed in the order of time.
The boundary belongs to the area. Instants are rounded outward to whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from services.compliance.domain.bundle import Bundle, Floats, Ints
from services.compliance.domain.geometry import E7, Area, Point
from services.compliance.domain.presence import Line, Presence
from services.compliance.domain.shapes import Shape, area_shape

TOUCH = 1e-9  # of a segment: two crossings closer than this are one
NOISE_DIGITS = 6  # of a second: finer is noise of floating point, and must not round up


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in one area: offsets from the presence's entry, and whether a boundary was crossed."""

    area_index: int
    start: timedelta
    end: timedelta
    enters: bool  # comes from outside at `start`
    leaves: bool  # goes outside at `end`


class Atlas:
    """A set of areas, ready to be asked."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self._shapes = np.array([area_shape(area) for area in areas], dtype=object)
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)
        self._edge_ends, self._edge_areas = _edges(self._shapes)
        self._edges = shapely.STRtree(shapely.linestrings(self._edge_ends))

    def stays(self, presences: Sequence[Presence]) -> list[list[Stay]]:
        """For every presence its stays, in the order of areas and then of time."""
        found: list[list[Stay]] = [[] for _ in presences]
        if len(self._shapes):
            self._add_points(presences, found)
            self._add_lines(presences, found)
        return found

    def touching(self, shape: Shape) -> list[int]:
        """The areas that have a point in common with a shape, in order."""
        return sorted(int(i) for i in self._tree.query(shape, predicate="intersects"))

    def _add_points(self, presences: Sequence[Presence], found: list[list[Stay]]) -> None:
        numbers = [n for n, p in enumerate(presences) if isinstance(p.place, Point)]
        places = [_degrees(presences[number].place) for number in numbers]
        for at, area in self._meetings(shapely.points(places) if places else []):
            number = numbers[at]
            end = presences[number].duration
            found[number].append(Stay(area, timedelta(), end, enters=True, leaves=False))

    def _add_lines(self, presences: Sequence[Presence], found: list[list[Stay]]) -> None:
        numbers = [n for n, p in enumerate(presences) if isinstance(p.place, Line)]
        if not numbers:
            return
        bundle = Bundle(presences)
        pairs = np.array(self._meetings(bundle.lines()), dtype=np.int64).reshape(-1, 2)
        for line, stay in self._followed(bundle, pairs):
            found[numbers[line]].append(_bounded(stay, presences[numbers[line]].duration))

    def _meetings(self, shapes: Any) -> list[tuple[int, int]]:
        """Shapes and the areas they have a point in common with, in order."""
        if not len(shapes):
            return []
        numbers, areas = self._tree.query(shapes, predicate="intersects")
        order = np.lexsort((areas, numbers))
        return list(zip(numbers[order].tolist(), areas[order].tolist(), strict=True))

    def _followed(self, bundle: Bundle, pairs: Ints) -> Iterator[tuple[int, Stay]]:
        """The stays of every pair of line and area, along the line."""
        whose, cuts = self._cuts(bundle, pairs, self._is_crossed(bundle, pairs))
        same = whose[:-1] == whose[1:]
        owners, starts, ends = whose[:-1][same], cuts[:-1][same], cuts[1:][same]
        inside = self._is_inside(bundle, pairs[owners], starts, ends)
        owners, starts, ends = _joined(owners[inside], starts[inside], ends[inside])
        lines, areas = pairs[owners].T
        first = np.floor(np.round(bundle.seconds(lines, starts), NOISE_DIGITS))
        last = np.ceil(np.round(bundle.seconds(lines, ends), NOISE_DIGITS))
        enters = starts > TOUCH
        leaves = ends < bundle.lasts[lines] - TOUCH
        rows = (lines, areas, first, last, enters, leaves)
        for line, area, start, end, entering, leaving in zip(
            *(row.tolist() for row in rows), strict=True
        ):
            span = timedelta(seconds=start), timedelta(seconds=end)
            yield line, Stay(area, *span, entering, leaving)

    def _is_crossed(self, bundle: Bundle, pairs: Ints) -> NDArray[np.bool_]:
        """Of every line, whether it is partly outside an area that it meets."""
        crossed = np.zeros(len(bundle.lasts), dtype=np.bool_)
        lines, areas = pairs.T
        crossed[lines[~shapely.covers(self._shapes[areas], bundle.lines()[lines])]] = True
        return crossed

    def _cuts(self, bundle: Bundle, pairs: Ints, crossed: NDArray[np.bool_]) -> tuple[Ints, Floats]:
        """Per pair, in order, the ranks of the line's ends and of every crossing between."""
        ends, starts = bundle.segments(crossed)
        hits, edges = self._edges.query(shapely.linestrings(ends), predicate="intersects")
        places, which = _crossings(ends[hits], self._edge_ends[edges])
        lines, ranks = bundle.ranks(starts[hits][which], places)
        keys = self._key(lines, self._edge_areas[edges][which])
        owners = np.searchsorted(self._key(pairs[:, 0], pairs[:, 1]), keys)
        every = np.arange(len(pairs))
        whose = np.concatenate((every, owners, every))
        lasts = bundle.lasts[pairs[:, 0]].astype(np.float64)
        cuts: Floats = np.concatenate((np.zeros(len(pairs)), ranks, lasts))
        order = np.lexsort((cuts, whose))
        return whose[order], cuts[order]

    def _key(self, lines: Ints, areas: Ints) -> Ints:
        """One number per pair of line and area, in the order of pairs."""
        return lines * len(self._shapes) + areas

    def _is_inside(
        self, bundle: Bundle, pairs: Ints, starts: Floats, ends: Floats
    ) -> NDArray[np.bool_]:
        """Whether the line is inside between two neighbouring cuts, or touches there."""
        middles = bundle.places(pairs[:, 0], (starts + ends) / 2)
        inside: NDArray[np.bool_] = shapely.intersects_xy(self._shapes[pairs[:, 1]], middles)
        return inside | (ends - starts < TOUCH)


def _crossings(ours: Floats, theirs: Floats) -> tuple[Floats, Ints]:
    """
    Where pairs of segments that meet do so, and which pair each place is of.

    Reckoned for all at once; those that run alike may meet along a stretch, of which the library
    tells both ends.
    """
    starts, ways = ours[:, 0], ours[:, 1] - ours[:, 0]
    edges, apart = theirs[:, 1] - theirs[:, 0], theirs[:, 0] - starts
    turns = ways[:, 0] * edges[:, 1] - ways[:, 1] * edges[:, 0]
    turning, alike = np.flatnonzero(turns), np.flatnonzero(turns == 0)
    reach = (apart[:, 0] * edges[:, 1] - apart[:, 1] * edges[:, 0])[turning] / turns[turning]
    places = starts[turning] + ways[turning] * np.clip(reach, 0.0, 1.0)[:, np.newaxis]
    shared = shapely.intersection(*(shapely.linestrings(pair[alike]) for pair in (ours, theirs)))
    ends, which = shapely.get_coordinates(shared, return_index=True)
    return np.concatenate((places, ends)), np.concatenate((turning, alike[which]))


def _edges(shapes: NDArray[Any]) -> tuple[Floats, Ints]:
    """Both ends of every edge of every area, and whose it is."""
    rings, parts = shapely.get_parts(shapely.boundary(shapes), return_index=True)
    corners, owners = shapely.get_coordinates(rings, return_index=True)
    starts = np.flatnonzero(owners[:-1] == owners[1:])
    ends = np.stack((corners[starts], corners[starts + 1]), axis=1)
    return ends, parts[owners[starts]]


def _joined(owners: Ints, starts: Floats, ends: Floats) -> tuple[Ints, Floats, Floats]:
    """Neighbouring stretches of one owner that touch, as one."""
    if not len(owners):
        return owners, starts, ends
    apart = (owners[1:] != owners[:-1]) | (starts[1:] > ends[:-1] + TOUCH)
    first = np.concatenate(([True], apart))
    last = np.concatenate((apart, [True]))
    return owners[first], starts[first], ends[last]


def _bounded(stay: Stay, duration: timedelta) -> Stay:
    """Rounded outward, but never beyond the presence itself."""
    if stay.end <= duration:
        return stay
    return Stay(stay.area_index, min(stay.start, duration), duration, stay.enters, stay.leaves)


def _degrees(place: Any) -> tuple[float, float]:
    return place.lng_e7 / E7, place.lat_e7 / E7
