"""Idling cases: the words of by-laws as values of the domain."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from services.compliance.domain.filter import EVERY_VEHICLE, Bounds, VehicleFilter
from services.compliance.domain.idling import (
    Excuse,
    Idled,
    IdlingLimit,
    LimitAnswer,
    limit_answer,
)
from services.compliance.domain.vehicle import Category, Fuel, Vehicle
from services.compliance.domain.verdict import Verdict
from tests.cases.outcome import Case, NotUnderstood, only_known

GRAMS_PER_POUND = 453.59237  # the international pound of 1959
GRAMS_PER_KILOGRAM = 1_000
HEAVY_DUTY_POUNDS = 8_500  # above: heavy duty, 6 NYCRR 217-3
TODAY = date(2026, 5, 12)  # idling rules of the cases have no dates
EXCUSES = {
    "loading_device": Excuse.LOADING_DEVICE,
    "processing_device": Excuse.LOADING_DEVICE,
    "pto": Excuse.LOADING_DEVICE,
    "power_take_off": Excuse.LOADING_DEVICE,
    "lift_gate": Excuse.LOADING_DEVICE,
    "tail_lift": Excuse.LOADING_DEVICE,
    "reefer": Excuse.LOADING_DEVICE,
    "refrigeration": Excuse.LOADING_DEVICE,
    "cooler": Excuse.LOADING_DEVICE,
    "temperature": Excuse.TEMPERATURE,
    "cold": Excuse.TEMPERATURE,
    "heat": Excuse.TEMPERATURE,
    "traffic": Excuse.TRAFFIC,
    "congestion": Excuse.TRAFFIC,
    "emergency": Excuse.EMERGENCY,
}
FUELS = {"gasoline": Fuel.PETROL, **{fuel.value.lower(): fuel for fuel in Fuel}}
HEAVIER = re.compile(r"(?:(?P<fuel>[a-z]+)\s*)?>\s*(?P<mass>[\d,]+)\s*(?P<unit>lb|kg)( gvwr)?")
COLDER = re.compile(r"(?:below|<)\s*(?:(f|c)\s+)?(-?\d+)\s*(f|c)?")  # than so many degrees
VERDICTS = {
    Verdict.ALLOW: (False, "allowed"),
    Verdict.DENY: (True, "forbidden"),
    Verdict.UNKNOWN: ("unknown", "unknown"),
}
MISSING = {"gvwr_lb": "max_mass_grams", "gvwr_kg": "max_mass_grams", "mpm_kg": "max_mass_grams"}


def faults(case: Case, about: Iterable[str]) -> list[str]:
    """What is wrong with the engine's answer to one case."""
    known = ("rule", "rules", "idle_s", "idle_min", "vehicle", "exception", "exceptions")
    only_known(case, (*about, *known, "context", "temperature_f", "temperature_c"), "case")
    seconds = case.get("idle_s", case.get("idle_min", 0) * 60)
    vehicle = _vehicle(case.get("vehicle") or {})
    rules = [rule for rule in case.get("rules") or [case["rule"]] if _is_here(rule, case)]
    answers = [_answer(rule, case, vehicle, seconds) for rule in rules]
    worst = max(answers, key=lambda answer: answer.verdict)
    return list(_compared(worst, case["expect"]))


def _answer(words: Mapping[str, Any], case: Case, vehicle: Vehicle, seconds: int) -> LimitAnswer:
    limits = ("limit_s", "limit_min", "school_limit_s", "limit_s_school", "context")
    known = ("jurisdiction", "applies", "exceptions", "penalty", "currency", "source", *limits)
    only_known(words, known, "rule")
    limit = words.get("limit_s", words.get("limit_min", 0) * 60)
    if case.get("context") == "school":
        limit = words.get("school_limit_s", words.get("limit_s_school", limit))
    listed = _listed(words.get("exceptions"))
    excuses = tuple(dict.fromkeys(_excuse(word) for word in listed))
    given = _listed(case.get("exceptions", case.get("exception")))
    named = {_excuse(word) for word in given} | set(_weather(listed, case))
    rule = IdlingLimit(timedelta(seconds=limit), _filter(words.get("applies")), excuses)
    return limit_answer(rule, Idled(vehicle, timedelta(seconds=seconds), TODAY, frozenset(named)))


