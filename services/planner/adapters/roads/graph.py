"""
The graph of one network: edges, the turns between them, and where they lie.

Edges are numbered, their turns connect them strongly: from every edge every other can be reached.
Pure arrays; what is stored in a compiled map.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from services.planner.adapters.roads.networks import Network
from services.planner.adapters.roads.streets import Array, Roads, Streets, cut, ranges
from services.planner.adapters.roads.turns import Edges, Turns, edges, turns


@dataclass(frozen=True, slots=True)
class Graph:
    """The arrays of one network; points of road `r` are at `point_first[r]:point_first[r + 1]`."""

    point_first: Array
    point_lat: Array
    point_lng: Array
    road_way_id: Array
    road_class: Array
    road_centimeters: Array
    road_can_stop: Array
    road_ends_only: Array
    edge_road: Array
    edge_is_forward: Array
    edge_kmh: Array
    edge_signals: Array
    turn_from: Array
    """Turns stand sorted by `turn_from`."""
    turn_to: Array
    turn_is_u: Array


@dataclass(frozen=True, slots=True)
class Built:
    """A graph, and what was left out of it."""

    graph: Graph
    components_dropped: int
    edges_dropped: int
    restrictions_applied: int


def build(streets: Streets, network: Network) -> Built:
    """The largest part of the network in which every edge reaches every other."""
    roads = cut(streets, network)
    all_edges = edges(streets, roads)
    all_turns = turns(streets, network, roads, all_edges)
    kept, component_count = _largest_part(len(all_edges.road), all_turns)
    return Built(
        graph=_graph(streets, roads, all_edges, all_turns, kept),
        components_dropped=max(0, component_count - 1),
        edges_dropped=len(kept) - int(kept.sum()),
        restrictions_applied=all_turns.restrictions_applied,
    )


def _largest_part(edge_count: int, found: Turns) -> tuple[Array, int]:
    """Which edges belong to the largest strongly connected part, and how many parts there are."""
    if edge_count == 0:
        return np.zeros(0, bool), 0
    ones = np.ones(len(found.from_edge), np.int8)
    matrix = coo_matrix((ones, (found.from_edge, found.to_edge)), shape=(edge_count, edge_count))
    count, labels = connected_components(matrix, directed=True, connection="strong")
    return labels == np.bincount(labels).argmax(), int(count)


def _graph(streets: Streets, roads: Roads, edges: Edges, found: Turns, kept: Array) -> Graph:
    new_edge = np.cumsum(kept) - 1
    used = np.unique(edges.road[kept])
    new_road = np.full(len(roads.way), -1, np.int32)
    new_road[used] = np.arange(len(used))
    within = kept[found.from_edge] & kept[found.to_edge]
    points = roads.point_node[ranges(roads.point_first[used], roads.point_first[used + 1])]
    sizes = np.diff(roads.point_first)[used]
    kinds = streets.way_kinds[roads.way[used]]
    return Graph(
        point_first=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        point_lat=streets.node_lat[points],
        point_lng=streets.node_lng[points],
        road_way_id=streets.way_ids[roads.way[used]],
        road_class=np.array([each.kind for each in streets.kinds], np.int8)[kinds],
        road_centimeters=roads.centimeters[used],
        road_can_stop=np.array([each.can_stop for each in streets.kinds], bool)[kinds],
        road_ends_only=roads.ends_only[used],
        edge_road=new_road[edges.road[kept]],
        edge_is_forward=edges.is_forward[kept],
        edge_kmh=edges.kmh[kept],
        edge_signals=edges.signals[kept].astype(np.int16),
        turn_from=new_edge[found.from_edge[within]].astype(np.int32),
        turn_to=new_edge[found.to_edge[within]].astype(np.int32),
        turn_is_u=found.is_u[within],
    )
