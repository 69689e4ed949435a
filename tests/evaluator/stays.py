"""
When a vehicle is inside: stretches of a line as seconds from its start, rounded outward.

Imports nothing of ours. Where the way alone tells the time, a great circle is only as exact as
floating point: an instant too near to a whole second, or not quite on it, is `Doubtful`, and the
case is left out. Stated offsets are fractions and exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.evaluator import places

NOISE = 1e-6  # of a second: what floating point may add to a whole one
DOUBT = 1e-3  # of a second: nearer than that, two ways to measure a line may disagree


class Doubtful(Exception):
    """Floating point alone decides: not a case."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in an area, in whole seconds from the presence's entry."""

    start: int
    end: int
    enters: bool
    leaves: bool
    at_start: bool  # inside from the very beginning of the presence
    at_end: bool  # inside until its very end


def stays(area: places.Area, presence: Mapping[str, Any]) -> list[Stay]:
    """In the order of time."""
    if "point" in presence:
        inside = places.contains(area, presence["point"])
        whole = Stay(0, presence["seconds"], True, False, True, True)
        return [whole] if inside else []
    line = presence["line"]
    last = len(line) - 1
    found = []
    for first, end in places.stretches(area, line):
        start, stop = _seconds(presence, first), _seconds(presence, end)
        enters, leaves = first > 0, end < last
        found.append(Stay(floor(start), ceil(stop), enters, leaves, not enters, not leaves))
    return found


def _seconds(presence: Mapping[str, Any], rank: Fraction) -> Fraction | float:
    """When the place is reached."""
    at = min(int(rank), len(presence["line"]) - 2)
    if presence["offsets"]:
        return _exact(_between(presence["offsets"], at, rank))
    if rank in (0, len(presence["line"]) - 1):
        return presence["seconds"] if rank else 0
    travelled = places.lengths(presence["line"])
    return _snapped(float(_between(travelled, at, rank)) / travelled[-1] * presence["seconds"])


def _between(steps: Sequence[Any], at: int, rank: Fraction) -> Any:
    part = rank - at
    if isinstance(steps[at], float):
        return steps[at] + (steps[at + 1] - steps[at]) * float(part)
    return steps[at] + (steps[at + 1] - steps[at]) * part


def _exact(seconds: Fraction) -> Fraction:
    if 0 < abs(seconds - round(seconds)) < 2 * NOISE:
        raise Doubtful
    return seconds


def _snapped(seconds: float) -> float:
    off = abs(seconds - round(seconds))
    if NOISE < off < DOUBT:
        raise Doubtful
    return round(seconds) if off <= NOISE else seconds


def crossings(route: Sequence[Sequence[Stay]], number: int) -> Iterator[Stay]:
    """
    The stays of one presence of a route in one area.

    A vehicle that ended inside and begins inside has crossed nothing; one that ended outside and
    begins inside has entered, and one that is not there any more at the next presence has left.
    Where it was before the first presence nobody knows: there a stay's own word stands.
    """
    came = number > 0 and any(stay.at_end for stay in route[number - 1])
    goes = number + 1 < len(route) and not any(stay.at_start for stay in route[number + 1])
    for stay in route[number]:
        enters = not came if stay.at_start and number else stay.enters
        leaves = goes if stay.at_end else stay.leaves
        yield replace(stay, enters=enters, leaves=leaves)
