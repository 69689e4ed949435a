"""Idling rules, checks and episodes: wire <-> domain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from doorstep.compliance.v1 import check_service_pb2 as check_pb
from doorstep.compliance.v1 import emissions_service_pb2 as emissions_pb
from doorstep.compliance.v1 import idling_pb2
from doorstep.compliance.v1 import zone_service_pb2 as pb
from services.compliance.convert.emissions import basis_to_proto
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.filters import filter_from_proto, filter_to_proto
from services.compliance.convert.findings import verdict_to_proto
from services.compliance.convert.geometry import (
    point_from_proto,
    polygon_from_proto,
    polygon_to_proto,
)
from services.compliance.convert.moments import (
    enum_from_proto,
    enum_to_proto,
    interval_from_proto,
    interval_to_proto,
    moment_to_proto,
    open_interval_from_proto,
    span_from_proto,
    span_to_proto,
)
from services.compliance.convert.vehicle import vehicle_from_proto
from services.compliance.convert.zones import masked
from services.compliance.domain.episode import IdlingEpisode, IdlingRuleVersion
from services.compliance.domain.faults import check
from services.compliance.domain.filter import EVERY_VEHICLE
from services.compliance.domain.geometry import Point
from services.compliance.domain.idling import (
    Excuse,
    Idled,
    IdlingAnswer,
    IdlingLimit,
    IdlingRule,
)
from services.compliance.domain.shapes import check_area
from services.compliance.ports import EpisodeFilter

EXCUSE = "IDLING_EXCUSE_"
IDLED_MAX = timedelta(days=31)


def idling_rule_from_proto(message: idling_pb2.IdlingRule) -> IdlingRule:
    """The rule; raises Invalid with everything that is wrong with it."""
    faults = Faults()
    parts = [
        faults.take(f"idling_rule.areas[{i}]", polygon_from_proto, part)
        for i, part in enumerate(message.areas)
    ]
    wanted = faults.take("idling_rule.filter", filter_from_proto, message.filter)
    longest = faults.take("idling_rule.limit", _longest, message)
    if message.penalty_micros and not message.currency_code:
        faults.add("idling_rule.currency_code", "a fine has a currency")
    faults.refuse()
    area = tuple(part for part in parts if part)
    faults.take("idling_rule.areas", check_area, area)
    faults.refuse()
    excuses = tuple(_excuses(message.excuses))
    limit = IdlingLimit(accepted(faults, longest), accepted(faults, wanted), excuses)
    return IdlingRule(
        message.idling_rule_id,
        area,
        limit,
        message.penalty_micros,
        message.currency_code,
        message.source,
    )


def idling_rule_to_proto(version: IdlingRuleVersion) -> idling_pb2.IdlingRule:
    """A revision of a rule as the contract has it."""
    message = idling_rule_content(version.rule)
    message.create_time.CopyFrom(moment_to_proto(version.create_time))
    message.update_time.CopyFrom(moment_to_proto(version.record_time))
    message.etag = version.etag
    return message


def idling_rule_content(rule: IdlingRule) -> idling_pb2.IdlingRule:
    """What callers may write of a rule."""
    message = idling_pb2.IdlingRule(
        idling_rule_id=rule.idling_rule_id,
        areas=[polygon_to_proto(part) for part in rule.area],
        limit=span_to_proto(rule.limit.limit),
        excuses=[excuse_to_proto(excuse) for excuse in rule.limit.excuses],
        penalty_micros=rule.penalty_micros,
        currency_code=rule.currency_code,
        source=rule.source,
    )
    if rule.limit.filter != EVERY_VEHICLE:
        message.filter.CopyFrom(filter_to_proto(rule.limit.filter))
    return message


def idling_rule_change(request: pb.UpdateIdlingRuleRequest) -> Callable[[IdlingRule], IdlingRule]:
    """The change that a request asks for: its masked fields over the present rule."""

    def change(rule: IdlingRule) -> IdlingRule:
        content = masked(idling_rule_content(rule), request.idling_rule, request.update_mask)
        return idling_rule_from_proto(content)

    return change


def idling_question(request: check_pb.CheckIdlingRequest) -> tuple[Point, Idled]:
    """Where and what is asked; raises Invalid with everything that is wrong."""
    faults = Faults()
    vehicle = faults.take("vehicle", vehicle_from_proto, request.vehicle)
    place = faults.take("point", point_from_proto, request.point)
    interval = faults.take("interval", interval_from_proto, request.interval, IDLED_MAX)
    faults.refuse()
    start, end = accepted(faults, interval)
    excuses = frozenset(_excuses(request.excuses))
    idled = Idled(accepted(faults, vehicle), end - start, start.date(), excuses)
    return accepted(faults, place), idled


def idling_answer_to_proto(answer: IdlingAnswer) -> check_pb.CheckIdlingResponse:
    """What the rules of the place say."""
    return check_pb.CheckIdlingResponse(
        verdict=verdict_to_proto(answer.verdict),
        idling_rule_ids=[rule.idling_rule_id for rule in answer.broken],
        missing_attributes=answer.missing,
    )


def episode_filter(request: emissions_pb.ListIdlingEpisodesRequest) -> EpisodeFilter:
    """Which episodes are asked for; raises Invalid."""
    faults = Faults()
    interval = faults.take("interval", open_interval_from_proto, request.interval)
    return EpisodeFilter(request.vehicle_id, *accepted(faults, interval))


def episode_to_proto(episode: IdlingEpisode) -> idling_pb2.IdlingEpisode:
    """An episode as the contract has it."""
    fuel = episode.fuel
    message = idling_pb2.IdlingEpisode(
        idling_episode_id=episode.idling_episode_id,
        vehicle_id=episode.vehicle.vehicle_id,
        route_id=episode.route_id,
        carrier_id=episode.carrier_id,
        interval=interval_to_proto(episode.start, episode.end),
        idling_rule_id=episode.idling_rule_id,
        excuse=excuse_to_proto(episode.excuse),
        verdict=verdict_to_proto(episode.verdict),
        missing_attributes=episode.missing,
        fuel_milliliters=fuel.milliliters,
        fuel_cost_micros=episode.fuel_cost_micros,
        currency_code=episode.currency_code,
        penalty_micros=episode.penalty_micros,
        penalty_currency_code=episode.penalty_currency_code,
    )
    if fuel.basis is not None:
        message.co2e_milligrams = fuel.co2e.wtw_milligrams
        message.basis.CopyFrom(basis_to_proto(fuel.basis))
    return message


def excuse_to_proto(excuse: Excuse | None) -> Any:
    """An excuse; None is unspecified."""
    return enum_to_proto(idling_pb2.IdlingExcuse, EXCUSE, excuse)


def _excuses(numbers: Iterable[int]) -> list[Excuse]:
    members = (enum_from_proto(Excuse, idling_pb2.IdlingExcuse, EXCUSE, n) for n in numbers)
    return list(dict.fromkeys(member for member in members if member is not None))


def _longest(message: idling_pb2.IdlingRule) -> timedelta:
    longest = span_from_proto(message.limit)
    check(longest >= timedelta(), "a limit is not negative")
    return longest
