"""
May this vehicle be there then: the whole check, from presences to verdicts and money.

Pure. A presence alone is judged as if the vehicle did nothing else; a route joins its legs and
stops, so that a vehicle that is inside at the end of one and at the start of the next has not
entered again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.compliance.domain import charges
from services.compliance.domain.atlas import Stay
from services.compliance.domain.charges import ChargeDue, Purse
from services.compliance.domain.finding import Answer, CheckedRoute, Finding
from services.compliance.domain.presence import Presence
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.timeline import Timeline
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import Span, Verdict, worst
from services.compliance.domain.zone import Caveat, RuleSet

STEPS_MAX = 1_000  # of the search for a time that suits all areas


@dataclass(frozen=True, slots=True)
class _Case:
    """One stay of one vehicle, with what is needed to judge it."""

    presence: Presence
    stay: Stay
    timeline: Timeline
    rule_set: RuleSet
    spans: tuple[Span, ...]
    verdict: Verdict

    def due(self) -> list[ChargeDue]:
        if self.rule_set.closure_id:
            return []
        zone = self.rule_set.zone
        return list(charges.due(zone.zone_id, zone.time_zone, self.timeline, self.stay, self.spans))


def check_presences(book: RuleBook, asked: Sequence[tuple[Vehicle, Presence]]) -> Iterator[Answer]:
    """One answer per question, in order."""
    stays = book.stays([presence for _, presence in asked])
    for (vehicle, presence), own in zip(asked, stays, strict=True):
        yield _answer(presence, _cases(book, vehicle, presence, own), Purse())


def check_routes(book: RuleBook, routes: Sequence[CheckedRoute]) -> list[Answer]:
    """One answer per route, in order; a vehicle's day charges are due once over all routes."""
    purses: dict[str, Purse] = {}
    answers: dict[int, Answer] = {}
    order = sorted(range(len(routes)), key=lambda i: (routes[i].presences[0].entry, i))
    for number in order:
        purse = purses.setdefault(routes[number].vehicle.vehicle_id, Purse())
        answers[number] = _route_answer(book, routes[number], purse)
    return [answers[number] for number in range(len(routes))]


def _route_answer(book: RuleBook, route: CheckedRoute, purse: Purse) -> Answer:
    findings: list[Finding] = []
    for presence, stays in zip(route.presences, _joined(book, route), strict=True):
        cases = _cases(book, route.vehicle, presence, stays)
        findings.extend(_answer(presence, cases, purse).findings)
    due = [charge for finding in findings for charge in finding.charges]
    verdict = worst(finding.verdict for finding in findings)
    return Answer(verdict, tuple(findings), charges.totals(due))


def _joined(book: RuleBook, route: CheckedRoute) -> Iterator[list[Stay]]:
    """The stays per presence, without entries and exits at the joints of presences."""
    inside: set[int] = set()
    for presence, stays in zip(route.presences, book.stays(route.presences), strict=True):
        yield [
            replace(stay, enters=False) if not stay.start and stay.area_index in inside else stay
            for stay in stays
        ]
        inside = {
            stay.area_index for stay in stays if stay.end == presence.duration and not stay.leaves
        }


def _cases(
    book: RuleBook, vehicle: Vehicle, presence: Presence, stays: Sequence[Stay]
) -> list[_Case]:
    return [_case(book, vehicle, presence, stay) for stay in stays]


def _case(book: RuleBook, vehicle: Vehicle, presence: Presence, stay: Stay) -> _Case:
    timeline = book.timeline(stay.area_index, vehicle)
    start, end = presence.entry + stay.start, presence.entry + stay.end
    rule_set = book.rule_set(stay.area_index, start)
    spans = timeline.spans(start, end) or [Span(start, start, timeline.outcome(start))]
    verdict = worst(span.outcome.verdict for span in spans)
    return _Case(presence, stay, timeline, rule_set, tuple(spans), verdict)


def _answer(presence: Presence, cases: Sequence[_Case], purse: Purse) -> Answer:
    asking = [case for case in cases if case.verdict is not Verdict.ALLOW]
    due = [case.due() if case.verdict is not Verdict.DENY else [] for case in asking]
    paid = purse.pay(charge for charges_due in due for charge in charges_due)
    found = [_finding(case, bool(own), paid) for case, own in zip(asking, due, strict=True)]
    findings = tuple(f for f in _without_doubles(found) if f.verdict is not Verdict.ALLOW)
    verdict = worst(finding.verdict for finding in findings)
    suits = None if verdict.lets_in else _next_allowed(presence.entry, cases)
    return Answer(verdict, findings, charges.totals(paid), suits)


def _finding(case: _Case, costs: bool, paid: Sequence[ChargeDue]) -> Finding:
    verdict = case.verdict
    if verdict is Verdict.ALLOW_WITH_CHARGE and not costs:
        verdict = Verdict.ALLOW  # an entry fee, and no entry
    decisive = [span.outcome for span in case.spans if span.outcome.verdict is verdict]
    start, end = case.spans[0].start, case.spans[-1].end
    zone_id = "" if case.rule_set.closure_id else case.rule_set.zone.zone_id
    return Finding(
        zone_id,
        case.rule_set.closure_id,
        case.presence.subject_id,
        start,
        end,
        verdict,
        _distinct(rule_id for o in decisive for rule_id in o.rule_ids if zone_id),
        _distinct(name for o in decisive for name in o.missing),
        _distinct(scheme for o in decisive for scheme in o.permit_schemes),
        tuple(c for c in paid if c.zone_id == zone_id and start <= c.at <= end),
        None if verdict.lets_in else case.timeline.next_allowed(start, end - start),
        case.rule_set.rule_set_id,
        case.rule_set.version,
        _caveats(case),
    )


def _without_doubles(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Two stays of one presence in one zone may see one charge: the first keeps it."""
    told: set[ChargeDue] = set()
    for finding in findings:
        own = tuple(charge for charge in finding.charges if charge not in told)
        told.update(own)
        yield finding if own == finding.charges else replace(finding, charges=own)


def _caveats(case: _Case) -> tuple[Caveat, ...]:
    zone = case.rule_set.zone
    year = case.spans[0].start.year
    asks = any(rule.schedule.asks_for_holidays for rule in zone.rules)
    if asks and all(day.year != year for day in zone.holidays):
        return (*zone.caveats, Caveat.HOLIDAYS_UNLISTED)
    return zone.caveats


def _next_allowed(entry: datetime, cases: Sequence[_Case]) -> datetime | None:
    """The first entry from which every stay would be let in: each area may push it further."""
    at = entry
    for _ in range(STEPS_MAX):
        pushed = at
        for case in cases:
            suits = case.timeline.next_allowed(pushed + case.stay.start, _length(case))
            if suits is None:
                return None
            pushed = suits - case.stay.start
        if pushed == at:
            return at
        at = pushed
    return None


def _length(case: _Case) -> timedelta:
    return case.stay.end - case.stay.start


def _distinct(items: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
