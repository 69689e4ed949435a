"""Requests about curbs and idling that the servicer tests share, as a caller would write them."""

from __future__ import annotations

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng
from google.type.timeofday_pb2 import TimeOfDay

from doorstep.compliance.v1 import access_rule_pb2, curb_pb2, idling_pb2, vehicle_pb2
from doorstep.compliance.v1 import check_service_pb2 as check_pb
from doorstep.compliance.v1 import zone_service_pb2 as pb
from services.compliance.convert.moments import moment_to_proto
from services.compliance.tests.places import at
from services.compliance.tests.wire import VAN, polygon, request_id

LAT, LNG = 60.0, 25.0  # a bay lies so many thousandths of a degree north of here
MILLI = 0.001
MIDDLE = LatLng(latitude=LAT, longitude=LNG)
LOADING_VAN = vehicle_pb2.Vehicle(vehicle_id="van", user_classes=["van", "delivery"])


def minutes(count: int) -> Duration:
    """A duration."""
    return Duration(seconds=count * 60)


def interval(start: str, count: int) -> Interval:
    """So many minutes of a day."""
    begins = at(start)
    ends = begins + timedelta(minutes=count)
    return Interval(start_time=moment_to_proto(begins), end_time=moment_to_proto(ends))


def bay(curb_zone_id: str = "bay", north: int = 0, *classes: str) -> curb_pb2.CurbZone:
    """Loading for twenty minutes on weekdays from 7 to 19, an hour apart."""
    rule = curb_pb2.CurbRule(
        activity=curb_pb2.CURB_ACTIVITY_LOADING,
        user_classes=classes or ["van"],
        max_stay=minutes(20),
        no_return=minutes(60),
    )
    span = access_rule_pb2.TimeSpan(
        days=[1, 2, 3, 4, 5],
        start=TimeOfDay(hours=7),
        end=TimeOfDay(hours=19),
    )
    policy = curb_pb2.CurbPolicy(
        policy_id="loading",
        priority=1,
        schedule=access_rule_pb2.Schedule(spans=[span]),
        rules=[rule],
    )
    return curb_pb2.CurbZone(
        curb_zone_id=curb_zone_id,
        title="Bay",
        area=polygon(round(LAT + north * MILLI, 7), LNG, 0.0002),
        time_zone="Europe/Helsinki",
        policies=[policy],
    )


def create_curb(zone: curb_pb2.CurbZone) -> pb.CreateCurbZoneRequest:
    """Asks to create a stretch."""
    return pb.CreateCurbZoneRequest(request_id=request_id(), curb_zone=zone)


def find(
    start: str = "2026-05-12 09:00", count: int = 10, radius: int = 2_000
) -> pb.FindCurbZonesRequest:
    """Asks where a van may load, by default at noon of a Tuesday in Helsinki."""
    return pb.FindCurbZonesRequest(
        point=MIDDLE,
        radius_meters=radius,
        vehicle=LOADING_VAN,
        activity=curb_pb2.CURB_ACTIVITY_LOADING,
        interval=interval(start, count),
    )


def idling_rule(
    idling_rule_id: str = "city", seconds: int = 180, size: float = 0.1
) -> idling_pb2.IdlingRule:
    """Forbids diesels to idle longer than so, in a square; a loading device excuses it."""
    diesels = access_rule_pb2.VehicleFilter(fuels=[vehicle_pb2.FUEL_DIESEL])
    return idling_pb2.IdlingRule(
        idling_rule_id=idling_rule_id,
        areas=[polygon(59.95, 24.95, size)],
        filter=diesels,
        limit=Duration(seconds=seconds),
        excuses=[idling_pb2.IDLING_EXCUSE_LOADING_DEVICE],
        penalty_micros=350_000_000,
        currency_code="USD",
    )


def create_idling(rule: idling_pb2.IdlingRule) -> pb.CreateIdlingRuleRequest:
    """Asks to create a rule."""
    return pb.CreateIdlingRuleRequest(request_id=request_id(), idling_rule=rule)


def check_idling(
    count: int, *excuses: int, vehicle: vehicle_pb2.Vehicle = VAN
) -> check_pb.CheckIdlingRequest:
    """Asks about so many minutes at the middle of the square."""
    return check_pb.CheckIdlingRequest(
        vehicle=vehicle,
        point=MIDDLE,
        interval=interval("2026-05-12 09:00", count),
        excuses=excuses,  # type: ignore[arg-type]
    )
