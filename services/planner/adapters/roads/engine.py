"""
The road engine: one compiled map in memory, answering one question after the other.

It computes for as long as a question takes; `worker.py` gives it a process of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from services.planner.adapters.roads import legs as leg_rules
from services.planner.adapters.roads.entries import EdgeIndex, edge_index
from services.planner.adapters.roads.graph import Graph
from services.planner.adapters.roads.hierarchy import Hierarchy
from services.planner.adapters.roads.lines import RoadLines
from services.planner.adapters.roads.maps import CompiledMap
from services.planner.adapters.roads.metrics import HourMetric, MetricCache, hour_metric
from services.planner.adapters.roads.networks import NETWORK_OF_PROFILE, NETWORKS, Network
from services.planner.adapters.roads.question import Question, matrices, notices, snaps
from services.planner.adapters.roads.report import MapReport
from services.planner.adapters.roads.straight import straight
from services.planner.adapters.roads.streets import Array
from services.planner.domain.travel import (
    Leg,
    MapInfo,
    Point,
    Profile,
    Snap,
    TravelMatrix,
    TravelNotice,
    TravelQuestion,
    TravelReason,
)


@dataclass(frozen=True, slots=True)
class RoadNetwork:
    """One network in memory, with its indices."""

    network: Network
    graph: Graph
    hierarchy: Hierarchy
    index: EdgeIndex
    lines: RoadLines


class Engine:
    """Answers questions about one map."""

    def __init__(self, compiled: CompiledMap) -> None:
        self.info = map_info(compiled.report)
        self._zone = ZoneInfo(compiled.report.time_zone)
        self._metrics = MetricCache()
        self.networks = {
            network.name: RoadNetwork(
                network,
                found.graph,
                found.hierarchy,
                edge_index(found.graph),
                RoadLines(found.graph),
            )
            for network in NETWORKS
            if (found := compiled.networks.get(network.name))
        }

    def matrix(self, asked: TravelQuestion) -> TravelMatrix:
        """Times and distances between all points."""
        question = self.question(asked)
        if question is None:
            return self._roadless_matrix(asked)
        seconds, meters = matrices(question)
        found = notices(question, seconds)
        return TravelMatrix(seconds, meters, snaps(question), found, self.info.map_id)

    def legs(self, asked: TravelQuestion, pairs: Sequence[tuple[int, int]]) -> tuple[Leg, ...]:
        """The ways of these pairs."""
        question = self.question(asked)
        if question is None:
            network = NETWORK_OF_PROFILE[asked.profile.name]
            return tuple(
                leg_rules.straight_leg(network, asked.points[here], asked.points[there])
                for here, there in pairs
            )
        return leg_rules.legs(question, pairs)

    def warm(self) -> None:
        """Loads compiled code and the free-road metrics, so that the first question is quick."""
        for profile in Profile:
            own = self.networks.get(NETWORK_OF_PROFILE[profile.name].name)
            if own is not None:
                asked = TravelQuestion(own.lines.two_places(), profile)
                self.matrix(asked)
                self.legs(asked, [(0, 1)])

    def question(self, asked: TravelQuestion) -> Question | None:
        """The question on its network; None where the map has no road for the profile."""
        own = self.networks.get(NETWORK_OF_PROFILE[asked.profile.name].name)
        if own is None:
            return None
        polygons = own.lines.polygons(asked.blocked)
        return Question(
            network=own.network,
            graph=own.graph,
            index=own.index,
            lines=own.lines,
            hour=self._hour_metric(own, self.hour(asked), own.lines.closed_roads(polygons)),
            points=asked.points,
            polygons=polygons,
        )

    def hour(self, asked: TravelQuestion) -> int | None:
        """The hour whose speeds apply, local to the map; None for free roads."""
        return None if asked.departure is None else asked.departure.astimezone(self._zone).hour

    def _hour_metric(self, own: RoadNetwork, hour: int | None, closed: Array) -> HourMetric:
        slice_hour = hour if own.network.is_motor else None
        key = (own.network.name, slice_hour, np.flatnonzero(closed).tobytes())
        return self._metrics.get(
            key, lambda: hour_metric(own.network, own.graph, own.hierarchy, slice_hour, closed)
        )

    def _roadless_matrix(self, asked: TravelQuestion) -> TravelMatrix:
        seconds, meters = straight(NETWORK_OF_PROFILE[asked.profile.name], asked.points)
        message = "the map has no road for this profile: straight lines times a factor"
        return TravelMatrix(
            seconds,
            meters,
            tuple(Snap(False, 0, point) for point in asked.points),
            tuple(
                TravelNotice(TravelReason.NO_ROAD, point, message=message)
                for point in range(len(asked.points))
            ),
            self.info.map_id,
        )


def map_info(report: MapReport) -> MapInfo:
    """What a caller learns about the map."""
    return MapInfo(
        map_id=report.map_id,
        name=report.name,
        time_zone=report.time_zone,
        south_west=Point(report.south, report.west),
        north_east=Point(report.north, report.east),
        attribution=report.attribution,
    )
