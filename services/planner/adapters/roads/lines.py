"""
The lines of roads on a plane: where a point lies on them, which of them an area closes.

The plane is an equirectangular projection at the middle latitude of the map, in meters. It only
chooses and cuts; reported distances are great-circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from services.planner.adapters.roads.graph import Graph
from services.planner.adapters.roads.streets import (
    DEGREE_UNITS,
    EARTH_METERS,
    Array,
    great_circle_meters,
)
from services.planner.domain.travel import BlockedArea, Point

SNAP_METERS_MAX = 500  # beyond it a place counts as having no road
# An area closes a road that reaches this far into it: one along its border stays open.
BORDER_METERS = 1.0


@dataclass(frozen=True, slots=True)
class Snapped:
    """Where points lie on roads, one entry for each point."""

    road: Array
    """-1 where no road is within reach."""
    centimeters: Array
    """From the beginning of the road, along it."""
    share: Array
    """The same as a share of the road's length."""
    meters: Array
    """From the point to the road; also where that is out of reach, inf where there is no road."""
    latitude: Array
    longitude: Array


class RoadLines:
    """All roads of a graph as lines, with an index over them."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        lat, lng = graph.point_lat / DEGREE_UNITS, graph.point_lng / DEGREE_UNITS
        self._middle = float(lat.min() + lat.max()) / 2, float(lng.min() + lng.max()) / 2
        self._scale = np.radians(1) * EARTH_METERS * np.array([_cos(self._middle[0]), 1.0])
        roads = np.repeat(np.arange(len(graph.road_way_id)), np.diff(graph.point_first))
        self.lines: Array = shapely.linestrings(self._plane(lat, lng), indices=roads)
        self._all = STRtree(self.lines)
        self._stops = np.flatnonzero(graph.road_can_stop)
        self._stop_tree = STRtree(self.lines[self._stops])

    def snap(self, points: Sequence[Point]) -> Snapped:
        """The nearest place on a road where one can stop, for every point."""
        lat = np.array([point.latitude for point in points], np.float64)
        lng = np.array([point.longitude for point in points], np.float64)
        dots = shapely.points(self._plane(lat, lng))
        road = self._nearest(dots)
        lines = self.lines[road]
        share = shapely.line_locate_point(lines, dots, normalized=True)
        on_lat, on_lng = self._degrees(
            shapely.line_interpolate_point(lines, share, normalized=True)
        )
        meters = np.where(road >= 0, great_circle_meters(lat, lng, on_lat, on_lng), np.inf)
        within = (road >= 0) & (meters <= SNAP_METERS_MAX)
        lengths = self._graph.road_centimeters[road]
        return Snapped(
            road=np.where(within, road, -1),
            centimeters=np.rint(share * lengths).astype(np.int64),
            share=share,
            meters=meters,
            latitude=np.where(within, on_lat, lat),
            longitude=np.where(within, on_lng, lng),
        )

    def two_places(self) -> tuple[Point, Point]:
        """The beginnings of the first road and of the last: a question to warm up with."""
        lat, lng = self._graph.point_lat / DEGREE_UNITS, self._graph.point_lng / DEGREE_UNITS
        return Point(float(lat[0]), float(lng[0])), Point(float(lat[-1]), float(lng[-1]))

    def polygons(self, areas: Sequence[BlockedArea]) -> Array:
        """The insides of the areas, drawn in by the border."""
        shapes = [self._polygon(area) for area in areas]
        return np.array([_drawn_in(shape) for shape in shapes], dtype=object)

    def closed_roads(self, polygons: Array) -> Array:
        """Which roads reach into a polygon."""
        closed = np.zeros(len(self.lines), bool)
        shapely.prepare(polygons)
        _, roads = self._all.query(polygons, predicate="intersects")
        closed[roads] = True
        return closed

    def is_inside(self, points: Sequence[Point], polygons: Array) -> Array:
        """Which points lie in a polygon."""
        lat = np.array([point.latitude for point in points], np.float64)
        lng = np.array([point.longitude for point in points], np.float64)
        inside = np.zeros(len(points), bool)
        if len(polygons):
            dots = STRtree(shapely.points(self._plane(lat, lng)))
            inside[dots.query(polygons, predicate="intersects")[1]] = True
        return inside

    def part_is_closed(self, road: int, low: float, high: float, polygons: Array) -> bool:
        """Whether the part between two shares of a road reaches into a polygon."""
        part = substring(self.lines[road], low, high, normalized=True)
        return bool(shapely.intersects(polygons, part).any())

    def whole(self, road: int) -> list[tuple[float, float]]:
        """(lat, lng) of a whole road, as its nodes run."""
        low, high = self._graph.point_first[road : road + 2]
        lat = self._graph.point_lat[low:high] / DEGREE_UNITS
        lng = self._graph.point_lng[low:high] / DEGREE_UNITS
        return list(zip(lat.tolist(), lng.tolist(), strict=True))

    def part(self, road: int, low: float, high: float) -> list[tuple[float, float]]:
        """(lat, lng) of the road between two shares of its length; backward where low > high."""
        piece = substring(self.lines[road], low, high, normalized=True)
        lat, lng = self._degrees(shapely.points(shapely.get_coordinates(piece)))
        return list(zip(lat.tolist(), lng.tolist(), strict=True))

    def _nearest(self, dots: Array) -> Array:
        """The nearest road to each dot, of several the one with the lowest number."""
        nearest = np.full(len(dots), -1)
        if len(self._stops) and len(dots):
            which, found = self._stop_tree.query_nearest(dots, all_matches=True)
            order = np.lexsort((self._stops[found], which))
            first = np.unique(which[order], return_index=True)[1]
            nearest[which[order][first]] = self._stops[found][order][first]
        return nearest

    def _polygon(self, area: BlockedArea) -> BaseGeometry:
        rings = [
            self._plane(
                np.array([point.latitude for point in ring]),
                np.array([point.longitude for point in ring]),
            )
            for ring in area.rings
        ]
        return shapely.make_valid(shapely.Polygon(rings[0], rings[1:]))

    def _plane(self, lat: Array, lng: Array) -> Array:
        plane: Array = np.column_stack([lng - self._middle[1], lat - self._middle[0]])
        plane *= self._scale
        return plane

    def _degrees(self, dots: Array) -> tuple[Array, Array]:
        degrees = np.column_stack([shapely.get_x(dots), shapely.get_y(dots)]) / self._scale
        return degrees[:, 1] + self._middle[0], degrees[:, 0] + self._middle[1]


def _cos(degrees: float) -> float:
    return float(np.cos(np.radians(degrees)))


def _drawn_in(shape: BaseGeometry) -> BaseGeometry:
    """The shape less its border; as it is where it is too narrow for that."""
    smaller = shapely.buffer(shape, -BORDER_METERS)
    return shape if smaller.is_empty else smaller
