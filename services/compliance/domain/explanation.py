"""
Why a decision was what it was: the same inputs under the stored versions, rule by rule.

Pure. A rule holds for a stay when its filter selects the vehicle and its schedule contains an
instant of the stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.compliance.domain.civil import local_days, stretches
from services.compliance.domain.filter import Condition, conditions
from services.compliance.domain.finding import Decision
from services.compliance.domain.rule import Rule
from services.compliance.domain.rulebook import Ground, RuleBook
from services.compliance.domain.schedule import Window
from services.compliance.domain.truth import Truth, every
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.wording import effect_in_words, schedule_in_words, stay_in_words
from services.compliance.domain.zone import Zone

CLAIMS = {
    Truth.HOLDS: "holds",
    Truth.FAILS: "does not hold",
    Truth.UNKNOWN: "cannot be decided",
}
VERDICTS = {
    Verdict.ALLOW: "was allowed",
    Verdict.ALLOW_WITH_CHARGE: "was allowed for money",
    Verdict.PERMIT_NEEDED: "needed a permit",
    Verdict.UNKNOWN: "could not be decided",
    Verdict.DENY: "was denied",
}


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """One rule and one stay: whether it held, and condition by condition why."""

    zone_id: str
    rule_id: str
    subject_id: str
    truth: Truth
    conditions: tuple[Condition, ...]
    text: str


@dataclass(frozen=True, slots=True)
class _Visit:
    """A part of a stay in which one version of one zone held."""

    zone: Zone
    subject_id: str
    start: datetime
    end: datetime


def explain(decision: Decision, book: RuleBook) -> Iterator[RuleExplanation]:
    """
    Every rule of every zone that the vehicle was in, by the rules of then.

    Each stay that a finding is about is explained, and of the others the first in each zone: why
    nothing was asked of the vehicle there.
    """
    for visit in _visits(decision, book):
        for rule in visit.zone.rules:
            yield _explained(rule, decision.route.vehicle, visit)


def _visits(decision: Decision, book: RuleBook) -> Iterator[_Visit]:
    told = {(one.zone_id, one.subject_id, one.entry) for one in decision.findings}
    seen = {one.zone_id for one in decision.findings}
    presences = decision.route.presences
    for presence, stays in zip(presences, book.stays(presences), strict=True):
        for stay in stays:
            ground, start = book.grounds[stay.area_index], presence.entry + stay.start
            zone_id = ground.rule_set.zone.zone_id
            is_told = (zone_id, presence.subject_id, start) in told
            if not ground.rule_set.closure_id and (is_told or zone_id not in seen):
                seen.add(zone_id)
                yield from _held(ground, presence.subject_id, start, presence.entry + stay.end)


def _held(ground: Ground, subject_id: str, start: datetime, end: datetime) -> Iterator[_Visit]:
    """The stay, version by version."""
    for tenure in ground.tenures:
        is_instant = start == end and tenure.contains(start)
        span = (start, end) if is_instant else tenure.cut(start, end)
        if span is not None and not tenure.rule_set.zone.retired:
            yield _Visit(tenure.rule_set.zone, subject_id, *span)


def _explained(rule: Rule, vehicle: Vehicle, visit: _Visit) -> RuleExplanation:
    """By the local day on which it comes nearest to holding: permits begin and end at midnight."""
    days = local_days(visit.start, visit.end, visit.zone.time_zone)
    found = max(
        ((*conditions(rule.filter, vehicle, day), _scheduled(rule, visit, day)) for day in days),
        key=lambda told: every(condition.truth for condition in told),
    )
    truth = every(condition.truth for condition in found)
    sentence = _sentence(rule, truth, found)
    return RuleExplanation(
        visit.zone.zone_id, rule.rule_id, visit.subject_id, truth, found, sentence
    )


def _scheduled(rule: Rule, visit: _Visit, day: date) -> Condition:
    zone = visit.zone
    holds = _overlaps(rule.schedule.windows(day, zone.holidays), visit, day)
    doubtful = not holds and _overlaps(
        rule.schedule.doubtful_windows(day, zone.holidays), visit, day
    )
    stay = stay_in_words(visit.start, visit.end, zone.time_zone)
    told = schedule_in_words(rule.schedule)
    return Condition("schedule", told, stay, Truth.of(None if doubtful else holds))


def _overlaps(windows: Sequence[Window], visit: _Visit, day: date) -> bool:
    for window in windows:
        for stretch in stretches(visit.zone.time_zone, day):
            instants = stretch.instants(*window)
            if instants is not None and _meets(instants, visit.start, visit.end):
                return True
    return False


def _meets(instants: tuple[datetime, datetime], start: datetime, end: datetime) -> bool:
    first, last = instants
    return first <= start < last if start == end else first < end and start < last


def _sentence(rule: Rule, truth: Truth, found: Sequence[Condition]) -> str:
    because = [f"{c.attribute} is {c.actual}" for c in found if c.truth is truth]
    name = f"{rule.rule_id}, {rule.title}," if rule.title else rule.rule_id
    return f"Rule {name} {effect_in_words(rule)}; it {CLAIMS[truth]}: {'; '.join(because)}."


def summary(decision: Decision) -> str:
    """A few sentences for people."""
    told = [
        f"Route {decision.route.route_id} with vehicle {decision.route.vehicle.vehicle_id} "
        f"{VERDICTS[decision.verdict]} under rules version {decision.rules_version}."
    ]
    for finding in decision.findings:
        where = f"zone {finding.zone_id}" if finding.zone_id else f"closure {finding.closure_id}"
        rules = f" by {', '.join(finding.rule_ids)}" if finding.rule_ids else ""
        told.append(
            f"In {where} from {finding.entry.isoformat()} to {finding.exit.isoformat()} "
            f"it {VERDICTS[finding.verdict]}{rules}."
        )
    return " ".join(told)
