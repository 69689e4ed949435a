"""Curb and idling cases: the words of CDS and of by-laws as values of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.compliance.domain.curb import (
    Activity,
    CurbPolicy,
    CurbRule,
    CurbStay,
    curb_answer,
    must_leave,
)
from services.compliance.domain.filter import EVERY_VEHICLE, Bounds, VehicleFilter
from services.compliance.domain.idling import Excuse, Idled, IdlingLimit, limit_answer
from services.compliance.domain.schedule import Schedule, TimeSpan
from services.compliance.domain.vehicle import Fuel, Vehicle
from services.compliance.domain.verdict import Verdict
from tests.cases.outcome import Case, NotUnderstood, Outcome, judged, only_known
from tests.cases.zone_words import seconds_of

WALL = "UTC"  # the cases name no time zone: their clock is the one on the wall
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"minute": 60, "hour": 3_600, "second": 1, "day": 86_400}
GRAMS_PER_POUND = 453.59237  # the international pound of 1959
HEAVY_DUTY_POUNDS = 8_500  # above: heavy duty, 6 NYCRR 217-3
DIESEL_POUNDS = 10_000  # 13 CCR 2485: diesel above 10,000 lb
TODAY = date(2026, 5, 12)  # idling rules of the cases have no dates


def run(document: Mapping[str, Any]) -> list[Outcome]:
    """The curb and idling cases of a file."""
    return judged(document.get("curb_and_idle_cases", ()), _faults)


def _faults(case: Case) -> list[str]:
    if "idle_s" in case:
        return _idling(case)
    if "visit" in case:
        return _visit(case)
    if "stay" in case:
        return _stay(case)
    raise NotUnderstood("neither idle_s nor stay nor visit")


def _idling(case: Case) -> list[str]:
    words = case["rule"]
    only_known(words, ("jurisdiction", "limit_s", "applies", "exceptions", "context"), "rule")
    excuses = tuple(_excuse(word) for word in words.get("exceptions", ()))
    rule = IdlingLimit(
        timedelta(seconds=words["limit_s"]), _idling_filter(words.get("applies")), excuses
    )
    given = case.get("exception", case.get("exceptions", ()))
    named = frozenset(_excuse(word) for word in ([given] if isinstance(given, str) else given))
    vehicle = _idling_vehicle(case.get("vehicle") or {})
    idled = timedelta(seconds=case["idle_s"])
    verdict = limit_answer(rule, Idled(vehicle, idled, TODAY, named)).verdict
    found = {Verdict.DENY: True, Verdict.ALLOW: False}.get(verdict)
    expected = case["expect"]["violation"]
    return [] if found == expected else [f"violation is {found}, not {expected}"]


def _excuse(word: str) -> Excuse:
    name = str(word).upper().replace(" ", "_")
    if name not in Excuse.__members__:
        raise NotUnderstood(f"exception {word!r}")
    return Excuse[name]


def _idling_filter(word: str | None) -> VehicleFilter:
    if word is None:
        return EVERY_VEHICLE
    if word == "heavy_duty":
        return VehicleFilter(max_mass_grams=Bounds(_above(HEAVY_DUTY_POUNDS)))
    if word.startswith("diesel > 10,000 lb"):
        return VehicleFilter(fuels=(Fuel.DIESEL,), max_mass_grams=Bounds(_above(DIESEL_POUNDS)))
    raise NotUnderstood(f"applies {word!r}")


def _above(pounds: int) -> int:
    return int(pounds * GRAMS_PER_POUND) + 1


def _idling_vehicle(words: Mapping[str, Any]) -> Vehicle:
    only_known(words, ("heavy_duty", "fuel", "gvwr_lb"), "vehicle")
    mass = words.get("gvwr_lb")
    if mass is None and "heavy_duty" in words:
        mass = HEAVY_DUTY_POUNDS + (1 if words["heavy_duty"] else 0)
    fuel = words.get("fuel")
    return Vehicle(
        "v",
        fuel=Fuel[fuel.upper()] if fuel else None,
        max_mass_grams=None if mass is None else int(mass * GRAMS_PER_POUND),
    )


def _stay(case: Case) -> list[str]:
    words = case["stay"]
    only_known(words, ("activity", "user_classes", "at", "minutes", "left"), "stay")
    policies = [_policy(policy) for policy in case.get("policies") or [case["policy"]]]
    start = _wall(words["at"])
    asked = CurbStay(
        Activity(words["activity"]),
        frozenset(words.get("user_classes", ())),
        start,
        start + timedelta(minutes=words["minutes"]),
        _wall(words["left"]) if "left" in words else None,
    )
    answer = curb_answer(policies, asked, WALL)
    return _compared(answer.allowed, answer.reason, case["expect"])


def _policy(words: Mapping[str, Any]) -> CurbPolicy:
    only_known(words, ("priority", "rules", "time_spans"), "policy")
    spans = tuple(_span(span) for span in words.get("time_spans", ()))
    rules = tuple(_rule(rule) for rule in words["rules"])
    return CurbPolicy(words["priority"], rules, Schedule(spans=spans))


def _rule(words: Mapping[str, Any]) -> CurbRule:
    known = ("activity", "user_classes", "max_stay", "max_stay_unit", "no_return", "no_return_unit")
    only_known(words, known, "curb rule")
    return CurbRule(
        Activity(words["activity"]),
        frozenset(words.get("user_classes", ())),
        _length(words, "max_stay"),
        _length(words, "no_return"),
    )


def _length(words: Mapping[str, Any], name: str) -> timedelta | None:
    if name not in words:
        return None
    return timedelta(seconds=words[name] * UNITS[words.get(f"{name}_unit", "minute")])


def _span(words: Mapping[str, Any]) -> TimeSpan:
    only_known(words, ("days_of_week", "time_of_day_start", "time_of_day_end"), "time span")
    return TimeSpan(
        tuple(sorted(DAYS.index(day) for day in words.get("days_of_week", ()))),
        seconds_of(words.get("time_of_day_start", "00:00")),
        seconds_of(words.get("time_of_day_end", "24:00")),
    )


def _visit(case: Case) -> list[str]:
    """A street that is open to deliveries at some hours: a curb where one may load only then."""
    words, visit = case["policy"], case["visit"]
    only_known(words, ("access", "open_for", "hours", "days"), "policy")
    start, end = (seconds_of(word) for word in words["hours"])
    days = tuple(sorted(DAYS.index(day) for day in words.get("days", ())))
    schedule = Schedule(spans=(TimeSpan(days, start, end),))
    policy = CurbPolicy(1, (CurbRule(Activity.UNLOADING),), schedule)
    arrive, depart = _wall(visit["arrive"]), _wall(visit["depart"])
    asked = CurbStay(Activity.UNLOADING, frozenset(), arrive, depart)
    answer = curb_answer([policy], asked, WALL)
    latest = must_leave(schedule, depart, WALL)
    inside = latest is not None and arrive < latest
    said = f"must leave by {latest:%H:%M}" if inside else answer.reason
    return _compared(answer.allowed, said, case["expect"])


def _compared(allowed: bool, reason: str, expected: Mapping[str, Any]) -> list[str]:
    """The expected reason is a sentence for people: ours, a word, must stand in it."""
    only_known(expected, ("allowed", "reason"), "expect")
    if allowed != expected["allowed"]:
        return [f"allowed is {allowed} ({reason or 'no reason'}), not {expected['allowed']}"]
    said = str(expected.get("reason", reason)).replace("_", " ")
    if not allowed and reason.replace("_", " ") not in said:
        return [f"reason is {reason!r}, not {expected['reason']!r}"]
    return []


def _wall(word: Any) -> datetime:
    moment = word if isinstance(word, datetime) else datetime.fromisoformat(str(word))
    return moment.replace(tzinfo=UTC)
