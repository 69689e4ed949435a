"""
Many lines as one set of arrays, so that a batch costs a few calls and not one per line.

Pure. A place on a line is its rank: 2.5 is the middle of the third segment. Beside every point
stands the time at which it is reached, in seconds from the line's entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from services.compliance.domain.presence import Line, Presence

E5 = 100_000
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Bundle:
    """The lines of some presences; `lasts[i]` is the rank of the end of line `i`."""

    def __init__(self, presences: Sequence[Presence]) -> None:
        lines = [p.place.points for p in presences if isinstance(p.place, Line)]
        counts = np.array([len(points) for points in lines], dtype=np.int64)
        self.lasts = counts - 1
        self._firsts = np.cumsum(counts) - counts
        self._corners = np.concatenate(lines)[:, ::-1] / E5  # x is the longitude
        self._owners = np.repeat(np.arange(len(lines)), counts)
        self._seconds = self._clock(presences)
        self._lines: NDArray[Any] = shapely.linestrings(self._corners, indices=self._owners)

    def lines(self) -> NDArray[Any]:
        """The lines as geometries."""
        return self._lines

    def segments(self, wanted: NDArray[np.bool_]) -> tuple[Floats, Ints]:
        """Both ends of the segments of wanted lines, and the points where they begin."""
        owners = self._owners
        starts = np.flatnonzero((owners[:-1] == owners[1:]) & wanted[owners[:-1]])
        ends = np.stack((self._corners[starts], self._corners[starts + 1]), axis=1)
        return ends, starts

    def ranks(self, starts: Ints, places: Floats) -> tuple[Ints, Floats]:
        """The line, and the rank on it, of places on the segments that begin at `starts`."""
        begin = self._corners[starts]
        step = self._corners[starts + 1] - begin
        squares = (step * step).sum(axis=1)
        along = ((places - begin) * step).sum(axis=1)
        fractions = np.divide(along, squares, out=np.zeros_like(along), where=squares > 0)
        lines = self._owners[starts]
        return lines, starts - self._firsts[lines] + np.clip(fractions, 0.0, 1.0)

    def places(self, lines: Ints, ranks: Floats) -> Floats:
        """The coordinates at ranks."""
        at, fractions = self._split(lines, ranks)
        step = self._corners[at + 1] - self._corners[at]
        found: Floats = self._corners[at] + step * fractions[:, np.newaxis]
        return found

    def seconds(self, lines: Ints, ranks: Floats) -> Floats:
        """The seconds from entry at ranks."""
        at, fractions = self._split(lines, ranks)
        found: Floats = self._seconds[at] + (self._seconds[at + 1] - self._seconds[at]) * fractions
        return found

    def _split(self, lines: Ints, ranks: Floats) -> tuple[Ints, Floats]:
        whole = np.minimum(ranks.astype(np.int64), self.lasts[lines] - 1)
        return self._firsts[lines] + whole, ranks - whole

    def _clock(self, presences: Sequence[Presence]) -> Floats:
        """Time runs evenly by length, unless a presence states its offsets."""
        durations = np.array(
            [p.duration.total_seconds() for p in presences if isinstance(p.place, Line)]
        )
        travelled = np.cumsum(self._lengths())
        since = travelled - np.repeat(travelled[self._firsts], self.lasts + 1)
        whole = since[self._firsts + self.lasts]
        paces = np.divide(durations, whole, out=np.zeros_like(durations), where=whole > 0)
        seconds: Floats = since * paces[self._owners]
        seconds[self._firsts + self.lasts] = durations
        for number, presence in enumerate(p for p in presences if isinstance(p.place, Line)):
            if presence.offsets_seconds:
                first = self._firsts[number]
                seconds[first : first + self.lasts[number] + 1] = presence.offsets_seconds
        return seconds

    def _lengths(self) -> Floats:
        """From the point before, in units alike in every direction at the latitude between."""
        steps = np.diff(self._corners, axis=0, prepend=self._corners[:1])
        east = steps[:, 0] * np.cos(np.radians(self._corners[:, 1] - steps[:, 1] / 2))
        lengths: Floats = np.hypot(east, steps[:, 1])
        lengths[self._firsts] = 0.0
        return lengths
