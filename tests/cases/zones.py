"""
Zone, charge, curb and idling cases against the real engine.

The zones stand in the file, or are the service's own templates, and bring no geometry: each gets
the same square, and a case is a vehicle that stands in it or passes its border. So the
whole check runs, crossings and caps too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from services.compliance import file_reader
from services.compliance.domain import polyline
from services.compliance.domain.checking import check_presences, check_routes
from services.compliance.domain.finding import Answer, CheckedRoute
from services.compliance.domain.geometry import E7, Point
from services.compliance.domain.presence import Line, Presence
from services.compliance.domain.rule import Prohibition
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone import RuleSet, Zone
from services.compliance.ports import Templates
from tests.cases import curbs
from tests.cases.outcome import Case, NotUnderstood, Outcome, judged, only_known
from tests.cases.zone_words import AREA, micros_of, vehicle_of, zone_of

VERDICTS = {
    Verdict.ALLOW: "allowed",
    Verdict.ALLOW_WITH_CHARGE: "charge",
    Verdict.PERMIT_NEEDED: "permit",
    Verdict.UNKNOWN: "unknown",
    Verdict.DENY: "forbidden",
}
CASE_WORDS = (
    "id",
    "zone",
    "zones",
    "at",
    "enter",
    "exit",
    "passages",
    "vehicle",
    "expect",
    "confidence",
    "note",
    "source",
    "title",
)
EXPECT_WORDS = (
    "verdict",
    "amount",
    "currency",
    "rule",
    "rules",
    "penalty",
    "permit",
    "next_allowed",
)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
MIDDLE = Point(60 * E7 + E7 // 2, 25 * E7 + E7 // 2)
OUTSIDE, INSIDE = (6_050_000, 2_450_000), (6_050_000, 2_550_000)  # in 1e-5 degrees


def run(document: Mapping[str, Any]) -> list[Outcome]:
    """Both kinds of cases of a file."""
    return [
        *judged(document.get("cases", ()), lambda case: faults(document, case)),
        *curbs.run(document),
    ]


def faults(document: Mapping[str, Any], case: Case) -> list[str]:
    """What is wrong with the engine's answer to one case."""
    only_known(case, CASE_WORDS, "case")
    zones = [_zone(document, name, case) for name in _names(case)]
    answer = _answer(zones, case)
    return list(_compared(answer, zones, case["expect"]))


def _names(case: Case) -> list[str]:
    named = case.get("zones", case.get("zone"))
    return list(named) if isinstance(named, list) else [named]


def _zone(document: Mapping[str, Any], name: str, case: Case) -> Zone:
    words = document.get("zones", {}).get(name)
    if words is None:
        return built_in(name)
    holidays = document.get("holidays", {}).get(words.get("holiday_calendar"), ())
    years = {moment.year for moment in _moments(case, "UTC")}
    return zone_of(name, words, holidays, years)


def built_in(name: str) -> Zone:
    """The zone that the service brings, for a file that names one and does not describe it."""
    template = templates().get(name)
    if template is None:
        raise NotUnderstood(f"zone {name!r}")
    return template.on(name, (AREA,))


@cache
def templates() -> Templates:
    """Read once: their calendars take a second."""
    return file_reader.templates()


def _answer(zones: list[Zone], case: Case) -> Answer:
    versions = [RuleSet(z.zone_id, z, 1, 1, LONG_AGO, LONG_AGO) for z in zones]
    book = RuleBook(1, versions)
    vehicle = vehicle_of(case.get("vehicle") or {})
    presences = list(_presences(case, zones[0].time_zone))
    if "passages" in case:
        return check_routes(book, [CheckedRoute("r", vehicle, tuple(presences))])[0]
    (answer,) = check_presences(book, [(vehicle, presences[0])])
    return answer


def _presences(case: Case, time_zone: str) -> Iterator[Presence]:
    moments = _moments(case, time_zone)
    if "passages" in case:
        for number, moment in enumerate(moments):
            ends = (OUTSIDE, INSIDE) if number % 2 == 0 else (INSIDE, OUTSIDE)
            yield Presence(Line.decoded(polyline.encode(ends)), moment)
    else:
        yield Presence(MIDDLE, moments[0], moments[-1] - moments[0])


def _moments(case: Case, time_zone: str) -> list[datetime]:
    words = case.get("passages") or [case[word] for word in ("at", "enter", "exit") if word in case]
    return [moment_of(word, time_zone) for word in words]


def moment_of(word: Any, time_zone: str) -> datetime:
    """A moment by the zone's wall clock; one that states its offset keeps it."""
    moment = word if isinstance(word, datetime) else datetime.fromisoformat(str(word))
    local = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(time_zone))
    return local.astimezone(UTC)


def _compared(answer: Answer, zones: list[Zone], expected: Mapping[str, Any]) -> Iterator[str]:
    only_known(expected, EXPECT_WORDS, "expect")
    rule_ids = {rule_id for finding in answer.findings for rule_id in finding.rule_ids}
    found: dict[str, Any] = {
        "verdict": VERDICTS[answer.verdict],
        "amount": sum(total.amount_micros for total in answer.totals),
        "currency": ",".join(total.currency_code for total in answer.totals),
        "penalty": max(_penalties(zones, rule_ids), default=0),
        "next_allowed": answer.next_allowed,
    }
    for word, value in expected.items():
        wanted = _wanted(word, value, zones[0].time_zone)
        if word in ("rule", "rules", "permit"):
            names = rule_ids if word != "permit" else _permits(answer)
            if not set(_listed(value)) <= names:
                yield f"{word} is {', '.join(sorted(names)) or 'none'}, not {value}"
        elif found[word] != wanted:
            yield f"{word} is {found[word]}, not {value}"


def _wanted(word: str, value: Any, time_zone: str) -> Any:
    if word in ("amount", "penalty"):
        return micros_of(value)
    return moment_of(value, time_zone) if word == "next_allowed" and value else value


def _penalties(zones: list[Zone], rule_ids: set[str]) -> Iterator[int]:
    for zone in zones:
        for rule in zone.rules:
            if rule.rule_id in rule_ids and isinstance(rule.effect, Prohibition):
                yield rule.effect.penalty_micros


def _permits(answer: Answer) -> set[str]:
    return {scheme for finding in answer.findings for scheme in finding.permit_schemes}


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]
