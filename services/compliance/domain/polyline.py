"""
Encoded polylines of precision 5, many at once.

Pure integers, in arrays: a planner asks about thousands of lines, and decoding them sign by sign in
Python would cost more than checking them. The format is Google's: per coordinate the difference to
the one before, zigzag, in groups of five bits, low group first, 63 added to each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.compliance.domain.faults import check

Points = NDArray[np.int32]  # rows of (latitude, longitude) in 1e-5 degrees

GROUP_BITS = 5
GROUPS_MAX = 6  # 180 degrees need 26 bits of zigzag
FIRST_SIGN, MORE = 63, 0x20
LIMITS = np.array((9_000_000, 18_000_000))


def decode(encoded: str) -> Points:
    """The points of one line, or Unsound."""
    return decode_all([encoded])[0]


def decode_all(lines: Sequence[str]) -> list[Points]:
    """
    The points of every line.

    Raises Unsound when any of them is not a polyline of at least two points on the earth; ask one
    by one to find out which.
    """
    check(all(line.isascii() for line in lines), "a polyline is ASCII")
    signs = np.frombuffer("".join(lines).encode(), np.uint8).astype(np.int64) - FIRST_SIGN
    check(bool(((signs >= 0) & (signs < 2 * MORE)).all()), "a polyline has signs from ? to ~")
    last = np.flatnonzero(signs < MORE)  # the sign that ends each number
    ends = np.cumsum([len(line) for line in lines])
    counts = np.searchsorted(last, ends)  # numbers up to the end of each line
    check(_lines_end_with_a_number(last, ends), "a polyline ends within a number")
    deltas = _numbers(signs, last)
    per_line = np.diff(counts, prepend=0)
    check(bool((per_line % 2 == 0).all()), "a polyline has a latitude without longitude")
    check(bool((per_line >= 4).all()), "a polyline has at least two points")
    check(_steps_are_short(deltas, counts - per_line), "a polyline crosses the antimeridian")
    return _points(deltas.reshape(-1, 2), counts // 2)


def _lines_end_with_a_number(last: NDArray[Any], ends: NDArray[Any]) -> bool:
    return bool(np.isin(ends - 1, last).all())


def _steps_are_short(deltas: NDArray[np.int64], starts: NDArray[Any]) -> bool:
    """Nobody drives half around the earth between two points: that is the way round the back."""
    steps = np.abs(deltas)
    steps[starts] = steps[starts + 1] = 0  # a line's first point is told from nowhere
    return bool((steps <= LIMITS[1]).all())


def _numbers(signs: NDArray[np.int64], last: NDArray[Any]) -> NDArray[np.int64]:
    first = np.concatenate(([0], last[:-1] + 1))
    lengths = last - first + 1
    check(bool((lengths <= GROUPS_MAX).all()), "a polyline has a number that is too long")
    rank = np.arange(len(signs)) - np.repeat(first, lengths)
    zigzag = np.add.reduceat((signs & (MORE - 1)) << (GROUP_BITS * rank), first)
    odd = (zigzag & 1).astype(bool)
    return np.where(odd, ~(zigzag >> 1), zigzag >> 1)


def _points(steps: NDArray[np.int64], ends: NDArray[Any]) -> list[Points]:
    """Every line's points, from the steps of all of them, of which each has those up to its end."""
    starts = np.concatenate(([0], ends[:-1]))
    run = np.concatenate(([[0, 0]], np.cumsum(steps, axis=0)))
    points = run[1:] - np.repeat(run[starts], ends - starts, axis=0)
    check(bool((np.abs(points) <= LIMITS).all()), "a polyline leaves the earth")
    short: Points = points.astype(np.int32)
    return [short[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


def encode(points: Sequence[tuple[int, int]]) -> str:
    """The line through points given in 1e-5 degrees."""
    signs: list[str] = []
    before = (0, 0)
    for point in points:
        for now, then in zip(point, before, strict=True):
            signs.append(_number(now - then))
        before = point
    return "".join(signs)


def _number(delta: int) -> str:
    zigzag = ~(delta << 1) if delta < 0 else delta << 1
    signs = []
    while zigzag >= MORE:
        signs.append(chr((MORE | (zigzag & (MORE - 1))) + FIRST_SIGN))
        zigzag >>= GROUP_BITS
    signs.append(chr(zigzag + FIRST_SIGN))
    return "".join(signs)
