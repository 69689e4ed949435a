"""
How travellers get from a place onto the network and off it: on the edges of the road it lies on.

A place lies somewhere along a road. `ahead` is the key from the beginning of an edge to the place,
`rest` from the place to the end of the edge; the two add up to the edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.planner.adapters.roads.graph import Graph
from services.planner.adapters.roads.hierarchy import Starts
from services.planner.adapters.roads.kernels import NO_PATH, TIME_SHIFT
from services.planner.adapters.roads.lines import RoadLines, Snapped
from services.planner.adapters.roads.metrics import HourMetric
from services.planner.adapters.roads.streets import Array, ranges

SIDES = 2  # forward, backward


@dataclass(frozen=True, slots=True)
class Entries:
    """For each place and side: the edge (-1: none), and the keys before and after the place."""

    edge: Array
    ahead: Array
    rest: Array


@dataclass(frozen=True, slots=True)
class EdgeIndex:
    """Which edges a road has, and which turns leave an edge."""

    of_road: Array
    """Shape (roads, 2): forward, backward; -1 where there is none."""
    turn_first: Array


def edge_index(graph: Graph) -> EdgeIndex:
    """The index of a graph."""
    of_road = np.full((len(graph.road_way_id), SIDES), -1, np.int32)
    side = np.where(graph.edge_is_forward, 0, 1)
    of_road[graph.edge_road, side] = np.arange(len(graph.edge_road))
    counts = np.bincount(graph.turn_from, minlength=len(graph.edge_road))
    return EdgeIndex(of_road, np.concatenate([[0], np.cumsum(counts)]))


def entries(graph: Graph, index: EdgeIndex, hour: HourMetric, snapped: Snapped) -> Entries:
    """The entries of snapped places, as if no road were closed."""
    edge = np.where(snapped.road[:, None] >= 0, index.of_road[snapped.road], -1)
    lengths = graph.road_centimeters[snapped.road].astype(np.int64)
    passed = np.column_stack([snapped.centimeters, lengths - snapped.centimeters])
    whole = hour.edge_milliseconds[edge]
    before = whole * passed // lengths[:, None]
    ahead = before << TIME_SHIFT | passed
    rest = (whole - before) << TIME_SHIFT | (lengths[:, None] - passed)
    none = edge < 0
    return Entries(edge, np.where(none, NO_PATH, ahead), np.where(none, NO_PATH, rest))


def around(
    found: Entries, lines: RoadLines, hour: HourMetric, snapped: Snapped, polygons: Array
) -> Entries:
    """The entries where some roads are closed: only over the parts that are not."""
    ahead, rest = found.ahead.copy(), found.rest.copy()
    for place in np.flatnonzero((snapped.road >= 0) & hour.road_is_closed[snapped.road]):
        road, share = int(snapped.road[place]), float(snapped.share[place])
        if lines.part_is_closed(road, 0.0, share, polygons):
            ahead[place, 0] = rest[place, 1] = NO_PATH
        if lines.part_is_closed(road, share, 1.0, polygons):
            rest[place, 0] = ahead[place, 1] = NO_PATH
    return Entries(found.edge, ahead, rest)


def starts(graph: Graph, index: EdgeIndex, hour: HourMetric, edges: Array) -> Starts:
    """Where one can be at the end of each edge: at the beginning of the edges that follow it."""
    low, high = index.turn_first[edges], index.turn_first[edges + 1]
    turns = ranges(low, high)
    first = np.concatenate([[0], np.cumsum(high - low)])
    return Starts(first, graph.turn_to[turns], hour.turn_keys[turns])
