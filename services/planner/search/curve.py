"""
Costs over time: piecewise linear functions on whole seconds.

A curve is a list of pieces in order of time that do not overlap; where it has no piece, it is not
allowed to be. A piece is (first second, last second, value at the first, slope per second).
Everything is whole, so that sums and comparisons are exact; values are in whatever unit the caller
chose so that his slopes are whole. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

Piece = tuple[int, int, int, int]
Curve = list[Piece]
FOREVER = 1 << 40  # seconds: beyond any moment


def waited(curve: Curve) -> Curve:
    """The least value at any moment up to now: what whoever may wait pays."""
    found: Curve = []
    low, flat_from = None, 0
    for first, last, value, slope in curve:
        least = value if slope >= 0 else value + slope * (last - first)
        begin = first
        if low is not None:
            if least >= low:
                continue
            if value >= low:
                begin, value = below(first, value, slope, low)
            if flat_from < begin:
                found.append((flat_from, begin - 1, low, 0))
        if slope < 0:
            found.append((begin, last, value, slope))
        low, flat_from = least, last + 1 if slope < 0 else begin
    if low is not None:
        found.append((flat_from, FOREVER, low, 0))
    return found


def below(first: int, value: int, slope: int, low: int) -> tuple[int, int]:
    """The first moment at which a falling line is below a level, and its value then."""
    steps = (value - low) // -slope + 1
    return first + steps, value + slope * steps


def moved(curve: Curve, seconds: int) -> Curve:
    """The same, later."""
    return [(first + seconds, last + seconds, value, slope) for first, last, value, slope in curve]


def cut(curve: Curve, first: int, last: int) -> Curve:
    """The part between two moments, both inclusive."""
    found: Curve = []
    for piece in curve:
        start, stop, value, slope = piece
        if stop < first:
            continue
        if start > last:
            break
        if start >= first and stop <= last:
            found.append(piece)
            continue
        begin = start if start >= first else first
        found.append((begin, min(stop, last), value + slope * (begin - start), slope))
    return found


def summed(one: Curve, other: Iterable[Piece]) -> Curve:
    """The sum, where both are allowed to be."""
    found: Curve = []
    rank, count = 0, len(one)
    for start, stop, more, steeper in other:
        while rank < count and one[rank][1] < start:
            rank += 1
        at = rank
        while at < count and one[at][0] <= stop:
            first, last, value, slope = one[at]
            begin = first if first >= start else start
            level = value + slope * (begin - first) + more + steeper * (begin - start)
            found.append((begin, last if last <= stop else stop, level, slope + steeper))
            at += 1
    return found


def lower(one: Curve, other: Curve) -> Curve:
    """The lesser of both where both are allowed to be, else the one that is."""
    if not one or not other:
        return one or other
    edges = {piece[0] for piece in one} | {piece[0] for piece in other}
    edges |= {piece[1] + 1 for piece in one} | {piece[1] + 1 for piece in other}
    found: Curve = []
    ones, others = over(one, sorted(edges)), over(other, sorted(edges))
    for (begin, end), mine, yours in zip(pairwise(sorted(edges)), ones, others, strict=True):
        if mine is None or yours is None:
            kept = mine or yours
            if kept is not None:
                found.append((begin, end - 1, *kept))
        else:
            found += lesser(begin, end - 1, mine, yours)
    return found


def over(curve: Curve, edges: list[int]) -> Iterator[tuple[int, int] | None]:
    """Value and slope from each edge to the next; None where the curve is not."""
    rank = 0
    for edge in edges[:-1]:
        while rank < len(curve) and curve[rank][1] < edge:
            rank += 1
        if rank < len(curve) and curve[rank][0] <= edge:
            first, _, value, slope = curve[rank]
            yield value + slope * (edge - first), slope
        else:
            yield None


def lesser(first: int, last: int, one: tuple[int, int], other: tuple[int, int]) -> Curve:
    """The lesser of two lines between two moments, in one piece or two."""
    if other < one:
        one, other = other, one
    gap, closing = other[0] - one[0], one[1] - other[1]
    if closing <= 0 or gap >= closing * (last - first):
        return [(first, last, *one)]
    steps = gap // closing + 1
    turn = first + steps
    return [(first, turn - 1, *one), (turn, last, other[0] + other[1] * steps, other[1])]


def cheapest(curve: Curve) -> tuple[int, int] | None:
    """The least value and the first moment at which it is reached; None where there is none."""
    best = None
    for first, last, value, slope in curve:
        second = first if slope >= 0 else last
        reached = value + slope * (second - first)
        if best is None or reached < best[0]:
            best = (reached, second)
    return best