def _is_here(words: Mapping[str, Any], case: Case) -> bool:
    """A rule of a context holds only in it."""
    return words.get("context") in (None, case.get("context"))


def _compared(answer: LimitAnswer, expected: Mapping[str, Any]) -> Iterator[str]:
    only_known(expected, ("violation", "verdict", "missing", "reason"), "expect")
    violation, verdict = VERDICTS[answer.verdict]
    wanted = expected.get("violation", violation)
    if (wanted if wanted is not None else "unknown") != violation:
        yield f"violation is {violation}, not {wanted}"
    if expected.get("verdict", verdict) != verdict:
        yield f"verdict is {verdict}, not {expected['verdict']}"
    missing = {MISSING.get(word, word) for word in _listed(expected.get("missing"))}
    if not missing <= set(answer.missing):
        yield f"missing is {', '.join(answer.missing) or 'nothing'}, not {expected['missing']}"


def _excuse(word: Any) -> Excuse:
    said = _said(word)
    if COLDER.search(said):
        return Excuse.TEMPERATURE
    name = said.replace(" ", "_")
    if name not in EXCUSES:
        raise NotUnderstood(f"exception {word!r}")
    return EXCUSES[name]


def _weather(listed: Iterable[Any], case: Case) -> Iterator[Excuse]:
    """Whether it is colder than an exception says; with us the caller states the excuse."""
    for word in listed:
        found = COLDER.search(_said(word))
        actual = case.get(f"temperature_{found[1] or found[3] or 'f'}") if found else None
        if found and actual is not None and actual < int(found[2]):
            yield Excuse.TEMPERATURE


def _said(word: Any) -> str:
    """An exception as text: `{temperature_below_f: 25}` and `temperature below 25 F` alike."""
    parts = [f"{name} {value}" for name, value in word.items()] if isinstance(word, Mapping) else []
    return " ".join(parts or [str(word)]).strip().lower().replace("_", " ")


def _filter(words: Any) -> VehicleFilter:
    text = str(words).lower().strip()
    if words is None or text in ("all", "any", "all vehicles", "every vehicle"):
        return EVERY_VEHICLE
    if text in ("heavy_duty", "heavy duty"):
        return VehicleFilter(max_mass_grams=_above(HEAVY_DUTY_POUNDS, "lb"))
    if text in FUELS:
        return VehicleFilter(fuels=(FUELS[text],))
    heavier = HEAVIER.match(text)
    if heavier is None or (heavier["fuel"] and heavier["fuel"] not in FUELS):
        raise NotUnderstood(f"applies {words!r}")
    fuels = (FUELS[heavier["fuel"]],) if heavier["fuel"] else ()
    mass = int(heavier["mass"].replace(",", ""))
    return VehicleFilter(fuels=fuels, max_mass_grams=_above(mass, heavier["unit"]))


def _above(mass: int, unit: str) -> Bounds:
    return Bounds(_grams(mass, unit) + 1)


def _grams(mass: float, unit: str) -> int:
    return int(mass * (GRAMS_PER_POUND if unit == "lb" else GRAMS_PER_KILOGRAM))


def _vehicle(words: Mapping[str, Any]) -> Vehicle:
    masses = {"gvwr_lb": "lb", "gvwr_kg": "kg", "mpm_kg": "kg"}
    only_known(words, ("heavy_duty", "fuel", "category", *masses), "vehicle")
    stated = [_grams(words[name], unit) for name, unit in masses.items() if words.get(name)]
    if not stated and words.get("heavy_duty") is not None:
        stated = [_grams(HEAVY_DUTY_POUNDS, "lb") + (1 if words["heavy_duty"] else 0)]
    fuel, category = words.get("fuel"), words.get("category")
    if fuel is not None and str(fuel).lower() not in FUELS:
        raise NotUnderstood(f"fuel {fuel!r}")
    return Vehicle(
        "v",
        category=Category[category] if category else None,
        fuel=FUELS[str(fuel).lower()] if fuel else None,
        max_mass_grams=stated[0] if stated else None,
    )


def _listed(words: Any) -> list[Any]:
    if words is None:
        return []
    return list(words) if isinstance(words, list | tuple) else [words]
