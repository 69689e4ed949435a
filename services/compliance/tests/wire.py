"""Requests that the servicer tests share, as a caller would write them."""

from __future__ import annotations

import uuid

from google.type.date_pb2 import Date
from google.type.latlng_pb2 import LatLng

from doorstep.compliance.v1 import access_rule_pb2 as rules_pb
from doorstep.compliance.v1 import check_service_pb2 as check_pb
from doorstep.compliance.v1 import decision_pb2, vehicle_pb2, zone_pb2
from doorstep.compliance.v1 import zone_service_pb2 as zone_pb
from services.compliance.convert.moments import moment_to_proto, span_to_proto
from services.compliance.convert.presences import presence_to_proto
from services.compliance.convert.vehicle import vehicle_to_proto
from services.compliance.domain.presence import Presence
from services.compliance.tests.places import DIESEL_VAN, E_VAN, crossing

VAN = vehicle_to_proto(DIESEL_VAN)
ELECTRIC = vehicle_to_proto(E_VAN)
NOON = "2026-05-12 09:00"


def request_id() -> str:
    """A fresh one."""
    return str(uuid.uuid4())


def polygon(south: float = 59.95, west: float = 24.95, size: float = 0.1) -> zone_pb2.Polygon:
    """A square by its south-western corner."""
    north, east = round(south + size, 7), round(west + size, 7)
    corners = ((south, west), (south, east), (north, east), (north, west))
    points = [LatLng(latitude=lat, longitude=lng) for lat, lng in corners]
    return zone_pb2.Polygon(outer=zone_pb2.Ring(points=points))


def diesel_ban() -> rules_pb.AccessRule:
    """Keeps diesels out since 2024."""
    return rules_pb.AccessRule(
        rule_id="ban",
        filter=rules_pb.VehicleFilter(fuels=[vehicle_pb2.FUEL_DIESEL]),
        schedule=rules_pb.Schedule(start_date=Date(year=2024, month=1, day=1)),
        prohibition=rules_pb.Prohibition(penalty_micros=80_000_000, currency_code="EUR"),
    )


def day_fee(micros: int = 5_000_000) -> rules_pb.AccessRule:
    """Asks diesels for money, once a day."""
    return rules_pb.AccessRule(
        rule_id="fee",
        filter=rules_pb.VehicleFilter(fuels=[vehicle_pb2.FUEL_DIESEL]),
        charge=rules_pb.Charge(
            amount_micros=micros, currency_code="EUR", unit=rules_pb.CHARGE_UNIT_DAY
        ),
    )


def zone(*rules: rules_pb.AccessRule, zone_id: str = "centre") -> zone_pb2.Zone:
    """A zone over the square."""
    return zone_pb2.Zone(
        zone_id=zone_id,
        title="Centre",
        kind=zone_pb2.ZONE_KIND_LOW_EMISSION,
        time_zone="Europe/Helsinki",
        areas=[polygon()],
        rules=rules,
    )


def create(*rules: rules_pb.AccessRule, zone_id: str = "centre") -> zone_pb.CreateZoneRequest:
    """Asks to create a zone."""
    return zone_pb.CreateZoneRequest(request_id=request_id(), zone=zone(*rules, zone_id=zone_id))


def check(
    presence: Presence | None = None, vehicle: vehicle_pb2.Vehicle = VAN
) -> check_pb.CheckAccessRequest:
    """Asks about one presence: by default the crossing at noon."""
    query = check_pb.AccessQuery(
        query_id="q",
        vehicle_id=vehicle.vehicle_id,
        presence=presence_to_proto(presence or crossing(NOON)),
    )
    return check_pb.CheckAccessRequest(vehicles=[vehicle], queries=[query])


def evaluate(*entries: str, validate_only: bool = False) -> check_pb.EvaluateRoutesRequest:
    """Asks about a plan of routes that each cross once."""
    routes = [
        check_pb.CheckedRoute(
            route_id=f"rte_{number}",
            vehicle_id=VAN.vehicle_id,
            presences=[presence_to_proto(crossing(entry))],
        )
        for number, entry in enumerate(entries)
    ]
    return check_pb.EvaluateRoutesRequest(
        request_id=request_id(),
        route_plan_id="rpl_1",
        vehicles=[VAN],
        routes=routes,
        validate_only=validate_only,
    )


def broken_presence() -> decision_pb2.Presence:
    """A line that cannot be read."""
    moment, span = moment_to_proto(crossing(NOON).entry), span_to_proto(crossing(NOON).duration)
    return decision_pb2.Presence(polyline="_p~iF", entry_time=moment, duration=span)
