"""Tracking links, visibility, comments and the weather, both ways."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from doorstep.tracking.v1 import timeline_pb2, weather_pb2
from doorstep.tracking.v1 import tracking_link_pb2 as pb
from services.tracking.convert.wire import (
    duration,
    interval,
    latlng,
    number,
    point,
    span,
    stamp,
    window,
    word,
)
from services.tracking.domain.link import Link, LinkScope
from services.tracking.domain.note import AS_USUAL_PERMILLE, Audience, Condition, Weather
from services.tracking.domain.visibility import Rule, Visibility

THINGS = {
    "position": "position",
    "eta": "eta",
    "remaining_stop_count": "stops",
    "remaining_distance": "distance",
    "polyline": "polyline",
}
DEFAULT_SCOPES = (LinkScope.TRACK, LinkScope.SURVEY)


def scopes(values: Iterable[int]) -> tuple[LinkScope, ...]:
    """What the holder may do; track and survey when nothing is said."""
    names = (pb.LinkScope.Name(value) for value in values if value)  # type: ignore[arg-type]
    asked = tuple(LinkScope(name.removeprefix("LINK_SCOPE_")) for name in names)
    return asked or DEFAULT_SCOPES


def visibility(message: pb.VisibilityRules) -> Visibility:
    """What the holder may see, and when; a thing that is not named has its default."""
    default = Visibility()
    rules = {
        ours: _rule(getattr(message, theirs)) or getattr(default, ours)
        for theirs, ours in THINGS.items()
    }
    return Visibility(**rules)


def _rule(message: pb.VisibilityRule) -> Rule | None:
    match message.WhichOneof("condition"):
        case "remaining_stop_count":
            return Rule(stops=message.remaining_stop_count)
        case "remaining_duration":
            return Rule(time=span(message.remaining_duration))
        case "remaining_distance_meters":
            return Rule(meters=message.remaining_distance_meters)
        case "always" if message.always:
            return Rule(always=True)
        case "never" if message.never:
            return Rule(never=True)
        case _:
            return None


def _rule_to_proto(rule: Rule) -> pb.VisibilityRule:
    if rule.never:
        return pb.VisibilityRule(never=True)
    if rule.always:
        return pb.VisibilityRule(always=True)
    if rule.stops is not None:
        return pb.VisibilityRule(remaining_stop_count=rule.stops)
    if rule.time is not None:
        return pb.VisibilityRule(remaining_duration=duration(rule.time))
    return pb.VisibilityRule(remaining_distance_meters=rule.meters or 0)


def link_to_proto(link: Link) -> pb.TrackingLink:
    """A link as kept."""
    rules = {
        theirs: _rule_to_proto(getattr(link.visibility, ours)) for theirs, ours in THINGS.items()
    }
    return pb.TrackingLink(
        link_id=link.link_id,
        delivery_id=link.delivery_id,
        scopes=[number(pb.LinkScope, scope) for scope in link.scopes],
        visibility=pb.VisibilityRules(**rules),
        create_time=stamp(link.create_time),
        expire_time=stamp(link.expire_time),
        revoke_time=stamp(link.revoke_time),
    )


def audience(value: int) -> Audience:
    """Who may read a comment; those inside when nothing is said."""
    name = timeline_pb2.CommentAudience.Name(value).removeprefix("COMMENT_AUDIENCE_")  # type: ignore[arg-type]
    return Audience(name) if name in Audience.__members__ else Audience.INTERNAL


def weather(message: weather_pb2.WeatherReport, now: datetime) -> Weather:
    """A report. Raises ValueError for a place or an interval that is none."""
    has = message.HasField
    return Weather(
        report_id=message.report_id,
        center=point(message.center),
        radius_meters=message.radius_meters,
        window=window(message.interval),
        condition=word(weather_pb2.WeatherCondition, message.condition, Condition),
        record_time=now,
        temperature_decidegrees=(
            message.temperature_decidegrees if has("temperature_decidegrees") else None
        ),
        wind_centimeters_per_second=(
            message.wind_centimeters_per_second if has("wind_centimeters_per_second") else None
        ),
        travel_time_permille=max(AS_USUAL_PERMILLE, message.travel_time_permille),
        attribution=message.attribution,
    )


def weather_to_proto(report: Weather) -> weather_pb2.WeatherReport:
    """A report as kept."""
    return weather_pb2.WeatherReport(
        report_id=report.report_id,
        center=latlng(report.center),
        radius_meters=report.radius_meters,
        interval=interval(report.window),
        condition=number(weather_pb2.WeatherCondition, report.condition),
        temperature_decidegrees=report.temperature_decidegrees,
        wind_centimeters_per_second=report.wind_centimeters_per_second,
        travel_time_permille=report.travel_time_permille,
        attribution=report.attribution,
        record_time=stamp(report.record_time),
    )
