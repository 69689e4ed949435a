"""
The contraction hierarchy of a graph: RoutingKit orders, our kernels carry the keys.

A node of the hierarchy is an edge of the graph, an arc is a turn. Both numberings are kept: rank
(hierarchy) and edge (graph).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyroutingkit

from services.planner.adapters.roads import kernels
from services.planner.adapters.roads.graph import Graph
from services.planner.adapters.roads.streets import DEGREE_UNITS, Array


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The shape that all metrics of a graph share."""

    rank: Array
    """Rank of each edge."""
    edge: Array
    """Edge of each rank."""
    first: Array
    heads: Array
    """Arcs of rank `v` lead up to `heads[first[v]:first[v + 1]]`."""
    places: Array
    """The arc that carries each turn; -1 for a turn from an edge into itself."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A hierarchy under one set of keys."""

    hierarchy: Hierarchy
    up: Array
    down: Array
    up_middle: Array
    down_middle: Array


@dataclass(frozen=True, slots=True)
class Starts:
    """Several sources, each a set of edges with keys: `edges[first[s]:first[s + 1]]`."""

    first: Array
    edges: Array
    keys: Array


def contract(graph: Graph) -> Hierarchy:
    """Orders the edges by nested dissection and adds the shortcuts that any metric may need."""
    edge = _dissection_order(graph)
    rank = np.empty(len(edge), np.int32)
    rank[edge] = np.arange(len(edge), dtype=np.int32)
    tails, heads = rank[graph.turn_from], rank[graph.turn_to]
    low, high = np.minimum(tails, heads), np.maximum(tails, heads)
    order = np.lexsort((high, low))
    order = order[low[order] != high[order]]
    counts = np.bincount(low[order], minlength=len(edge))
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    up_first, up_heads = kernels.eliminate(len(edge), first, high[order].astype(np.int32))
    places = kernels.place_arcs(up_first, up_heads, tails, heads)
    return Hierarchy(rank, edge, up_first, up_heads, places)


def customize(graph: Graph, hierarchy: Hierarchy, turn_keys: Array) -> Metric:
    """The metric of these keys, one for each turn of the graph."""
    real = hierarchy.places >= 0
    leads_up = hierarchy.rank[graph.turn_from] < hierarchy.rank[graph.turn_to]
    up, down, up_middle, down_middle = kernels.customize(
        hierarchy.first, hierarchy.heads, hierarchy.places[real], leads_up[real], turn_keys[real]
    )
    return Metric(hierarchy, up, down, up_middle, down_middle)


def many_to_many(metric: Metric, starts: Starts, targets: Array) -> Array:
    """Keys from every source to the beginning of every target edge."""
    shape = metric.hierarchy
    found: Array = kernels.many_to_many(
        shape.first,
        shape.heads,
        metric.up,
        metric.down,
        starts.first.astype(np.int32),
        shape.rank[starts.edges],
        starts.keys,
        shape.rank[targets],
    )
    return found


def shortest_path(metric: Metric, starts: Starts, target: int) -> tuple[int, Sequence[int]]:
    """(key, edges) from the only source to the beginning of the target edge."""
    shape = metric.hierarchy
    key, ranks = kernels.shortest_path(
        shape.first,
        shape.heads,
        metric.up,
        metric.down,
        metric.up_middle,
        metric.down_middle,
        shape.rank[starts.edges],
        starts.keys,
        shape.rank[target],
    )
    return int(key), shape.edge[ranks].tolist()


def _dissection_order(graph: Graph) -> Array:
    """Edges from the lowest rank to the highest, by RoutingKit's inertial flow."""
    count = len(graph.edge_road)
    middles = (graph.point_first[:-1] + graph.point_first[1:]) // 2
    lat = graph.point_lat[middles][graph.edge_road] / DEGREE_UNITS
    lng = graph.point_lng[middles][graph.edge_road] / DEGREE_UNITS
    topology = pyroutingkit.CCHTopology()
    with TemporaryDirectory(prefix="doorstep-order-") as folder:
        topology.build(
            graph.turn_from.astype(np.uint32),
            graph.turn_to.astype(np.uint32),
            lat.astype(np.float32),
            lng.astype(np.float32),
            count,
        )
        topology.save(folder)  # the order has no getter: it is a file of uint32
        order = np.fromfile(Path(folder) / "order", np.uint32).astype(np.int32)
    if not np.array_equal(np.sort(order), np.arange(count)):
        raise RuntimeError("pyroutingkit saved no order: its version is not the pinned one")
    return order
