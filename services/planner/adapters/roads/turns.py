"""
Edges and turns: the directions of roads, and which edge may follow which.

Turning back is offered only where nothing else is: at dead ends and before closed barriers. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.planner.adapters.roads.networks import NETWORKS, Network
from services.planner.adapters.roads.restrictions import Restriction
from services.planner.adapters.roads.streets import Array, Roads, Streets, ranges


@dataclass(frozen=True, slots=True)
class Edges:
    """Roads in one direction."""

    road: Array
    is_forward: Array
    tail: Array
    head: Array
    kmh: Array
    signals: Array
    """Traffic signals met on the way, that at its end included."""


@dataclass(frozen=True, slots=True)
class Turns:
    """From which edge into which."""

    from_edge: Array
    to_edge: Array
    is_u: Array
    restrictions_applied: int


def edges(streets: Streets, roads: Roads) -> Edges:
    """All directions that can be travelled, the two of a road side by side."""
    open_ways = np.column_stack([roads.forward_kmh > 0, roads.backward_kmh > 0])
    road, side = np.nonzero(open_ways)
    is_forward = side == 0
    head = np.where(is_forward, roads.head[road], roads.tail[road])
    return Edges(
        road=road,
        is_forward=is_forward,
        tail=np.where(is_forward, roads.tail[road], roads.head[road]),
        head=head,
        kmh=np.where(is_forward, roads.forward_kmh[road], roads.backward_kmh[road]),
        signals=roads.signals_inside[road] + streets.node_has_signal[head],
    )


def turns(streets: Streets, network: Network, roads: Roads, edges: Edges) -> Turns:
    """All turns that the network may take."""
    from_edge, to_edge = _meetings(edges, len(streets.node_ids))
    is_u = (edges.road[from_edge] == edges.road[to_edge]) & (
        edges.is_forward[from_edge] != edges.is_forward[to_edge]
    )
    banned, applied = _banned(streets, network, roads, edges, from_edge=from_edge, to_edge=to_edge)
    closed = streets.node_closed & (1 << NETWORKS.index(network)) > 0
    ahead = ~is_u & ~banned & ~closed[edges.head[from_edge]]
    leads_on = np.bincount(from_edge[ahead], minlength=len(edges.road)) > 0
    kept = ahead | (is_u & ~banned & ~leads_on[from_edge])
    return Turns(from_edge[kept], to_edge[kept], is_u[kept], applied)


def _meetings(edges: Edges, node_count: int) -> tuple[Array, Array]:
    """All pairs of edges of which the second starts where the first ends."""
    by_tail = np.argsort(edges.tail, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(edges.tail, minlength=node_count))])
    starts, ends = first[edges.head], first[edges.head + 1]
    from_edge = np.repeat(np.arange(len(edges.road)), ends - starts)
    return from_edge, by_tail[ranges(starts, ends)]


def _banned(
    streets: Streets,
    network: Network,
    roads: Roads,
    edges: Edges,
    *,
    from_edge: Array,
    to_edge: Array,
) -> tuple[Array, int]:
    """Which turns a restriction takes away, and how many restrictions take any."""
    bit = 1 << NETWORKS.index(network)
    way_ids = streets.way_ids[roads.way[edges.road]]
    banned = np.zeros(len(from_edge), bool)
    over = streets.node_ids[edges.head[from_edge]] if len(from_edge) else from_edge
    order = np.argsort(over, kind="stable")
    applied = 0
    for each in streets.restrictions:
        if each.networks & bit:
            low, high = np.searchsorted(over[order], [each.via_node, each.via_node + 1])
            here = order[low:high]
            hit = here[_hit(each, way_ids[from_edge[here]], way_ids[to_edge[here]])]
            banned[hit] = True
            applied += len(hit) > 0
    return banned, applied


def _hit(each: Restriction, from_ways: Array, to_ways: Array) -> Array:
    """Which turns over the restriction's node it takes away."""
    wanted = to_ways == each.to_way
    comes_from = from_ways == each.from_way
    if not each.is_only:
        hit: Array = comes_from & wanted
    else:
        # An only-turn into a way that is cut off bans nothing.
        hit = comes_from & ~wanted & (comes_from & wanted).any()
    return hit
