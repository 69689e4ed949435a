"""
Compliance, asked: implements `ports.Compliance`.

Fails closed. What could not be asked, and what is answered with a verdict that this release does
not know, is not allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import latlng_pb2

from doorstep.compliance.v1 import (
    check_service_pb2,
    check_service_pb2_grpc,
    decision_pb2,
    vehicle_pb2,
)
from meshkit.errors import Exhausted, TooLate, Unavailable
from meshkit.ids import new_uuid
from services.dispatch.domain.fleet import FuelType, VehicleAttributes
from services.dispatch.domain.route import REACHED, Leg, Route, Stop
from services.dispatch.domain.route_plan import Clearance, PlanViolation, PlanViolationKind
from services.dispatch.domain.values import Point
from services.dispatch.domain.vehicle_papers import category, euro_class, permits, stickers

AWAY = (Unavailable, Exhausted, TooLate)
RETRY_AFTER = timedelta(seconds=1)

FUELS = {
    FuelType.DIESEL: vehicle_pb2.FUEL_DIESEL,
    FuelType.HVO: vehicle_pb2.FUEL_DIESEL,
    FuelType.PETROL: vehicle_pb2.FUEL_PETROL,
    FuelType.ELECTRIC: vehicle_pb2.FUEL_ELECTRIC,
    FuelType.HYDROGEN: vehicle_pb2.FUEL_HYDROGEN,
    FuelType.LPG: vehicle_pb2.FUEL_LPG,
    FuelType.CNG: vehicle_pb2.FUEL_CNG,
    FuelType.HYBRID: vehicle_pb2.FUEL_HYBRID_PETROL,
    FuelType.HYBRID_DIESEL: vehicle_pb2.FUEL_HYBRID_DIESEL,
    FuelType.PLUG_IN_HYBRID: vehicle_pb2.FUEL_PLUG_IN_PETROL,
    FuelType.PLUG_IN_HYBRID_DIESEL: vehicle_pb2.FUEL_PLUG_IN_DIESEL,
    FuelType.HUMAN: vehicle_pb2.FUEL_MUSCLE,
}
ALLOWED = frozenset({decision_pb2.VERDICT_ALLOW, decision_pb2.VERDICT_ALLOW_WITH_CHARGE})
KINDS = {
    decision_pb2.VERDICT_DENY: PlanViolationKind.ACCESS_DENIED,
    decision_pb2.VERDICT_PERMIT_NEEDED: PlanViolationKind.PERMIT_NEEDED,
}


class MeshCompliance:
    """Asks over the mesh."""

    def __init__(self, stub: check_service_pb2_grpc.CheckServiceAsyncStub) -> None:
        self._stub = stub

    async def clear(self, route_plan_id: str, routes: Sequence[Route], kept: bool) -> Clearance:
        """One decision for each route; the way that lies behind a vehicle is not asked about."""
        asked = [route for route in routes if any(presences_of(route))]
        if not asked:
            return Clearance((), {}, {})
        request = check_service_pb2.EvaluateRoutesRequest(
            request_id=str(new_uuid()),
            route_plan_id=route_plan_id,
            vehicles=[vehicle_of(_subject(route), route.vehicle) for route in asked],
            routes=map(_checked, asked),
            validate_only=not kept,
        )
        try:
            answer = await self._stub.EvaluateRoutes(request)
        except AWAY as error:
            raise Unavailable(
                "COMPLIANCE_UNAVAILABLE",
                f"compliance could not be asked: {error.reason}",
                retry_after=error.retry_after or RETRY_AFTER,
                cause=error.reason,
            ) from error
        return clearance_of(answer.decisions, asked)


def clearance_of(decisions: Sequence[Any], asked: Sequence[Route]) -> Clearance:
    """What the decisions come to; a route without one is unknown, thus forbidden."""
    by_route = {decision.route_id: decision for decision in decisions}
    unanswered = [
        PlanViolation(PlanViolationKind.ACCESS_UNKNOWN, route_id=route.route_id)
        for route in asked
        if route.route_id not in by_route
    ]
    return Clearance(
        violations=(*unanswered, *(v for d in decisions for v in _violations(d))),
        decision_ids_by_route={
            route_id: (decision.decision_id,)
            for route_id, decision in by_route.items()
            if decision.decision_id
        },
        charge_micros_by_route={
            route_id: sum(total.amount_micros for total in decision.totals)
            for route_id, decision in by_route.items()
        },
    )


def _violations(decision: Any) -> Iterator[PlanViolation]:
    if decision.verdict in ALLOWED:
        return
    bad = [finding for finding in decision.findings if finding.verdict not in ALLOWED]
    for finding in bad:
        yield PlanViolation(
            kind=KINDS.get(finding.verdict, PlanViolationKind.ACCESS_UNKNOWN),
            rule_id=finding.rule_ids[0] if finding.rule_ids else finding.closure_id,
            route_id=decision.route_id,
            stop_id=finding.subject_id.partition(":")[2],
            decision_id=decision.decision_id,
            detail=_told(finding),
        )
    if not bad:
        kind = KINDS.get(decision.verdict, PlanViolationKind.ACCESS_UNKNOWN)
        named = {"route_id": decision.route_id, "decision_id": decision.decision_id}
        yield PlanViolation(kind, **named)


def _told(finding: Any) -> str:
    where = finding.zone_id or finding.closure_id
    missing = ", ".join((*finding.missing_attributes, *finding.permit_schemes))
    return f"{where}: {missing}" if missing else str(where)


def _subject(route: Route) -> str:
    """A vehicle's name in the request: a carrier's has none of its own."""
    return route.vehicle_id or route.route_id


def _checked(route: Route) -> check_service_pb2.CheckedRoute:
    return check_service_pb2.CheckedRoute(
        route_id=route.route_id, vehicle_id=_subject(route), presences=presences_of(route)
    )


def presences_of(route: Route) -> Iterator[decision_pb2.Presence]:
    """Each leg and each stop that lies ahead, in order: where the vehicle would be, and when."""
    ends = [route.start_location, *(stop.location for stop in route.stops), route.end_location]
    behind = max((r for r, stop in enumerate(route.stops) if stop.state in REACHED), default=-1)
    for rank, leg in enumerate(route.legs):
        stop = route.stops[rank] if rank < len(route.stops) else None
        if rank > behind and ends[rank] != ends[rank + 1]:
            yield _leg_presence(leg, ends[rank], ends[rank + 1], stop)
        if stop is not None and rank > behind:
            yield _stop_presence(stop)


def _leg_presence(leg: Leg, start: Point, end: Point, stop: Stop | None) -> decision_pb2.Presence:
    made = decision_pb2.Presence(
        subject_id=f"leg:{stop.stop_id if stop else ''}",
        entry_time=_moment(leg.departure_time),
        duration=_span(leg.travel_duration),
    )
    if leg.polyline:
        made.polyline = leg.polyline
    else:
        made.leg.origin.CopyFrom(_point(start))
        made.leg.destination.CopyFrom(_point(end))
    return made


def _stop_presence(stop: Stop) -> decision_pb2.Presence:
    return decision_pb2.Presence(
        subject_id=f"stop:{stop.stop_id}",
        point=_point(stop.location),
        entry_time=_moment(stop.arrival_time),
        duration=_span(stop.departure_time - stop.arrival_time),
    )


def vehicle_of(name: str, known: VehicleAttributes) -> vehicle_pb2.Vehicle:
    """A vehicle as compliance asks for it; the list of its permits is complete."""
    made = vehicle_pb2.Vehicle(
        vehicle_id=name,
        category=vehicle_pb2.VehicleCategory.Value(f"VEHICLE_CATEGORY_{category(known)}"),
        fuel=FUELS[known.fuel_type],
        euro_class=euro_class(known),
        max_mass_grams=known.gross_mass_grams,
        unladen_mass_grams=known.curb_mass_grams,
        payload_grams=known.capacity_mass_grams,
        permits=[vehicle_pb2.Permit(scheme=scheme, held=True) for scheme in permits(known)],
        permits_complete=True,
        stickers=[vehicle_pb2.Sticker(scheme=s, grade=g) for s, g in stickers(known)],
        registration_country_code=known.registration_country,
        height_centimeters=-(-known.height_millimeters // 10),
        width_centimeters=-(-known.width_millimeters // 10),
        length_centimeters=-(-known.length_millimeters // 10),
        consumption_watt_hours_per_kilometer=known.consumption_watt_hours_per_kilometer,
        consumption_milliliters_per_hundred_kilometers=(
            known.consumption_milliliters_per_hundred_kilometers
        ),
        renewable_diesel=known.fuel_type is FuelType.HVO,
    )
    if (first := known.first_registration_date) is not None:
        date = made.first_registration_date
        date.year, date.month, date.day = first.year, first.month, first.day
    return made


def _point(point: Point) -> latlng_pb2.LatLng:
    return latlng_pb2.LatLng(latitude=point.latitude, longitude=point.longitude)


def _span(length: timedelta) -> Duration:
    made = Duration()
    made.FromTimedelta(length)
    return made


def _moment(at: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(at)
    return made
