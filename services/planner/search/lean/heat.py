"""
How hot the search is as it goes on: quick and cool first, then hot, and cooler to the end.

The cool beginning makes a plan that can be used at once. It is then melted, for routes that were
made cool stay as they are: from half the heat, long routes end 0.7 % dearer.
"""

from __future__ import annotations

from collections.abc import Iterator

QUICK_SHARE = 0.03  # of the search, for a good plan soon
QUICK_HEAT = 0.1  # all heats are parts of the mean cost of the ways from a task to those around it
HEAT_START = 1.5
HEAT_END = 0.05
TINY = 1e-9


def stretches(iterations: int, begins: float, ends: float) -> Iterator[tuple[int, float, float]]:
    """The parts of a chunk from one progress to another: iterations, and the heat at both ends."""
    quick = 0
    if begins < QUICK_SHARE:
        quick = round(iterations * min(1.0, (QUICK_SHARE - begins) / max(ends - begins, TINY)))
        yield quick, QUICK_HEAT, QUICK_HEAT
    if quick < iterations:
        yield iterations - quick, heat_at(max(begins, QUICK_SHARE)), heat_at(ends)


def heat_at(progress: float) -> float:
    """The heat at a point from 0 to 1 of the search, after the quick beginning."""
    return float(HEAT_START * (HEAT_END / HEAT_START) ** progress)
