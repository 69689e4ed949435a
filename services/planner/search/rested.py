"""
Bounds along a route whose breaks are counted: one number per count of breaks taken.

Forward the earliest departure, backward the latest start; of all counts that are possible at a
position the loosest is told. A count is impossible where the next break is overdue, or the last
one cannot be over yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.planner.search.course import BreakTimes, last_open
from services.planner.search.late import open_at
from services.planner.search.stay import Stay
from services.planner.search.sweep import leeway
from services.planner.search.view import ShiftView

Bounds = list[int | None]  # by the number of breaks taken; None: impossible


@dataclass(frozen=True, slots=True)
class Way:
    """A sequence with its legs."""

    stays: Sequence[Stay]
    travels: Sequence[int]
    setups: Sequence[int]
    breaks: Sequence[BreakTimes]


def earliest_departures(way: Way, leave: int) -> list[int]:
    """After the start and each stay; the last again where nothing holds."""
    bounds: Bounds = [leave, *(None for _ in way.breaks)]
    found = [leave]
    for leg, stay in enumerate(way.stays):
        ready = [arrival(way, bounds, leg, after) for after in range(len(bounds))]
        bounds = [
            departure(way, stay, None if at is None else at + way.setups[leg], count)
            for count, at in enumerate(ready)
        ]
        found.append(min((at for at in bounds if at is not None), default=found[-1]))
    return found


def arrival(way: Way, bounds: Bounds, leg: int, after: int) -> int | None:
    """The earliest completion of a leg with so many breaks taken."""
    found = []
    for before in range(after + 1):
        leave, held = bounds[before], leeway(way.breaks[before:after])
        if leave is not None and held is not None and leave <= held[0]:
            found.append(max(leave + way.travels[leg] + held[2], held[1]))
    return min(found, default=None)


def departure(way: Way, stay: Stay, ready: int | None, count: int) -> int | None:
    """The earliest departure from a stay; None where it is late, or the next break overdue."""
    if ready is None:
        return None
    start, missed = open_at(stay.windows, ready)
    overdue = count < len(way.breaks) and start > way.breaks[count][2]
    return None if missed or overdue else start + stay.service_seconds


def latest_starts(view: ShiftView, way: Way) -> list[int]:
    """Of service at each stay, and of the arrival at the end; far too early where nothing holds."""
    over = view.shift.end_second - view.shift.unloading_seconds
    unloading = view.shift.unloading_seconds
    bounds: Bounds = [*(min(over, last - unloading) for _, _, last, _ in way.breaks), over]
    found = [over]
    for leg in range(len(way.stays), 0, -1):
        starts = [start_before(way, bounds, leg, count) for count in range(len(bounds))]
        found.append(max((at for at in starts if at is not None), default=0))
        setup = way.setups[leg - 1]
        bounds = [None if at is None else at - setup for at in starts]
    found.reverse()
    return found


def start_before(way: Way, bounds: Bounds, leg: int, before: int) -> int | None:
    """The latest start of the stay before a leg with so many breaks taken."""
    stay, leaves = way.stays[leg - 1], list[int]()
    for after in range(before, len(bounds)):
        ready, held = bounds[after], leeway(way.breaks[before:after])
        if ready is not None and held is not None and held[1] <= ready:
            leaves.append(min(held[0], ready - way.travels[leg] - held[2]))
    if not leaves:
        return None
    start = last_open(stay.windows, max(leaves) - stay.service_seconds)
    if start is None or (before and start < over_second(way.breaks[before - 1])):
        return None
    return start


def over_second(rule: BreakTimes) -> int:
    """When a break can be over at the earliest."""
    return rule[1] + rule[3]
