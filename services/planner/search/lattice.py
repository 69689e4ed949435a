"""
Moments that are coupled pairwise, at the least cost.

Events lie on whole seconds. An arc says that one comes at least so many seconds after another; a
negative number of seconds says that it comes at most so long after. Each event has a cost curve.
Where all curves are convex, from the least feasible moments upward the steepest sets of events are
moved until none pays: a minimum closed set of a small graph each (Murota, Discrete Convex Analysis,
2003, section 10.3: steepest descent for L-natural convex functions reaches the minimum). Where they
are not, their convex hulls give a lower bound, and the search splits an event's range.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from services.planner.domain.money import SECONDS_PER_HOUR
from services.planner.search.curve import Curve, cut

Arc = tuple[int, int, int]  # one event, another, by how many seconds it follows at least
Point = tuple[int, int]  # second, value
SPLITS_MAX = 400  # bounds looked at before the best found is taken
TOLERANCE = SECONDS_PER_HOUR  # a micro, scaled as curves are
SMALL = 1e-3  # of a slope: less is no gain
ENDLESS = float("inf")


@dataclass(frozen=True, slots=True)
class Lattice:
    """Events from the first, the start, to the last, the end."""

    arcs: tuple[Arc, ...]
    curves: tuple[Curve, ...]
    stretch_slope: int = 0
    """What each second between start and end costs beyond `stretch_after`."""
    stretch_after: int = 0


@dataclass(slots=True)
class Bound:
    """The least cost of a lattice with convex curves, and its moments."""

    value: int
    moments: list[int]
    curves: tuple[Curve, ...]
    gaps: list[float]
    """By how much each event costs more than its hull says."""


def least(lattices: Iterable[Lattice]) -> tuple[Lattice, list[int]] | None:
    """The cheapest moments of the cheapest lattice; None where none can hold."""
    heap: list[tuple[int, int, Lattice, Bound]] = []
    tick, best, found = count(), ENDLESS, None

    def push(lattice: Lattice, curves: tuple[Curve, ...]) -> None:
        bound = bounded(lattice, curves)
        if bound is not None:
            heapq.heappush(heap, (bound.value, next(tick), lattice, bound))

    for lattice in lattices:
        push(lattice, lattice.curves)
    for _ in range(SPLITS_MAX):
        if not heap or heap[0][0] >= best:
            break
        value, _, lattice, bound = heapq.heappop(heap)
        if value + sum(bound.gaps) < best:
            best, found = value + sum(bound.gaps), (lattice, bound.moments)
        worst = max(range(len(bound.gaps)), key=bound.gaps.__getitem__)
        if bound.gaps[worst] > TOLERANCE:
            for own in halves(bound.curves[worst], bound.moments[worst]):
                push(lattice, (*bound.curves[:worst], own, *bound.curves[worst + 1 :]))
    return found


def halves(curve: Curve, moment: int) -> tuple[Curve, Curve]:
    """A curve up to a moment, and after it."""
    return cut(curve, curve[0][0], moment), cut(curve, moment + 1, curve[-1][1])


def bounded(lattice: Lattice, curves: tuple[Curve, ...]) -> Bound | None:
    """The bound of a lattice with the hulls of some curves; None where it cannot hold."""
    if not all(curves):
        return None
    hulls = [hull(curve) for curve in curves]
    moments = earliest(lattice.arcs, [own[0][0] for own in hulls])
    if moments is None or any(at > own[-1][0] for at, own in zip(moments, hulls, strict=True)):
        return None
    Ascent(lattice, hulls, moments).run()
    levels = [level(own, at) for own, at in zip(hulls, moments, strict=True)]
    over = max(0, moments[-1] - moments[0] - lattice.stretch_after)
    gaps = [
        value_at(curve, at) - low for curve, at, low in zip(curves, moments, levels, strict=True)
    ]
    return Bound(sum(levels) + over * lattice.stretch_slope, moments, curves, gaps)


def hull(curve: Curve) -> list[Point]:
    """The corners of the greatest convex line below a curve."""
    corners: list[Point] = []
    for first, last, value, slope in curve:
        for point in ((first, value), (last, value + slope * (last - first)))[: 1 + (last > first)]:
            while len(corners) > 1 and not bends(corners[-2], corners[-1], point):
                corners.pop()
            corners.append(point)
    return corners


def bends(one: Point, two: Point, three: Point) -> bool:
    """Whether the way turns upward at the second point."""
    return (two[1] - one[1]) * (three[0] - two[0]) < (three[1] - two[1]) * (two[0] - one[0])


def level(corners: Sequence[Point], at: int) -> int:
    """The value of a hull at a moment, rounded down."""
    before = max(rank for rank, corner in enumerate(corners) if corner[0] <= at)
    first, value = corners[before]
    if first == at:
        return value
    last, end = corners[before + 1]
    return value + (end - value) * (at - first) // (last - first)


def value_at(curve: Curve, at: int) -> float:
    """The value of a curve at a moment; endless where it may not be."""
    for first, last, value, slope in curve:
        if first <= at <= last:
            return value + slope * (at - first)
    return ENDLESS


def earliest(arcs: Sequence[Arc], moments: list[int]) -> list[int] | None:
    """The least moments from given ones on that keep all arcs; None where none do."""
    for _ in range(len(moments) + 1):
        is_settled = True
        for one, other, seconds in arcs:
            if moments[other] < moments[one] + seconds:
                moments[other], is_settled = moments[one] + seconds, False
        if is_settled:
            return moments
    return None


class Ascent:
    """Moves events upward as long as that pays."""

    def __init__(self, lattice: Lattice, hulls: Sequence[Sequence[Point]], moments: list[int]):
        """Starts from the least moments, which it moves in place."""
        self.lattice, self.hulls, self.moments = lattice, hulls, moments
        self.corners = [0] * len(moments)

    def run(self) -> None:
        """To the least cost."""
        while True:
            rising = closed_set(self.slopes(), *self.followers())
            if not rising:
                return
            step = self.step(rising)
            for event in rising:
                self.moments[event] += step

    def slopes(self) -> list[float]:
        """What one second later costs each event."""
        found = []
        for event, corners in enumerate(self.hulls):
            at = self.corners[event]
            while at + 1 < len(corners) and corners[at + 1][0] <= self.moments[event]:
                at += 1
            self.corners[event] = at
            if at + 1 == len(corners):
                found.append(ENDLESS)
            else:
                (first, value), (last, end) = corners[at], corners[at + 1]
                found.append((end - value) / (last - first))
        if self.stretch() > 0:
            found[-1] += self.lattice.stretch_slope
            found[0] -= self.lattice.stretch_slope
        return found

    def stretch(self) -> int:
        """By how much the time between start and end passes its mark."""
        return self.moments[-1] - self.moments[0] - self.lattice.stretch_after

    def followers(self) -> tuple[list[list[int]], float]:
        """Who must move with whom, and what it costs when the end moves without the start."""
        after: list[list[int]] = [[] for _ in self.moments]
        for one, other, seconds in self.lattice.arcs:
            if self.moments[other] - self.moments[one] == seconds:
                after[one].append(other)
        return after, self.lattice.stretch_slope if self.stretch() == 0 else 0

    def step(self, rising: set[int]) -> int:
        """How far a set can move before anything changes."""
        steps = [
            self.hulls[event][self.corners[event] + 1][0] - self.moments[event] for event in rising
        ]
        steps += [
            self.moments[other] - self.moments[one] - seconds
            for one, other, seconds in self.lattice.arcs
            if one in rising and other not in rising
        ]
        last, beyond = len(self.moments) - 1, self.stretch()
        if self.lattice.stretch_slope and (0 in rising) != (last in rising):
            steps += [abs(beyond)] if beyond and (beyond > 0) == (0 in rising) else []
        return min(steps)


def closed_set(slopes: Sequence[float], after: list[list[int]], end_alone: float) -> set[int]:
    """
    The least set that gains most by moving, with all who must follow; empty where none gains.

    A minimum cut: what moving gains flows to those whom moving costs.
    """
    need = [max(0.0, -slope) for slope in slopes]
    room = [max(0.0, slope) for slope in slopes]
    carried: dict[tuple[int, int], float] = {}
    loose = (len(slopes) - 1, 0)
    while True:
        parents = {event: event for event, left in enumerate(need) if left > SMALL}
        full = reached(parents, room, after, carried, (loose, end_alone))
        if full is None:
            return set(parents)
        push(full, parents, need, room, carried, (loose, end_alone), after)


def reached(
    parents: dict[int, int],
    room: Sequence[float],
    after: list[list[int]],
    carried: dict[tuple[int, int], float],
    loose: tuple[tuple[int, int], float],
) -> int | None:
    """The nearest event that still has room; fills in from where each event was reached."""
    waiting = deque(parents)
    while waiting:
        event = waiting.popleft()
        if room[event] > SMALL:
            return event
        back = [one for (one, other), much in carried.items() if other == event and much > SMALL]
        (end, start), most = loose
        more = [start] if event == end and carried.get((end, start), 0.0) < most - SMALL else []
        for other in (*after[event], *back, *more):
            if other not in parents:
                parents[other] = event
                waiting.append(other)
    return None


def push(
    event: int,
    parents: dict[int, int],
    need: list[float],
    room: list[float],
    carried: dict[tuple[int, int], float],
    loose: tuple[tuple[int, int], float],
    after: list[list[int]],
) -> None:
    """Sends as much as fits along a way that was found."""
    way = [event]
    while parents[way[-1]] != way[-1]:
        way.append(parents[way[-1]])
    way.reverse()
    much = min(need[way[0]], room[event])
    for pair in pairwise(way):
        if pair[1] not in after[pair[0]]:
            back = carried.get((pair[1], pair[0]), 0.0)
            much = min(much, back if back > SMALL else loose[1] - carried.get(pair, 0.0))
    for one, other in pairwise(way):
        back = carried.get((other, one), 0.0)
        if other not in after[one] and back > SMALL:
            carried[other, one] = back - much
        else:
            carried[one, other] = carried.get((one, other), 0.0) + much
    need[way[0]] -= much
    room[event] -= much
