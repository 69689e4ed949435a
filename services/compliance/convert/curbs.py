"""Stretches of curb and searches for them: wire <-> domain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from google.protobuf.duration_pb2 import Duration

from doorstep.compliance.v1 import curb_pb2
from doorstep.compliance.v1 import zone_service_pb2 as pb
from services.compliance.convert.curb_sentences import sentence
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.geometry import (
    point_from_proto,
    polygon_from_proto,
    polygon_to_proto,
)
from services.compliance.convert.moments import (
    day_from_proto,
    day_to_proto,
    enum_from_proto,
    enum_to_proto,
    interval_from_proto,
    moment_from_proto,
    moment_to_proto,
    span_from_proto,
    span_to_proto,
)
from services.compliance.convert.rules import schedule_from_proto, schedule_to_proto
from services.compliance.convert.vehicle import vehicle_from_proto
from services.compliance.convert.zones import masked
from services.compliance.domain.civil import zone_of
from services.compliance.domain.curb import Activity, CurbPolicy, CurbRule
from services.compliance.domain.curb_zone import (
    CurbFinding,
    CurbZone,
    CurbZoneVersion,
    check_policies,
)
from services.compliance.domain.faults import Unsound, check
from services.compliance.domain.geometry import Polygon
from services.compliance.domain.schedule import ALWAYS
from services.compliance.domain.shapes import check_area
from services.compliance.usecases.curbs import CurbSearch

ACTIVITY = "CURB_ACTIVITY_"
STAY_MAX = timedelta(days=31)
RADIUS_METERS = 100  # where nobody says more
MILLIMETERS = 1_000


def curb_zone_from_proto(message: curb_pb2.CurbZone, path: str = "curb_zone") -> CurbZone:
    """The stretch; raises Invalid with everything that is wrong with it."""
    faults = Faults()
    polygon = faults.take(f"{path}.area", _polygon, message.area)
    faults.take(f"{path}.time_zone", zone_of, message.time_zone)
    holidays = [
        faults.take(f"{path}.holidays[{i}]", day_from_proto, day)
        for i, day in enumerate(message.holidays)
    ]
    policies = [
        _policy(faults, f"{path}.policies[{i}]", policy)
        for i, policy in enumerate(message.policies)
    ]
    faults.refuse()
    faults.take(f"{path}.policies", check_policies, policies)
    faults.refuse()
    days = sorted({day for day in holidays if day})
    make = partial(_curb_zone, message, accepted(faults, polygon), policies, days)
    return accepted(faults, faults.take(path, make))


def _curb_zone(
    message: curb_pb2.CurbZone,
    polygon: Polygon,
    policies: list[CurbPolicy],
    holidays: list[date],
) -> CurbZone:
    return CurbZone(
        curb_zone_id=message.curb_zone_id,
        title=message.title,
        polygon=polygon,
        time_zone=message.time_zone,
        policies=tuple(policies),
        holidays=tuple(holidays),
        source=message.source,
    )


def curb_zone_to_proto(version: CurbZoneVersion) -> curb_pb2.CurbZone:
    """A revision of a stretch as the contract has it."""
    message = curb_zone_content(version.zone)
    message.create_time.CopyFrom(moment_to_proto(version.create_time))
    message.update_time.CopyFrom(moment_to_proto(version.record_time))
    message.etag = version.etag
    return message


def curb_zone_content(zone: CurbZone) -> curb_pb2.CurbZone:
    """What callers may write of a stretch."""
    return curb_pb2.CurbZone(
        curb_zone_id=zone.curb_zone_id,
        title=zone.title,
        area=polygon_to_proto(zone.polygon),
        time_zone=zone.time_zone,
        holidays=[day_to_proto(day) for day in zone.holidays],
        policies=[_policy_to_proto(policy) for policy in zone.policies],
        source=zone.source,
    )


def curb_zone_change(request: pb.UpdateCurbZoneRequest) -> Callable[[CurbZone], CurbZone]:
    """The change that a request asks for: its masked fields over the present stretch."""

    def change(zone: CurbZone) -> CurbZone:
        content = masked(curb_zone_content(zone), request.curb_zone, request.update_mask)
        return curb_zone_from_proto(content)

    return change


def curb_search(request: pb.FindCurbZonesRequest) -> CurbSearch:
    """What is searched; raises Invalid with everything that is wrong."""
    faults = Faults()
    place = faults.take("point", point_from_proto, request.point)
    vehicle = faults.take("vehicle", vehicle_from_proto, request.vehicle)
    activity = faults.take("activity", _wanted, request.activity)
    interval = faults.take("interval", interval_from_proto, request.interval, STAY_MAX)
    left = _departures(faults, request)
    faults.refuse()
    start, end = accepted(faults, interval)
    return CurbSearch(
        accepted(faults, place),
        request.radius_meters or RADIUS_METERS,
        accepted(faults, activity),
        frozenset(accepted(faults, vehicle).user_classes),
        start,
        end,
        left,
    )


def finding_to_proto(finding: CurbFinding) -> pb.CurbZoneFinding:
    """How a stretch suits."""
    policy = finding.answer.policy
    return pb.CurbZoneFinding(
        curb_zone=curb_zone_to_proto(finding.version),
        distance_meters=-(-finding.distance_millimeters // MILLIMETERS),
        allowed=finding.answer.allowed,
        policy_id=policy.policy_id if policy else "",
        explanation=sentence(finding),
    )


def _departures(faults: Faults, request: pb.FindCurbZonesRequest) -> dict[str, datetime]:
    left: dict[str, datetime] = {}
    for number, departure in enumerate(request.departures):
        path, name = f"departures[{number}]", departure.curb_zone_id
        if name in left:
            faults.add(path, f"{name!r} stands twice", "ID_REPEATED")
        moment = faults.take(path, moment_from_proto, departure.depart_time)
        if moment is not None:
            left[name] = moment
    return left


def _wanted(number: Any) -> Activity:
    activity = _activity(number)
    check(not activity.value.startswith("no "), "what is wanted is an activity, not a prohibition")
    return activity


def _activity(number: Any) -> Activity:
    activity = enum_from_proto(Activity, curb_pb2.CurbActivity, ACTIVITY, number)
    if activity is None:
        raise Unsound("a rule has an activity")
    return activity


def _polygon(message: Any) -> Polygon:
    polygon = polygon_from_proto(message)
    check_area((polygon,))
    return polygon


def _policy(faults: Faults, path: str, message: curb_pb2.CurbPolicy) -> CurbPolicy:
    schedule = faults.take(f"{path}.schedule", schedule_from_proto, message.schedule)
    rules = [faults.take(f"{path}.rules[{i}]", _rule, rule) for i, rule in enumerate(message.rules)]
    known = tuple(rule for rule in rules if rule)
    return CurbPolicy(message.priority, known, schedule or ALWAYS, message.policy_id)


def _policy_to_proto(policy: CurbPolicy) -> curb_pb2.CurbPolicy:
    message = curb_pb2.CurbPolicy(
        policy_id=policy.policy_id,
        priority=policy.priority,
        rules=[_rule_to_proto(rule) for rule in policy.rules],
    )
    if policy.schedule != ALWAYS:
        message.schedule.CopyFrom(schedule_to_proto(policy.schedule))
    return message


def _rule(message: curb_pb2.CurbRule) -> CurbRule:
    return CurbRule(
        _activity(message.activity),
        frozenset(message.user_classes),
        span_from_proto(message.max_stay) if message.HasField("max_stay") else None,
        span_from_proto(message.no_return) if message.HasField("no_return") else None,
    )


def _rule_to_proto(rule: CurbRule) -> curb_pb2.CurbRule:
    return curb_pb2.CurbRule(
        activity=enum_to_proto(curb_pb2.CurbActivity, ACTIVITY, rule.activity),
        user_classes=sorted(rule.user_classes),
        max_stay=_length(rule.max_stay),
        no_return=_length(rule.no_return),
    )


def _length(length: timedelta | None) -> Duration | None:
    return None if length is None else span_to_proto(length)
