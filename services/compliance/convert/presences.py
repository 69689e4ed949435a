"""What is asked of checks: vehicles, presences, routes. Wire -> domain, and back for decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from doorstep.compliance.v1 import check_service_pb2 as pb
from doorstep.compliance.v1 import decision_pb2
from services.compliance.convert.faults import Faults
from services.compliance.convert.geometry import point_from_proto, point_to_proto
from services.compliance.convert.moments import (
    moment_from_proto,
    moment_or_none,
    moment_to_proto,
    span_from_proto,
    span_to_proto,
)
from services.compliance.convert.vehicle import vehicle_from_proto
from services.compliance.domain import polyline
from services.compliance.domain.faults import Unsound
from services.compliance.domain.finding import CheckedRoute
from services.compliance.domain.presence import Line, Place, Presence
from services.compliance.domain.vehicle import Vehicle
from services.compliance.usecases.checks import Question

Lines = dict[str, Line]


def queries_from_proto(request: pb.CheckAccessRequest) -> list[tuple[Vehicle, Presence]]:
    """The questions in order; raises Invalid with everything that is wrong."""
    faults = Faults()
    vehicles = _vehicles(request.vehicles, faults)
    lines = _lines([query.presence for query in request.queries])
    asked = []
    for number, query in enumerate(request.queries):
        path = f"queries[{number}]"
        vehicle = _described(vehicles, query.vehicle_id, path, faults)
        presence = faults.take(f"{path}.presence", presence_from_proto, query.presence, lines)
        if vehicle is not None and presence is not None:
            asked.append((vehicle, presence))
    faults.refuse()
    return asked


def question_from_proto(request: pb.EvaluateRoutesRequest) -> Question:
    """The routes of a plan; raises Invalid with everything that is wrong."""
    faults = Faults()
    vehicles = _vehicles(request.vehicles, faults)
    _refuse_doubles([route.route_id for route in request.routes], "routes", faults)
    lines = _lines([presence for route in request.routes for presence in route.presences])
    routes = [
        _route(route, f"routes[{number}]", vehicles, lines, faults)
        for number, route in enumerate(request.routes)
    ]
    faults.refuse()
    known = tuple(route for route in routes if route is not None)
    return Question(request.route_plan_id, known, as_of(request))


def as_of(request: Any) -> datetime | None:
    """Up to when recorded rules count; None is now."""
    faults = Faults()
    moment = faults.take("as_of_time", moment_or_none, request, "as_of_time")
    faults.refuse()
    return moment


def presence_from_proto(message: decision_pb2.Presence, lines: Lines) -> Presence:
    """The presence, or Unsound; `lines` are polylines that were decoded in bulk."""
    return Presence(
        _place(message, lines),
        moment_from_proto(message.entry_time),
        span_from_proto(message.duration),
        tuple(message.point_offset_seconds),
        message.subject_id,
    )


def presence_to_proto(presence: Presence) -> decision_pb2.Presence:
    """The presence as it was asked about; a straight leg has become a polyline."""
    message = decision_pb2.Presence(
        subject_id=presence.subject_id,
        entry_time=moment_to_proto(presence.entry),
        duration=span_to_proto(presence.duration),
        point_offset_seconds=presence.offsets_seconds,
    )
    if isinstance(presence.place, Line):
        message.polyline = presence.place.encoded
    else:
        message.point.CopyFrom(point_to_proto(presence.place))
    return message


def _place(message: decision_pb2.Presence, lines: Lines) -> Place:
    match message.WhichOneof("place"):
        case "point":
            return point_from_proto(message.point)
        case "polyline":
            return lines.get(message.polyline) or Line.decoded(message.polyline)
        case "leg":
            ends = message.leg.origin, message.leg.destination
            return Line.between(*(point_from_proto(end) for end in ends))
    raise Unsound("a presence has a place")


def _lines(messages: Sequence[decision_pb2.Presence]) -> Lines:
    """All polylines at once; none when one of them is broken, then each is tried by itself."""
    encoded = list(dict.fromkeys(m.polyline for m in messages if m.HasField("polyline")))
    try:
        decoded = polyline.decode_all(encoded) if encoded else []
    except Unsound:
        return {}
    return {sign: Line(sign, points) for sign, points in zip(encoded, decoded, strict=True)}


def _vehicles(messages: Any, faults: Faults) -> dict[str, Vehicle]:
    _refuse_doubles([message.vehicle_id for message in messages], "vehicles", faults)
    made = (
        faults.take(f"vehicles[{number}]", vehicle_from_proto, message)
        for number, message in enumerate(messages)
    )
    return {vehicle.vehicle_id: vehicle for vehicle in made if vehicle is not None}


def _refuse_doubles(ids: Sequence[str], path: str, faults: Faults) -> None:
    seen: set[str] = set()
    for number, one in enumerate(ids):
        if one in seen:
            faults.add(f"{path}[{number}]", f"{one!r} stands twice", "ID_REPEATED")
        seen.add(one)


def _described(
    vehicles: dict[str, Vehicle], vehicle_id: str, path: str, faults: Faults
) -> Vehicle | None:
    if vehicle_id not in vehicles:
        said = f"{vehicle_id!r} is not described in vehicles"
        faults.add(f"{path}.vehicle_id", said, "VEHICLE_UNDESCRIBED")
    return vehicles.get(vehicle_id)


def _route(
    message: pb.CheckedRoute, path: str, vehicles: dict[str, Vehicle], lines: Lines, faults: Faults
) -> CheckedRoute | None:
    vehicle = _described(vehicles, message.vehicle_id, path, faults)
    presences = [
        faults.take(f"{path}.presences[{number}]", presence_from_proto, presence, lines)
        for number, presence in enumerate(message.presences)
    ]
    made = tuple(presence for presence in presences if presence is not None)
    _refuse_disorder(made, path, faults)
    if vehicle is None or len(made) < len(presences):
        return None
    return CheckedRoute(message.route_id, vehicle, made)


def _refuse_disorder(presences: Sequence[Presence], path: str, faults: Faults) -> None:
    for number in range(1, len(presences)):
        if presences[number].entry < presences[number - 1].entry:
            faults.add(f"{path}.presences[{number}]", "begins before the one before it")
