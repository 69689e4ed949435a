"""The engine's answers to a case, in the evaluator's words: ours, and nothing of the evaluator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from services.compliance.domain import polyline
from services.compliance.domain.checking import check_presences, check_routes
from services.compliance.domain.filter import Bounds, DateBounds, StickerBounds, VehicleFilter
from services.compliance.domain.finding import Answer, CheckedRoute, Finding
from services.compliance.domain.geometry import Point, Polygon, Ring
from services.compliance.domain.presence import Line, Presence
from services.compliance.domain.rule import (
    Charge,
    ChargeUnit,
    Effect,
    PermitDemand,
    Prohibition,
    Rule,
)
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan, YearDay
from services.compliance.domain.vehicle import Body, Category, Fuel, Permit, Sticker, Vehicle
from services.compliance.domain.zone import Caveat, Closure, RuleSet, Zone, ZoneKind
from tests.evaluator.cases import EPOCH

Words = Mapping[str, Any]
FINE = 100  # ten-millionths of a degree in the unit of polylines
ENUMS = {"category": Category, "fuel": Fuel, "body": Body}
CHOICES = {
    "categories": ("categories", Category),
    "fuels": ("fuels", Fuel),
    "excluded_fuels": ("excluded_fuels", Fuel),
    "bodies": ("bodies", Body),
    "toll_classes": ("toll_classes", str),
    "registration_country_codes": ("registration_countries", str),
    "lacking_permits": ("lacking_permits", str),
    "held_permits": ("held_permits", str),
}
RENAMED = {
    "first_registration_date": "first_registration",
    "registration_country_code": "registration_country",
}


def answer(case: Words) -> dict[str, Any]:
    """What the engine says to the presence alone."""
    asked = (vehicle_of(case["vehicle"]), presence_of(case["presence"]))
    (found,) = check_presences(book_of(case), [asked])
    return _answer(found) | {"next_allowed": found.next_allowed}


def routes(case: Words) -> list[dict[str, Any]]:
    """What the engine says to the routes together."""
    asked = [
        CheckedRoute(
            route["route_id"],
            vehicle_of(route["vehicle"]),
            tuple(presence_of(presence) for presence in route["presences"]),
        )
        for route in case["routes"]
    ]
    return [_answer(found) for found in check_routes(book_of(case), asked)]


def book_of(case: Words) -> RuleBook:
    """The rule book of a case."""
    versions = [
        _rule_set(zone["zone_id"], version)
        for zone in case["zones"]
        for version in zone["versions"]
    ]
    return RuleBook(1, versions, [_closure(closure) for closure in case["closures"]])


def _rule_set(zone_id: str, words: Words) -> RuleSet:
    zone = Zone(
        zone_id,
        zone_id,
        ZoneKind.OTHER,
        words["time_zone"],
        _area(words["areas"]),
        tuple(_rule(rule) for rule in words["rules"]),
        holidays=tuple(words["holidays"]),
        retired=words["retired"],
    )
    number = words["version"]
    name = f"rls_{zone_id}_{number}"
    return RuleSet(name, zone, number, number, EPOCH, EPOCH, words["from"], words["to"])


def _closure(words: Words) -> Closure:
    area, selected = _area(words["areas"]), filter_of(words["filter"])
    return Closure(words["closure_id"], "Works", area, words["from"], words["to"], selected)


def _area(parts: Any) -> tuple[Polygon, ...]:
    return tuple(
        Polygon(_ring(part["outer"]), tuple(_ring(hole) for hole in part["holes"]))
        for part in parts
    )


def _ring(corners: Any) -> Ring:
    return Ring(tuple(Point(lat, lng) for lat, lng in corners))


def _rule(words: Words) -> Rule:
    schedule = Schedule(
        words["start"],
        words["end"],
        tuple(_span(span) for span in words["spans"]),
        tuple(YearDay(month, day, year) for year, month, day in words["excepted"]),
    )
    return Rule(words["rule_id"], _effect(words["effect"]), filter_of(words["filter"]), schedule)


def _span(words: Words) -> TimeSpan:
    effect = HolidayEffect(words["holidays"])
    return TimeSpan(tuple(words["days"]), words["start"], words["end"], effect)


def _effect(words: Words) -> Effect:
    if words["kind"] == "prohibition":
        return Prohibition()
    if words["kind"] == "permit":
        return PermitDemand(words["scheme"])
    unit = ChargeUnit(words["unit"])
    return Charge(words["amount"], words["currency"], unit, words["cap"])


def filter_of(words: Words) -> VehicleFilter:
    """The filter."""
    wanted: dict[str, Any] = {}
    for name, value in words.items():
        if name in CHOICES:
            field, kind = CHOICES[name]
            wanted[field] = tuple(kind(one) for one in value)
        elif name == "stickers":
            wanted[name] = tuple(StickerBounds(s, Bounds(*bounds)) for s, bounds in value.items())
        elif name == "first_registration":
            wanted[name] = DateBounds(*value)
        else:
            wanted[name] = value if name == "auto_pay" else Bounds(*value)
    return VehicleFilter(**wanted)


def vehicle_of(words: Words) -> Vehicle:
    """The vehicle."""
    stated: dict[str, Any] = {}
    for name, value in words.items():
        if name == "stickers":
            stated[name] = tuple(Sticker(scheme, grade) for scheme, grade in value.items())
        elif name == "permits":
            stated[name] = tuple(
                Permit(p["scheme"], p["held"], p["start"], p["end"]) for p in value
            )
        else:
            stated[RENAMED.get(name, name)] = ENUMS[name](value) if name in ENUMS else value
    return Vehicle(**stated)


def presence_of(words: Words) -> Presence:
    """The presence."""
    length = timedelta(seconds=words["seconds"])
    if "point" in words:
        return Presence(Point(*words["point"]), words["entry"], length, (), words["subject_id"])
    line = Line.decoded(polyline.encode([(a // FINE, b // FINE) for a, b in words["line"]]))
    return Presence(line, words["entry"], length, tuple(words["offsets"]), words["subject_id"])


def _answer(found: Answer) -> dict[str, Any]:
    return {
        "verdict": int(found.verdict),
        "findings": [_finding(finding) for finding in found.findings],
        "totals": {total.currency_code: total.amount_micros for total in found.totals},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    charges = sorted(
        (c.rule_id, str(c.unit), c.day, c.at, c.amount_micros, c.currency_code)
        for c in finding.charges
    )
    return {
        "zone_id": finding.zone_id,
        "closure_id": finding.closure_id,
        "subject_id": finding.subject_id,
        "entry": finding.entry,
        "exit": finding.exit,
        "verdict": int(finding.verdict),
        "rule_ids": list(finding.rule_ids),
        "missing": sorted(finding.missing),
        "schemes": sorted(finding.permit_schemes),
        "charges": charges,
        "next_allowed": finding.next_allowed,
        "version": finding.version,
        "recorded": Caveat.RULES_UNRECORDED not in finding.caveats,
    }
