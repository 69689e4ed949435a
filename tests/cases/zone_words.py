"""The words of zone cases as values of the domain: vehicles, rules, zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from services.compliance.domain.filter import Bounds, DateBounds, StickerBounds, VehicleFilter
from services.compliance.domain.geometry import E7, Box
from services.compliance.domain.rule import (
    Charge,
    ChargeUnit,
    Effect,
    PermitDemand,
    Prohibition,
    Rule,
)
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan, YearDay
from services.compliance.domain.vehicle import Body, Category, Fuel, Permit, Sticker, Vehicle
from services.compliance.domain.zone import Zone, ZoneKind
from tests.cases.outcome import NotUnderstood, only_known
from tests.cases.tariffs import tariff_rules

MICROS = 1_000_000
GRAMS = 1_000
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
CRITAIR = ("EL", "V1", "V2", "V3", "V4", "V5", "NC")  # best to worst; `Sticker.grade` counts them
HOLIDAYS = {"no": HolidayEffect.EXCLUDED, "only": HolidayEffect.ONLY}
AREA = Box(60 * E7, 25 * E7, 61 * E7, 26 * E7).polygon  # the cases bring no geometry
KINDS = {
    "low_emission": ZoneKind.LOW_EMISSION,
    "zero_emission": ZoneKind.ZERO_EMISSION,
    "congestion": ZoneKind.CONGESTION,
    "ztl_charge": ZoneKind.LIMITED_TRAFFIC,
}
VEHICLE_WORDS = (
    "auto_pay",
    "body",
    "category",
    "critair",
    "dvs_permit",
    "euro",
    "ezpass",
    "first_reg",
    "fuel",
    "mpm_kg",
    "plakette",
    "unladen_kg",
    "us_class",
)


def vehicle_of(words: Mapping[str, Any]) -> Vehicle:
    """The vehicle of a case: what it does not say is unknown."""
    only_known(words, VEHICLE_WORDS, "vehicle")
    permits = [Permit("gb-dvs", words["dvs_permit"])] if "dvs_permit" in words else []
    return Vehicle(
        "v",
        category=_member(Category, words.get("category")),
        fuel=_member(Fuel, words.get("fuel")),
        euro_class=words.get("euro"),
        max_mass_grams=_grams(words.get("mpm_kg")),
        unladen_mass_grams=_grams(words.get("unladen_kg")),
        first_registration=day_of(words["first_reg"]) if "first_reg" in words else None,
        body=_member(Body, words.get("body")),
        permits=tuple(permits),
        auto_pay=words.get("auto_pay", words.get("ezpass")),
        stickers=tuple(_stickers(words)),
        toll_class=words.get("us_class"),
    )


def zone_of(name: str, words: Mapping[str, Any], holidays: Iterable[Any], years: set[int]) -> Zone:
    """The zone of a file; `years` are those a tariff is wanted for."""
    days = tuple(sorted(day_of(day) for day in holidays))
    rules = tuple(rule_of(rule) for rule in words.get("rules", ()))
    if "tariff" in words:
        rules += tuple(tariff_rules(words["tariff"], sorted(years), days))
    kind = KINDS.get(words.get("kind", ""), ZoneKind.OTHER)
    calendar = words.get("holiday_calendar", "")
    return Zone(name, name, kind, words["tz"], (AREA,), rules, calendar, days)


def rule_of(words: Mapping[str, Any]) -> Rule:
    """One rule."""
    only_known(words, ("id", "applies", "when", "effect", "source", "note"), "rule")
    return Rule(
        words["id"],
        _effect(words["effect"]),
        _filter(words.get("applies") or {}),
        _schedule(words.get("when") or {}),
    )


def day_of(word: Any) -> date:
    """A date, written or already read by the parser."""
    if isinstance(word, datetime):
        return word.date()
    return word if isinstance(word, date) else date.fromisoformat(str(word))


def seconds_of(word: Any) -> int:
    """A time of day; an unquoted `18:00` reaches us as a number in base 60."""
    if isinstance(word, int):
        return word * 60
    hours, minutes = str(word).split(":")
    return int(hours) * 3_600 + int(minutes) * 60


def _filter(words: Mapping[str, Any]) -> VehicleFilter:
    known = {"category", "fuel", "fuel_not", "body", "us_class", "auto_pay", "ezpass", "dvs_permit"}
    compared = {f"{name}_{sign}" for name in ("euro", "mpm_kg", "unladen_kg") for sign in SIGNS}
    graded = {f"{name}_{sign}" for name in ("plakette", "critair") for sign in SIGNS}
    dated = {"first_reg_from", "first_reg_before"}
    only_known(words, known | compared | graded | dated, "applies")
    permit = words.get("dvs_permit")
    return VehicleFilter(
        categories=_members(Category, words.get("category")),
        fuels=_members(Fuel, words.get("fuel")),
        excluded_fuels=_members(Fuel, words.get("fuel_not")),
        euro_class=_bounds(words, "euro", 1),
        max_mass_grams=_bounds(words, "mpm_kg", GRAMS),
        unladen_mass_grams=_bounds(words, "unladen_kg", GRAMS),
        first_registration=DateBounds(
            _day_or_none(words.get("first_reg_from")), _day_or_none(words.get("first_reg_before"))
        ),
        bodies=_members(Body, words.get("body")),
        lacking_permits=("gb-dvs",) if permit is False else (),
        held_permits=("gb-dvs",) if permit is True else (),
        auto_pay=words.get("auto_pay", words.get("ezpass")),
        stickers=tuple(_sticker_bounds(words)),
        toll_classes=tuple(_listed(words.get("us_class"))),
    )


SIGNS = {"le": (None, 0), "lt": (None, -1), "ge": (0, None), "gt": (1, None)}


def _bounds(words: Mapping[str, Any], name: str, unit: int) -> Bounds:
    """`_gt` and `_lt` exclude their number: by one of our unit."""
    low = high = None
    for sign, (add_low, add_high) in SIGNS.items():
        if f"{name}_{sign}" in words:
            number = _graded(words[f"{name}_{sign}"]) * unit
            low = low if add_low is None else number + add_low
            high = high if add_high is None else number + add_high
    return Bounds(low, high)


def _sticker_bounds(words: Mapping[str, Any]) -> Iterable[StickerBounds]:
    for name, scheme in (("plakette", "de-plakette"), ("critair", "fr-critair")):
        bounds = _bounds(words, name, 1)
        if bounds != Bounds():
            yield StickerBounds(scheme, bounds)


def _stickers(words: Mapping[str, Any]) -> Iterable[Sticker]:
    if "plakette" in words:
        yield Sticker("de-plakette", words["plakette"])
    if "critair" in words:
        yield Sticker("fr-critair", _graded(words["critair"]))


def _graded(word: Any) -> int:
    if isinstance(word, str):
        if word not in CRITAIR:
            raise NotUnderstood(f"grade {word!r}")
        return CRITAIR.index(word)
    return int(word)


def _schedule(words: Mapping[str, Any]) -> Schedule:
    only_known(words, ("from", "to", "windows", "except_md"), "when")
    return Schedule(
        _day_or_none(words.get("from")),
        _day_or_none(words.get("to")),
        tuple(_span(window) for window in words.get("windows", ())),
        tuple(_year_day(word) for word in words.get("except_md", ())),
    )


def _span(words: Mapping[str, Any]) -> TimeSpan:
    only_known(words, ("days", "hours", "ph"), "window")
    start, end = words.get("hours", ("00:00", "24:00"))
    effect = HOLIDAYS[words["ph"]] if words.get("ph") in HOLIDAYS else HolidayEffect.NONE
    days = tuple(sorted(DAYS.index(day) for day in words.get("days", ())))
    return TimeSpan(days, seconds_of(start), seconds_of(end), effect)


def _year_day(word: str) -> YearDay:
    month, day = str(word).split("-")
    return YearDay(int(month), int(day))


def _effect(words: Mapping[str, Any]) -> Effect:
    match words["type"]:
        case "forbidden":
            return Prohibition(micros_of(words.get("penalty", 0)), words.get("currency", ""))
        case "charge":
            cap = micros_of(words.get("daily_cap", 0))
            unit = ChargeUnit(words.get("per", "day").upper())
            return Charge(micros_of(words["amount"]), words["currency"], unit, cap)
        case "permit":
            return PermitDemand(words["permit"])
    raise NotUnderstood(f"effect {words['type']!r}")


def micros_of(amount: Any) -> int:
    """An amount of money in millionths."""
    return round(float(amount) * MICROS)


def _members(kind: Any, words: Any) -> tuple[Any, ...]:
    return tuple(_member(kind, word) for word in _listed(words))


def _member(kind: Any, word: Any) -> Any:
    if word is None:
        return None
    if str(word).upper() not in kind.__members__:
        raise NotUnderstood(f"{kind.__name__.lower()} {word!r}")
    return kind[str(word).upper()]


def _listed(words: Any) -> list[Any]:
    if words is None:
        return []
    return list(words) if isinstance(words, list) else [words]


def _grams(kilograms: Any) -> int | None:
    return None if kilograms is None else round(float(kilograms) * GRAMS)


def _day_or_none(word: Any) -> date | None:
    return None if word is None else day_of(word)
