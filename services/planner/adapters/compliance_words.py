"""The planner's values in compliance's words, and back."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng

from doorstep.compliance.v1 import access_rule_pb2, decision_pb2, vehicle_pb2, zone_pb2
from doorstep.compliance.v1 import check_service_pb2 as pb
from services.planner.domain.access import AccessArea, AccessSpan, Charge, Finding, Verdict
from services.planner.domain.problem import MASS
from services.planner.domain.shift import Vehicle
from services.planner.domain.travel import RING_POINTS_MAX, BlockedArea, Point
from services.planner.ports import Presence

SECONDS_A_WEEK = 7 * 86_400  # the longest presence that compliance checks


def vehicle(own: Vehicle) -> vehicle_pb2.Vehicle:
    """A vehicle by what access rules look at."""
    known = own.access
    message = vehicle_pb2.Vehicle(
        vehicle_id=own.vehicle_id,
        category=vehicle_pb2.VehicleCategory.Value(
            f"VEHICLE_CATEGORY_{known.category or 'UNSPECIFIED'}"
        ),
        fuel=vehicle_pb2.Fuel.Value(f"FUEL_{known.fuel_type or 'UNSPECIFIED'}"),
        euro_class=known.euro_class,
        max_mass_grams=known.max_mass_grams,
        unladen_mass_grams=known.unladen_mass_grams,
        permits=[
            vehicle_pb2.Permit(scheme=scheme, held=True) for scheme in known.held_permit_schemes
        ],
        permits_complete=known.permits_complete,
        auto_pay=known.auto_pay,
        stickers=[vehicle_pb2.Sticker(scheme=s, grade=g) for s, g in known.stickers],
        registration_country_code=known.registration_country_code,
        height_centimeters=known.height_centimeters,
        width_centimeters=known.width_centimeters,
        length_centimeters=known.length_centimeters,
        payload_grams=own.capacity[MASS] if own.capacity else 0,
    )
    if known.first_registration is not None:
        day = known.first_registration
        message.first_registration_date.CopyFrom(Date(year=day.year, month=day.month, day=day.day))
    return message


def interval(start_second: int, end_second: int) -> Interval:
    """`[start, end)`."""
    return Interval(
        start_time=Timestamp(seconds=start_second), end_time=Timestamp(seconds=end_second)
    )


def query(presence: Presence) -> pb.AccessQuery:
    """One leg or stay."""
    where = decision_pb2.Presence(
        entry_time=Timestamp(seconds=presence.start_second),
        duration=Duration(seconds=min(max(0, presence.length_seconds), SECONDS_A_WEEK)),
    )
    if presence.polyline:
        where.polyline = presence.polyline
    elif len(presence.points) == 1:
        where.point.CopyFrom(latlng(presence.points[0]))
    else:
        origin, destination = map(latlng, presence.points)
        where.leg.CopyFrom(decision_pb2.StraightLeg(origin=origin, destination=destination))
    return pb.AccessQuery(vehicle_id=presence.vehicle.vehicle_id, presence=where)


def latlng(point: Point) -> LatLng:
    """A position."""
    return LatLng(latitude=point.latitude, longitude=point.longitude)


def area(message: pb.AccessArea) -> AccessArea:
    """An area; a part whose line is finer than roads need is thinned."""
    area_id = message.zone_id or message.closure_id
    return AccessArea(
        area_id,
        tuple(BlockedArea(area_id, rings(part)) for part in message.areas),
        tuple(map(span, message.spans)),
    )


def rings(polygon: zone_pb2.Polygon) -> tuple[tuple[Point, ...], ...]:
    """The outer ring, then the holes."""
    return tuple(ring(one) for one in (polygon.outer, *polygon.holes))


def ring(message: zone_pb2.Ring) -> tuple[Point, ...]:
    """A ring without its repeated last point."""
    step = -(-len(message.points) // RING_POINTS_MAX)
    points = [Point(own.latitude, own.longitude) for own in message.points[::step]]
    return tuple(points[:-1] if points[0] == points[-1] else points)


def span(message: pb.AccessSpan) -> AccessSpan:
    """A span; it covers every second that it touches."""
    end = message.interval.end_time
    return AccessSpan(
        message.interval.start_time.seconds,
        end.seconds + (1 if end.nanos else 0),
        verdict(message.verdict),
    )


def verdict(number: decision_pb2.Verdict.ValueType) -> Verdict:
    """A verdict; one that this release does not know keeps the vehicle out."""
    name = decision_pb2.Verdict.Name(number).removeprefix("VERDICT_") if number in KNOWN else ""
    return Verdict[name] if name in Verdict.__members__ else Verdict.UNKNOWN


KNOWN = frozenset(decision_pb2.Verdict.values())


def finding(presence: Presence, message: decision_pb2.Finding) -> Finding:
    """What one zone or closure says about one leg or stay."""
    details = [*message.missing_attributes, *message.permit_schemes, *message.rule_ids]
    area_id = message.zone_id or message.closure_id
    return Finding(presence.rank, verdict(message.verdict), area_id, ", ".join(details))


def charge(presence: Presence, message: decision_pb2.ChargeDue) -> Charge:
    """What one zone asks for one leg or stay."""
    return Charge(
        message.zone_id,
        message.rule_id,
        message.amount_micros,
        message.currency_code,
        is_daily(message),
        presence.rank,
    )


def is_daily(message: decision_pb2.ChargeDue) -> bool:
    """Whether it is due once a day, however often the vehicle is there."""
    return message.unit == access_rule_pb2.CHARGE_UNIT_DAY


def day(message: decision_pb2.ChargeDue) -> str:
    """The local day that it belongs to."""
    date = message.charge_date
    return f"{date.year:04}-{date.month:02}-{date.day:02}"
