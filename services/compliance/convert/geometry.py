"""Points, polygons and boxes: wire <-> domain."""

from __future__ import annotations

from google.type.latlng_pb2 import LatLng

from doorstep.compliance.v1 import zone_pb2 as pb
from services.compliance.domain.faults import inside
from services.compliance.domain.geometry import E7, Box, Point, Polygon, Ring
from services.compliance.domain.shapes import check_polygon


def point_from_proto(message: LatLng) -> Point:
    """The point, or Unsound."""
    return Point.of_degrees(message.latitude, message.longitude)


def point_to_proto(point: Point) -> LatLng:
    """The point in degrees."""
    latitude, longitude = point.degrees
    return LatLng(latitude=latitude, longitude=longitude)


def polygon_from_proto(message: pb.Polygon) -> Polygon:
    """The polygon, or Unsound with the ring and corner that is at fault."""
    outer = inside("outer", _ring, message.outer)
    holes = (inside(f"holes[{i}]", _ring, hole) for i, hole in enumerate(message.holes))
    polygon = Polygon(outer, tuple(holes))
    check_polygon(polygon)
    return polygon


def polygon_to_proto(polygon: Polygon) -> pb.Polygon:
    """The polygon as the contract has it; the last corner is not repeated."""
    holes = [_ring_to_proto(hole) for hole in polygon.holes]
    return pb.Polygon(outer=_ring_to_proto(polygon.outer), holes=holes)


def box_from_proto(message: pb.Box) -> Box:
    """The box, or Unsound."""
    return Box(
        round(message.south_degrees * E7),
        round(message.west_degrees * E7),
        round(message.north_degrees * E7),
        round(message.east_degrees * E7),
    )


def _ring(message: pb.Ring) -> Ring:
    points = (
        inside(f"points[{i}]", point_from_proto, point) for i, point in enumerate(message.points)
    )
    return Ring(tuple(points))


def _ring_to_proto(ring: Ring) -> pb.Ring:
    return pb.Ring(points=[point_to_proto(point) for point in ring.points])
