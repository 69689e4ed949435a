"""Street closures: wire <-> domain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from google.type.latlng_pb2 import LatLng

from doorstep.compliance.v1 import closure_pb2
from doorstep.compliance.v1 import zone_service_pb2 as pb
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.filters import filter_from_proto, filter_to_proto
from services.compliance.convert.geometry import (
    point_from_proto,
    polygon_from_proto,
    polygon_to_proto,
)
from services.compliance.convert.moments import (
    interval_to_proto,
    moment_to_proto,
    open_interval_from_proto,
)
from services.compliance.convert.zones import masked
from services.compliance.domain.faults import Unsound, inside
from services.compliance.domain.filter import EVERY_VEHICLE, VehicleFilter
from services.compliance.domain.geometry import E7, Point, Polygon
from services.compliance.domain.shapes import buffered
from services.compliance.domain.zone import Closure, ClosureVersion

HALFWIDTH_METERS = 5  # of a street where nobody says more


def closure_from_proto(message: closure_pb2.StreetClosure) -> Closure:
    """The closure; raises Invalid."""
    faults, at = Faults(), "street_closure"
    line = faults.take(f"{at}.line", _line, message.line)
    area = None if line else faults.take(f"{at}.area", polygon_from_proto, message.area)
    interval = faults.take(f"{at}.interval", open_interval_from_proto, message.interval)
    wanted = faults.take(f"{at}.filter", filter_from_proto, message.filter)
    faults.refuse()
    ends, vehicles = interval or (None, None), wanted or EVERY_VEHICLE
    make = partial(_closure, message, line or (), area, ends, vehicles)
    return accepted(faults, faults.take(at, make))


def closure_to_proto(version: ClosureVersion) -> closure_pb2.StreetClosure:
    """A revision of a closure as the contract has it."""
    message = closure_content(version.closure)
    message.create_time.CopyFrom(moment_to_proto(version.create_time))
    message.update_time.CopyFrom(moment_to_proto(version.record_time))
    message.etag = version.etag
    return message


def closure_content(closure: Closure) -> closure_pb2.StreetClosure:
    """What callers may write of a closure."""
    message = closure_pb2.StreetClosure(
        closure_id=closure.closure_id,
        title=closure.title,
        interval=interval_to_proto(closure.start, closure.end),
        source=closure.source,
    )
    if closure.line:
        message.line.halfwidth_meters = closure.halfwidth_meters
        message.line.points.extend(_point(*pair) for pair in closure.line)
    else:
        message.area.CopyFrom(polygon_to_proto(closure.area[0]))
    if closure.filter != EVERY_VEHICLE:
        message.filter.CopyFrom(filter_to_proto(closure.filter))
    return message


def closure_change(request: pb.UpdateStreetClosureRequest) -> Callable[[Closure], Closure]:
    """The change that a request asks for: its masked fields over the present closure."""

    def change(closure: Closure) -> Closure:
        content = masked(closure_content(closure), request.street_closure, request.update_mask)
        return closure_from_proto(content)

    return change


def closures_interval(
    request: pb.ListStreetClosuresRequest,
) -> tuple[datetime | None, datetime | None]:
    """For which time closures are asked for; raises Invalid."""
    faults = Faults()
    return accepted(faults, faults.take("interval", open_interval_from_proto, request.interval))


def _line(message: closure_pb2.StreetLine) -> tuple[Point, ...]:
    points = enumerate(message.points)
    return tuple(inside(f"points[{i}]", point_from_proto, point) for i, point in points)


def _closure(
    message: closure_pb2.StreetClosure,
    line: tuple[Point, ...],
    area: Polygon | None,
    interval: tuple[datetime | None, datetime | None],
    wanted: VehicleFilter,
) -> Closure:
    start, end = interval
    if start is None:
        raise Unsound("a closure starts at some time", "INTERVAL_INVALID", "interval")
    width = message.line.halfwidth_meters or HALFWIDTH_METERS
    return Closure(
        message.closure_id,
        message.title,
        (area or buffered(line, width),),
        start,
        end,
        wanted,
        message.source,
        tuple((point.lat_e7, point.lng_e7) for point in line),
        width if line else 0,
    )


def _point(lat_e7: int, lng_e7: int) -> LatLng:
    return LatLng(latitude=lat_e7 / E7, longitude=lng_e7 / E7)
