"""Access rules and their schedules: wire <-> domain."""

from __future__ import annotations

from typing import Any

from google.type.date_pb2 import Date

from doorstep.compliance.v1 import access_rule_pb2 as pb
from services.compliance.convert.filters import filter_from_proto, filter_to_proto
from services.compliance.convert.moments import (
    day_or_none,
    day_to_proto,
    enum_from_proto,
    enum_to_proto,
    seconds_from_proto,
    seconds_to_proto,
)
from services.compliance.domain.civil import DAY_SECONDS
from services.compliance.domain.faults import Unsound, inside
from services.compliance.domain.filter import EVERY_VEHICLE
from services.compliance.domain.rule import (
    Charge,
    ChargeUnit,
    Effect,
    PermitDemand,
    Prohibition,
    Rule,
)
from services.compliance.domain.schedule import (
    ALWAYS,
    HolidayEffect,
    Schedule,
    TimeSpan,
    YearDay,
)

UNIT, HOLIDAY = "CHARGE_UNIT_", "HOLIDAY_EFFECT_"


def rule_from_proto(message: pb.AccessRule) -> Rule:
    """The rule, or Unsound."""
    return Rule(
        message.rule_id,
        _effect(message),
        inside("filter", filter_from_proto, message.filter),
        inside("schedule", schedule_from_proto, message.schedule),
        message.title,
        message.source,
    )


def rule_to_proto(rule: Rule) -> pb.AccessRule:
    """The rule as the contract has it."""
    message = pb.AccessRule(rule_id=rule.rule_id, title=rule.title, source=rule.source)
    if rule.filter != EVERY_VEHICLE:
        message.filter.CopyFrom(filter_to_proto(rule.filter))
    if rule.schedule != ALWAYS:
        message.schedule.CopyFrom(schedule_to_proto(rule.schedule))
    match rule.effect:
        case Prohibition(penalty, currency):
            message.prohibition.CopyFrom(
                pb.Prohibition(penalty_micros=penalty, currency_code=currency)
            )
        case Charge() as charge:
            message.charge.CopyFrom(_charge_to_proto(charge))
        case PermitDemand(scheme, instructions):
            message.permit_demand.CopyFrom(
                pb.PermitDemand(scheme=scheme, instructions=instructions)
            )
    return message


def schedule_from_proto(message: pb.Schedule) -> Schedule:
    """The schedule, or Unsound."""
    return Schedule(
        inside("start_date", day_or_none, message, "start_date"),
        inside("end_date", day_or_none, message, "end_date"),
        tuple(inside(f"spans[{i}]", _span, span) for i, span in enumerate(message.spans)),
        tuple(
            inside(f"excepted_dates[{i}]", _year_day, day)
            for i, day in enumerate(message.excepted_dates)
        ),
    )


def schedule_to_proto(schedule: Schedule) -> pb.Schedule:
    """The schedule as the contract has it."""
    message = pb.Schedule(
        spans=[_span_to_proto(span) for span in schedule.spans],
        excepted_dates=[Date(year=d.year, month=d.month, day=d.day) for d in schedule.excepted],
    )
    if schedule.start is not None:
        message.start_date.CopyFrom(day_to_proto(schedule.start))
    if schedule.end is not None:
        message.end_date.CopyFrom(day_to_proto(schedule.end))
    return message


def unit_to_proto(unit: ChargeUnit) -> Any:
    """For what a charge is due once."""
    return enum_to_proto(pb.ChargeUnit, UNIT, unit)


def _effect(message: pb.AccessRule) -> Effect:
    match message.WhichOneof("effect"):
        case "prohibition":
            effect = message.prohibition
            return Prohibition(effect.penalty_micros, effect.currency_code)
        case "charge":
            return inside("charge", _charge, message.charge)
        case "permit_demand":
            return PermitDemand(message.permit_demand.scheme, message.permit_demand.instructions)
    raise Unsound("a rule has an effect")


def _charge(message: pb.Charge) -> Charge:
    unit = enum_from_proto(ChargeUnit, pb.ChargeUnit, UNIT, message.unit)
    if unit is None:
        raise Unsound("a charge has a unit")
    return Charge(message.amount_micros, message.currency_code, unit, message.daily_cap_micros)


def _charge_to_proto(charge: Charge) -> pb.Charge:
    return pb.Charge(
        amount_micros=charge.amount_micros,
        currency_code=charge.currency_code,
        unit=unit_to_proto(charge.unit),
        daily_cap_micros=charge.daily_cap_micros,
    )


def _span(message: pb.TimeSpan) -> TimeSpan:
    effect = enum_from_proto(HolidayEffect, pb.HolidayEffect, HOLIDAY, message.holiday_effect)
    return TimeSpan(
        tuple(sorted({day - 1 for day in message.days})),  # the wire's Monday is 1
        seconds_from_proto(message.start) if message.HasField("start") else 0,
        seconds_from_proto(message.end) if message.HasField("end") else DAY_SECONDS,
        effect or HolidayEffect.NONE,
        tuple(sorted(set(message.months))),
        tuple(sorted(set(message.days_of_month))),
    )


def _span_to_proto(span: TimeSpan) -> pb.TimeSpan:
    effect = None if span.holidays is HolidayEffect.NONE else span.holidays
    message = pb.TimeSpan(
        start=seconds_to_proto(span.start_seconds),
        end=seconds_to_proto(span.end_seconds),
        holiday_effect=enum_to_proto(pb.HolidayEffect, HOLIDAY, effect),
        months=span.months,
        days_of_month=span.days_of_month,
    )
    message.days.extend(day + 1 for day in span.days)  # type: ignore[arg-type, unused-ignore]
    return message


def _year_day(message: Date) -> YearDay:
    try:
        return YearDay(message.month, message.day, message.year)
    except ValueError as error:
        raise Unsound(f"not a date: {error}") from error
