"""
Random areas, points and lines of one small town; all numbers are whole.

Imports nothing of ours. On a lattice, areas have right angles and lines run along the grid: they
touch corners, run along edges and stop on borders. Off it, corners lie anywhere.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import cos, pi, sin
from typing import Any

Words = dict[str, Any]
Corner = tuple[int, int]

STEP = 10_000  # of the lattice, in ten-millionths of a degree: about 110 meters
FINE = 100  # precision of a polyline in the same unit
SIZE = 12  # steps from one end of the town to the other


class Ground:
    """Draws in one town."""

    def __init__(self, draw: random.Random, *, lattice: bool) -> None:
        self._draw = draw
        self._lattice = lattice
        self._origin = (
            draw.randrange(-5_500, 6_500) * 100_000,
            draw.randrange(-17_000, 17_000) * 100_000,
        )

    def area(self) -> list[Words]:
        """One or two parts, some with a hole."""
        if not self._lattice:
            return self._stars()
        kind = self._draw.choice((self._box, self._box, self._frame, self._pair, self._corner))
        return kind()

    def place(self, seconds: int) -> Words:
        """A point, or a line that is driven in so many seconds."""
        draw = self._draw
        if draw.random() < 0.35:
            return {"point": self._anywhere(1)}
        line = self._grid_line() if self._lattice else self._free_line()
        return {"line": line, "offsets": self._offsets(len(line), seconds)}

    def join(self, presences: Sequence[Words]) -> None:
        """Lets each presence begin where the one before it ended."""
        place: Corner | None = None
        for presence in presences:
            if place is not None and place[0] % FINE == 0 and place[1] % FINE == 0:
                self._begin(presence, place)
            place = presence["point"] if "point" in presence else presence["line"][-1]

    def _begin(self, presence: Words, place: Corner) -> None:
        if "point" in presence:
            presence["point"] = place
            return
        rest = presence["line"][1:]
        if rest == [place]:
            return  # a line has a length
        bend = [(place[0], rest[0][1])] if self._lattice else []
        presence["line"] = [place, *bend, *rest]
        presence["offsets"] = self._offsets(len(presence["line"]), presence["seconds"])

    def _at(self, north: int, east: int) -> Corner:
        return self._origin[0] + north * STEP, self._origin[1] + east * STEP

    def _anywhere(self, unit: int) -> Corner:
        draw, wide = self._draw, SIZE * STEP // unit
        if self._lattice:
            return self._at(draw.randrange(SIZE + 1), draw.randrange(SIZE + 1))
        north, east = draw.randrange(wide) * unit, draw.randrange(wide) * unit
        return self._origin[0] + north, self._origin[1] + east

    def _grid_line(self) -> list[Corner]:
        draw = self._draw
        north, east = draw.randrange(SIZE + 1), draw.randrange(SIZE + 1)
        line = [self._at(north, east)]
        for _ in range(draw.choice((1, 2, 3, 5))):
            if draw.random() < 0.5:
                north = draw.choice([n for n in range(SIZE + 1) if n != north])
            else:
                east = draw.choice([n for n in range(SIZE + 1) if n != east])
            line.append(self._at(north, east))
        return line

    def _free_line(self) -> list[Corner]:
        line = [self._anywhere(FINE)]
        while len(line) < 2 or (len(line) < 6 and self._draw.random() < 0.6):
            line.append(self._anywhere(FINE))
        return line if len(set(line)) > 1 else self._free_line()

    def _offsets(self, count: int, seconds: int) -> list[int]:
        if self._draw.random() < 0.4:
            return []
        inner = sorted(self._draw.randrange(seconds + 1) for _ in range(count - 2))
        return [0, *inner, seconds]

    def _ring(self, south: int, west: int, north: int, east: int) -> list[Corner]:
        corners = [(south, west), (south, east), (north, east), (north, west)]
        return [self._at(*corner) for corner in corners]

    def _sides(self, least: int) -> tuple[int, int, int, int]:
        draw = self._draw
        south, west = draw.randrange(SIZE - least), draw.randrange(SIZE - least)
        north = draw.randrange(south + least, SIZE + 1)
        return south, west, north, draw.randrange(west + least, SIZE + 1)

    def _box(self) -> list[Words]:
        return [{"outer": self._ring(*self._sides(1)), "holes": []}]

    def _frame(self) -> list[Words]:
        south, west, north, east = self._sides(4)
        hole = self._ring(south + 1, west + 2, north - 1, east - 1)
        return [{"outer": self._ring(south, west, north, east), "holes": [hole]}]

    def _pair(self) -> list[Words]:
        """Two boxes with a common edge."""
        south, west, north, east = self._sides(2)
        middle = self._draw.randrange(west + 1, east)
        rings = (self._ring(south, west, north, middle), self._ring(south, middle, north, east))
        return [{"outer": ring, "holes": []} for ring in rings]

    def _corner(self) -> list[Words]:
        """A box without one of its quarters."""
        south, west, north, east = self._sides(2)
        low, left = self._draw.randrange(south + 1, north), self._draw.randrange(west + 1, east)
        steps = (
            (south, west),
            (south, east),
            (low, east),
            (low, left),
            (north, left),
            (north, west),
        )
        return [{"outer": [self._at(*step) for step in steps], "holes": []}]

    def _stars(self) -> list[Words]:
        draw, wide = self._draw, SIZE * STEP
        center = draw.randrange(wide // 4, 3 * wide // 4), draw.randrange(wide // 4, 3 * wide // 4)
        radius = draw.randrange(wide // 8, wide // 2)
        outer = self._star(center, radius, 0.6)
        holes = [self._star(center, radius // 4, 0.6)] if draw.random() < 0.3 else []
        return [{"outer": outer, "holes": holes}]

    def _star(self, center: Corner, radius: int, least: float) -> list[Corner]:
        draw, count = self._draw, self._draw.randrange(5, 10)
        ring = []
        for number in range(count):
            angle, reach = 2 * pi * number / count, radius * draw.uniform(least, 1.0)
            north, east = center[0] + reach * sin(angle), center[1] + reach * cos(angle)
            ring.append((self._origin[0] + round(north), self._origin[1] + round(east)))
        return ring if draw.random() < 0.5 else ring[::-1]
