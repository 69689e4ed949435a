"""
Keys of edges and turns for an hour and a set of closed roads, and the metric that follows.

Milliseconds are rounded up per edge, so that no sum of them is optimistic. The hour is an hour of
a working day, local to the map; None means free roads.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from services.planner.adapters.roads.graph import Graph
from services.planner.adapters.roads.hierarchy import Hierarchy, Metric, customize
from services.planner.adapters.roads.kernels import ENTRY_SHIFT, NO_PATH, TIME_SHIFT
from services.planner.adapters.roads.networks import U_TURN_SECONDS, Network
from services.planner.adapters.roads.speeds import FACTOR_SCALE, RoadClass, hourly_factors
from services.planner.adapters.roads.streets import Array

CACHE_BYTES_MAX = 256 * 1024 * 1024  # of all metrics that are kept warm
MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class HourMetric:
    """What a network costs at an hour, around closed roads."""

    edge_milliseconds: Array
    turn_keys: Array
    """What a turn adds by itself: turning back, entering a road that is for ends only."""
    road_is_closed: Array
    metric: Metric

    @property
    def bytes(self) -> int:
        """What it keeps in memory, the hierarchy left out."""
        kept = (self.metric.up, self.metric.down, self.metric.up_middle, self.metric.down_middle)
        return sum(each.nbytes for each in (*kept, self.edge_milliseconds, self.turn_keys))


def hour_metric(
    network: Network, graph: Graph, hierarchy: Hierarchy, hour: int | None, road_is_closed: Array
) -> HourMetric:
    """The metric of an hour; a closed road cannot be travelled from end to end."""
    milliseconds = edge_milliseconds(network, graph, hour)
    own_keys = turn_keys(network, graph)
    lengths = graph.road_centimeters[graph.edge_road].astype(np.int64)
    keys = (milliseconds << TIME_SHIFT | lengths)[graph.turn_from] + own_keys
    keys[road_is_closed[graph.edge_road[graph.turn_from]]] = NO_PATH
    metric = customize(graph, hierarchy, keys)
    return HourMetric(milliseconds, own_keys, road_is_closed, metric)


def edge_milliseconds(network: Network, graph: Graph, hour: int | None) -> Array:
    """Travel time of every edge, signals included, rounded up."""
    factors = _factors(network, hour)[graph.road_class[graph.edge_road]]
    centimeters = graph.road_centimeters[graph.edge_road].astype(np.int64)
    # 1 cm at 1 km/h takes 36 ms.
    driven = np.ceil(centimeters * (36 * FACTOR_SCALE) / (graph.edge_kmh * factors))
    waited = graph.edge_signals.astype(np.int64) * network.signal_seconds * MILLISECONDS
    milliseconds: Array = driven.astype(np.int64) + waited
    return milliseconds


def turn_keys(network: Network, graph: Graph) -> Array:
    """What each turn costs by itself."""
    ends_only = graph.road_ends_only[graph.edge_road]
    enters = ends_only[graph.turn_to] & ~ends_only[graph.turn_from]
    turned = graph.turn_is_u.astype(np.int64) * (U_TURN_SECONDS * MILLISECONDS)
    return enters.astype(np.int64) << ENTRY_SHIFT | turned << TIME_SHIFT


def _factors(network: Network, hour: int | None) -> Array:
    """Parts per thousand of the free speed, by road class; only motor traffic jams."""
    factors = np.full(len(RoadClass), FACTOR_SCALE, np.int64)
    if network.is_motor and hour is not None:
        for kind, by_hour in hourly_factors().items():
            factors[kind] = by_hour[hour]
    return factors


class MetricCache:
    """The metrics used last, up to a number of bytes; the newest always stays."""

    def __init__(self, bytes_max: int = CACHE_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._kept: OrderedDict[tuple[object, ...], HourMetric] = OrderedDict()

    def get(self, key: tuple[object, ...], make: Callable[[], HourMetric]) -> HourMetric:
        """The metric under that key, made where it is not kept."""
        if key not in self._kept:
            self._kept[key] = make()
            self._shrink()
        self._kept.move_to_end(key)
        return self._kept[key]

    def _shrink(self) -> None:
        while len(self._kept) > 1 and sum(m.bytes for m in self._kept.values()) > self._bytes_max:
            self._kept.popitem(last=False)
