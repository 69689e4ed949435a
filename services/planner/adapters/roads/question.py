"""
A question put to one network: its points on the road, its metric, its blocked areas.

Matrix and legs are both answered from here, so that they agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from services.planner.adapters.roads import entries as entry_rules
from services.planner.adapters.roads.entries import EdgeIndex, Entries
from services.planner.adapters.roads.graph import Graph
from services.planner.adapters.roads.hierarchy import many_to_many
from services.planner.adapters.roads.kernels import (
    LENGTH_MASK,
    NO_PATH,
    TIME_MASK,
    TIME_SHIFT,
    combine,
)
from services.planner.adapters.roads.lines import RoadLines, Snapped
from services.planner.adapters.roads.metrics import HourMetric
from services.planner.adapters.roads.networks import Network
from services.planner.adapters.roads.straight import straight
from services.planner.adapters.roads.streets import Array
from services.planner.domain.travel import (
    UNREACHABLE,
    Point,
    Snap,
    TravelNotice,
    TravelReason,
)

WALK_METERS = 100  # a place further from its road than this deserves a word
NOTICES_MAX = 1_000  # of one answer; what is beyond is counted in the last of them
MILLISECONDS = 1000


@dataclass(frozen=True)
class Question:
    """One question, on its network."""

    network: Network
    graph: Graph
    index: EdgeIndex
    lines: RoadLines
    hour: HourMetric
    points: Sequence[Point]
    polygons: Array

    @cached_property
    def snapped(self) -> Snapped:
        """Where the points lie on the road."""
        return self.lines.snap(self.points)

    @cached_property
    def raw_entries(self) -> Entries:
        """How the points meet the network, closed parts ignored."""
        return entry_rules.entries(self.graph, self.index, self.hour, self.snapped)

    @cached_property
    def entries(self) -> Entries:
        """How the points meet the network, around closed parts."""
        if not len(self.polygons):
            return self.raw_entries
        return entry_rules.around(
            self.raw_entries, self.lines, self.hour, self.snapped, self.polygons
        )

    @cached_property
    def has_road(self) -> Array:
        """Which points have a road."""
        return self.snapped.road >= 0

    @cached_property
    def is_blocked(self) -> Array:
        """Which points cannot be reached at all: inside an area, or on a road that it closes."""
        shut = (self.entries.ahead >= NO_PATH).all(axis=1) & (self.entries.rest >= NO_PATH).all(1)
        return (shut & self.has_road) | self.lines.is_inside(self.points, self.polygons)

    @cached_property
    def keys(self) -> Array:
        """Keys between all points along roads, NO_PATH where there is no way."""
        used, columns = np.unique(self.entries.edge, return_inverse=True)
        columns = columns.reshape(self.entries.edge.shape)
        if len(used) and used[0] < 0:
            used, columns = used[1:], columns - 1
        starts = entry_rules.starts(self.graph, self.index, self.hour, used)
        between = many_to_many(self.hour.metric, starts, used)
        found: Array = combine(
            columns.astype(np.int32),
            self.entries.ahead,
            self.entries.rest,
            self.raw_entries.ahead,
            between,
        )
        return found


def matrices(question: Question) -> tuple[Array, Array]:
    """(seconds, meters) between all points."""
    seconds, meters = rounded(question.keys)
    off_road = ~question.has_road[:, None] | ~question.has_road[None, :]
    if off_road.any():
        line_seconds, line_meters = straight(question.network, question.points)
        seconds = np.where(off_road, line_seconds, seconds)
        meters = np.where(off_road, line_meters, meters)
    shut = question.is_blocked
    seconds[shut], seconds[:, shut] = UNREACHABLE, UNREACHABLE
    meters[shut], meters[:, shut] = UNREACHABLE, UNREACHABLE
    np.fill_diagonal(seconds, 0)
    np.fill_diagonal(meters, 0)
    return seconds, meters


def rounded(keys: Array) -> tuple[Array, Array]:
    """Whole seconds, rounded up, and whole meters, rounded half up."""
    none = keys >= NO_PATH
    milliseconds = keys >> TIME_SHIFT & TIME_MASK
    centimeters = keys & LENGTH_MASK
    seconds = np.where(none, UNREACHABLE, -(-milliseconds // MILLISECONDS))
    meters = np.where(none, UNREACHABLE, (centimeters + 50) // 100)
    return seconds.astype(np.int32), meters.astype(np.int32)


def snaps(question: Question) -> tuple[Snap, ...]:
    """Where every point was put on the road."""
    found = question.snapped
    meters = np.floor(np.minimum(found.meters, UNREACHABLE) + 0.5).astype(int).tolist()
    places = zip(found.latitude.tolist(), found.longitude.tolist(), strict=True)
    return tuple(
        Snap(has_road, distance, Point(lat, lng))
        for has_road, distance, (lat, lng) in zip(
            question.has_road.tolist(), meters, places, strict=True
        )
    )


def notices(question: Question, seconds: Array) -> tuple[TravelNotice, ...]:
    """What to know about the answer: places first, then pairs that are cut off."""
    found = [notice for i in range(len(question.points)) if (notice := _about(question, i))]
    open_pairs = ~question.is_blocked[:, None] & ~question.is_blocked[None, :]
    cut_off = np.argwhere((seconds >= UNREACHABLE) & open_pairs)
    room = max(0, NOTICES_MAX - len(found))
    for here, there in cut_off[:room].tolist():
        found.append(
            TravelNotice(
                TravelReason.CUT_OFF, here, there, "blocked areas leave no way between the two"
            )
        )
    if len(cut_off) > room:
        here, there = cut_off[room].tolist()
        message = f"{len(cut_off) - room} more pairs have no way between them"
        found.append(TravelNotice(TravelReason.CUT_OFF, here, there, message))
    return tuple(found)


def _about(question: Question, point: int) -> TravelNotice | None:
    meters = float(question.snapped.meters[point])
    if question.is_blocked[point]:
        message = "it lies in a blocked area, or on a road that one closes on both sides"
        return TravelNotice(TravelReason.BLOCKED, point, message=message)
    if not question.has_road[point]:
        message = f"no road within reach ({meters:.0f} m): straight lines times a factor"
        return TravelNotice(TravelReason.NO_ROAD, point, message=message)
    if meters > WALK_METERS:
        message = f"the nearest usable road is {meters:.0f} m away: times end there"
        return TravelNotice(TravelReason.FAR_FROM_ROAD, point, message=message)
    return None
