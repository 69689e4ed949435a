"""Tenants' own geofences, both ways; every fault of a shape is named at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from google.type.latlng_pb2 import LatLng

from doorstep.tracking.v1 import geofence_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from meshkit.caller import MESH_DOMAIN
from meshkit.errors import Invalid, Violation
from services.tracking.convert.wire import duration, latlng, point, span, stamp
from services.tracking.domain.fence import Circle, Fence, Polygon, faults

SHAPES = ("circle", "polygon")
WRITABLE = ("display_name", *SHAPES, "exit_margin_meters", "dwell_duration")


def fence(message: geofence_pb2.Geofence) -> Fence:
    """The geofence that is asked for. Raises Invalid `SHAPE_INVALID` with every fault."""
    return Fence(
        fence_id=message.geofence_id,
        area=_area(message),
        display_name=message.display_name,
        exit_margin_meters=message.exit_margin_meters,
        dwell=span(message.dwell_duration) if message.HasField("dwell_duration") else None,
    )


def changed(known: Fence, request: pb.UpdateGeofenceRequest) -> Fence:
    """The geofence with the changes in it. Raises Invalid `FIELD_INVALID`, `SHAPE_INVALID`."""
    asked, names = request.geofence, list(request.update_mask.paths)
    unknown = [
        Violation(f"update_mask.paths[{place}]", f"{name!r} cannot be changed", "FIELD_INVALID")
        for place, name in enumerate(names)
        if name not in WRITABLE
    ]
    if unknown:
        why = f"{len(unknown)} fields that cannot be changed"
        raise Invalid("FIELD_INVALID", why, domain=MESH_DOMAIN, violations=unknown)
    names = names or [field.name for field, _ in asked.ListFields() if field.name in WRITABLE]
    message = fence_to_proto(known)
    for name in names:
        _take_over(message, asked, name)
    made = fence(message)
    return replace(made, created_at=known.created_at)


def _take_over(message: geofence_pb2.Geofence, asked: geofence_pb2.Geofence, name: str) -> None:
    given = geofence_pb2.Geofence()
    given.CopyFrom(asked)
    for other in WRITABLE:
        if other != name:
            given.ClearField(other)  # type: ignore[arg-type]
    given.ClearField("geofence_id")
    message.ClearField(name)  # type: ignore[arg-type]
    message.MergeFrom(given)


def fence_to_proto(one: Fence) -> geofence_pb2.Geofence:
    """A geofence as kept."""
    message = geofence_pb2.Geofence(
        geofence_id=one.fence_id,
        display_name=one.display_name,
        exit_margin_meters=one.exit_margin_meters,
        dwell_duration=duration(one.dwell),
        etag=str(one.revision),
        create_time=stamp(one.created_at),
        update_time=stamp(one.updated_at),
    )
    if isinstance(one.area, Circle):
        message.circle.center.CopyFrom(latlng(one.area.center))
        message.circle.radius_meters = one.area.radius_meters
    else:
        message.polygon.corners.extend(latlng(corner) for corner in one.area.corners)
    return message


def _area(message: geofence_pb2.Geofence) -> Circle | Polygon:
    shape = message.WhichOneof("shape")
    if shape is None:
        raise _invalid([Violation("geofence", "has no shape: give a circle or a polygon")])
    found = list(_misplaced(message))
    if found:
        raise _invalid(found)
    area: Circle | Polygon
    if shape == "circle":
        area = Circle(point(message.circle.center), message.circle.radius_meters)
    else:
        area = Polygon(tuple(point(corner) for corner in message.polygon.corners))
    found = [Violation(f"geofence.{shape}.{one.field}", one.why) for one in faults(area)]
    if found:
        raise _invalid(found)
    return area


def _misplaced(message: geofence_pb2.Geofence) -> Iterator[Violation]:
    """Places that lie nowhere on the earth."""
    if message.HasField("circle"):
        yield from _misplaced_at(message.circle.center, "geofence.circle.center")
    for number, corner in enumerate(message.polygon.corners):
        yield from _misplaced_at(corner, f"geofence.polygon.corners[{number}]")


def _misplaced_at(place: LatLng, field: str) -> Iterator[Violation]:
    for name, most in (("latitude", 90), ("longitude", 180)):
        value = getattr(place, name)
        if not math.isfinite(value) or abs(value) > most:
            yield Violation(f"{field}.{name}", f"lies outside of -{most} to {most} degrees")


def _invalid(found: list[Violation]) -> Invalid:
    named = [replace(one, reason="SHAPE_INVALID") for one in found]
    why = f"{len(named)} faults, first {named[0].field}: {named[0].description}"
    return Invalid("SHAPE_INVALID", why, violations=named)
