"""
Streets as arrays: the extract once it is read, and the roads that one network makes of it.

A road is a stretch of way from one junction to the next, seen by one network. Pure; coordinates
are 1e-7 degrees, lengths are great-circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.planner.adapters.roads.networks import NETWORKS, Network, Passage
from services.planner.adapters.roads.reader import Extract, Way
from services.planner.adapters.roads.restrictions import Restriction

DEGREE_UNITS = 10_000_000
EARTH_METERS = 6_371_008.8  # mean radius, IUGG 1980
NOTHING = Passage(0.0, 0.0, ends_only=False)
Array = NDArray[Any]
Degrees = Array | float


@dataclass(frozen=True, slots=True)
class Streets:
    """All ways that anybody can travel on; nodes are numbered by ascending id."""

    node_ids: Array
    node_lat: Array
    node_lng: Array
    node_closed: Array
    """A bit for each of NETWORKS that cannot pass."""
    node_has_signal: Array
    way_ids: Array
    way_kinds: Array
    way_minutes: Array
    way_first: Array
    """Nodes of way `w` are `way_nodes[way_first[w]:way_first[w + 1]]`."""
    way_nodes: Array
    kinds: Sequence[Way]
    restrictions: Sequence[Restriction]


@dataclass(frozen=True, slots=True)
class Roads:
    """Roads of one network; points of road `r` stand at `point_first[r]:point_first[r + 1]`."""

    way: Array
    tail: Array
    head: Array
    point_first: Array
    point_node: Array
    centimeters: Array
    signals_inside: Array
    forward_kmh: Array
    backward_kmh: Array
    ends_only: Array


def flatten(extract: Extract) -> Streets:
    """The extract as arrays."""
    ids = np.array(sorted(extract.node_lat), np.int64)
    sizes = [len(nodes) for nodes in extract.way_nodes]
    refs = np.array([ref for nodes in extract.way_nodes for ref in nodes], np.int64)
    return Streets(
        node_ids=ids,
        node_lat=np.array([extract.node_lat[ref] for ref in ids.tolist()], np.int32),
        node_lng=np.array([extract.node_lng[ref] for ref in ids.tolist()], np.int32),
        node_closed=np.array([extract.closed_nodes.get(ref, 0) for ref in ids.tolist()], np.uint8),
        node_has_signal=np.isin(ids, np.array(sorted(extract.signal_nodes), np.int64)),
        way_ids=np.array(extract.way_ids, np.int64),
        way_kinds=np.array(extract.way_kinds, np.int32),
        way_minutes=np.array([extract.way_minutes.get(w, 0) for w in range(len(sizes))], np.int32),
        way_first=np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]),
        way_nodes=np.searchsorted(ids, refs).astype(np.int32),
        kinds=tuple(extract.kinds),
        restrictions=tuple(extract.restrictions),
    )


def cut(streets: Streets, network: Network) -> Roads:
    """The roads that the network can use, cut at its junctions."""
    bit = NETWORKS.index(network)
    open_kinds = np.array([each.passages[bit] is not None for each in streets.kinds], bool)
    ways = np.flatnonzero(open_kinds[streets.way_kinds])
    positions = ranges(streets.way_first[ways], streets.way_first[ways + 1])
    way_of_point = np.repeat(ways, np.diff(streets.way_first)[ways])
    starts, ends = _stretches(streets, bit, positions, way_of_point)
    return _roads(streets, bit, starts=starts, ends=ends)


def ranges(starts: Array, ends: Array) -> Array:
    """All integers from each start to before its end, one range after the other."""
    counts = ends - starts
    offsets = np.repeat(starts - np.concatenate([[0], np.cumsum(counts)])[:-1], counts)
    integers: Array = offsets + np.arange(counts.sum())
    return integers


def great_circle_meters(lat: Degrees, lng: Degrees, to_lat: Degrees, to_lng: Degrees) -> Array:
    """Haversine distance between points in degrees."""
    phi, to_phi = np.radians(lat), np.radians(to_lat)
    half = np.sin((to_phi - phi) / 2) ** 2
    half = (
        half + np.cos(phi) * np.cos(to_phi) * np.sin(np.radians(np.subtract(to_lng, lng)) / 2) ** 2
    )
    meters: Array = 2 * EARTH_METERS * np.arcsin(np.sqrt(half))
    return meters


def _stretches(
    streets: Streets, bit: int, positions: Array, way_of_point: Array
) -> tuple[Array, Array]:
    """First and last position in `way_nodes` of every stretch between junctions."""
    nodes = streets.way_nodes[positions]
    new_way = np.concatenate([[True], way_of_point[1:] != way_of_point[:-1]])[: len(nodes)]
    last = np.concatenate([new_way[1:], [True]])[: len(nodes)]
    uses = np.bincount(nodes, minlength=len(streets.node_ids))
    junction = (uses > 1) | (streets.node_closed & (1 << bit) > 0)
    is_cut = new_way | last | junction[nodes]
    starts = np.flatnonzero(is_cut & ~last)
    following = np.flatnonzero(is_cut & ~new_way)
    return positions[starts], positions[following]


def _roads(streets: Streets, bit: int, *, starts: Array, ends: Array) -> Roads:
    point_first = np.concatenate([[0], np.cumsum(ends - starts + 1)])
    point_node = streets.way_nodes[ranges(starts, ends + 1)]
    way = np.searchsorted(streets.way_first, starts, side="right") - 1
    kinds = streets.way_kinds[way]
    offers = [each.passages[bit] or NOTHING for each in streets.kinds]
    centimeters = _centimeters(streets, point_first, point_node)
    ferry_kmh = _ferry_kmh(streets, way, centimeters)
    forward = np.array([offer.forward_kmh for offer in offers], np.float64)[kinds]
    backward = np.array([offer.backward_kmh for offer in offers], np.float64)[kinds]
    return Roads(
        way=way,
        tail=streets.way_nodes[starts],
        head=streets.way_nodes[ends],
        point_first=point_first,
        point_node=point_node,
        centimeters=centimeters,
        signals_inside=_signals_inside(streets, point_first, point_node),
        forward_kmh=np.where((ferry_kmh > 0) & (forward > 0), ferry_kmh, forward),
        backward_kmh=np.where((ferry_kmh > 0) & (backward > 0), ferry_kmh, backward),
        ends_only=np.array([offer.ends_only for offer in offers], bool)[kinds],
    )


def _centimeters(streets: Streets, point_first: Array, point_node: Array) -> Array:
    """Length of each road, at least 1: two junctions may share a coordinate."""
    lat = streets.node_lat[point_node] / DEGREE_UNITS
    lng = streets.node_lng[point_node] / DEGREE_UNITS
    steps = great_circle_meters(lat[:-1], lng[:-1], lat[1:], lng[1:])
    along = np.concatenate([[0.0], np.cumsum(steps)])
    meters = along[point_first[1:] - 1] - along[point_first[:-1]]
    centimeters: Array = np.maximum(1, np.rint(meters * 100)).astype(np.int32)
    return centimeters


def _signals_inside(streets: Streets, point_first: Array, point_node: Array) -> Array:
    """How many traffic signals stand between the two ends of each road."""
    sums = np.concatenate([[0], np.cumsum(streets.node_has_signal[point_node])])
    inside: Array = (sums[point_first[1:] - 1] - sums[point_first[:-1] + 1]).astype(np.int16)
    return inside


def _ferry_kmh(streets: Streets, way: Array, centimeters: Array) -> Array:
    """Speed of ferries that tell how long they take, 0 elsewhere; all their roads share it."""
    minutes = streets.way_minutes[way]
    lengths = np.bincount(way, centimeters, minlength=len(streets.way_ids))
    kilometers = lengths[way] / 100_000
    kmh: Array = np.where(minutes > 0, kilometers * 60 / np.maximum(minutes, 1), 0.0)
    return kmh
