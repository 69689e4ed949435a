"""
Why a decision was what it was: the same inputs under the stored versions, rule by rule.

Pure. A rule holds for a stay when its filter selects the vehicle and its schedule contains an
instant of the stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.compliance.domain.civil import local_days, stretches
from services.compliance.domain.filter import Condition, conditions
from services.compliance.domain.finding import Decision, Finding
from services.compliance.domain.rule import Charge, PermitDemand, Rule
from services.compliance.domain.truth import Truth, every
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone import RuleSet, Zone

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


def explain(decision: Decision, rule_sets: Mapping[str, RuleSet]) -> Iterator[RuleExplanation]:
    """Every rule of every zone that the decision has a finding in; `rule_sets` by their id."""
    vehicle = decision.route.vehicle
    for finding in decision.findings:
        rule_set = rule_sets.get(finding.rule_set_id)
        if rule_set is not None:
            for rule in rule_set.zone.rules:
                yield _explained(rule, rule_set.zone, vehicle, finding)


def _explained(rule: Rule, zone: Zone, vehicle: Vehicle, finding: Finding) -> RuleExplanation:
    days = list(local_days(finding.entry, finding.exit, zone.time_zone))
    found = (*conditions(rule.filter, vehicle, days[0]), _scheduled(rule, zone, finding, days))
    truth = every(condition.truth for condition in found)
    return RuleExplanation(
        zone.zone_id, rule.rule_id, finding.subject_id, truth, found, _sentence(rule, truth, found)
    )


def _scheduled(rule: Rule, zone: Zone, finding: Finding, days: Sequence[date]) -> Condition:
    holds = any(_overlaps(rule, zone, finding, day) for day in days)
    local = f"{finding.entry.isoformat()} to {finding.exit.isoformat()}"
    return Condition("schedule", _told(rule), local, Truth.of(holds))


def _overlaps(rule: Rule, zone: Zone, finding: Finding, day: date) -> bool:
    for window in rule.schedule.windows(day, zone.holidays):
        for stretch in stretches(zone.time_zone, day):
            instants = stretch.instants(*window)
            if instants is not None and _meets(instants, finding.entry, finding.exit):
                return True
    return False


def _meets(instants: tuple[datetime, datetime], start: datetime, end: datetime) -> bool:
    first, last = instants
    return first <= start < last if start == end else first < end and start < last


def _told(rule: Rule) -> str:
    schedule = rule.schedule
    low = f"from {schedule.start}" if schedule.start else ""
    high = f"before {schedule.end}" if schedule.end else ""
    spans = f"in {len(schedule.spans)} spans of the week" if schedule.spans else ""
    return ", ".join(filter(None, (low, high, spans))) or "always"


def _sentence(rule: Rule, truth: Truth, found: Sequence[Condition]) -> str:
    because = [f"{c.attribute} is {c.actual}" for c in found if c.truth is truth]
    effect = {Charge: "charges", PermitDemand: "asks for a permit"}.get(
        type(rule.effect), "forbids"
    )
    return f"Rule {rule.rule_id} ({effect}) {CLAIMS[truth]}: {'; '.join(because)}."


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
