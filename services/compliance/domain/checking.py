"""
May this vehicle be there then: the whole check, from presences to verdicts and money.

Pure. A presence alone is judged as if the vehicle did nothing else; a route joins its legs and
stops (`joints`), and what is due once is due once over all routes of a vehicle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, islice

from services.compliance.domain import charges
from services.compliance.domain.atlas import Stay
from services.compliance.domain.charges import ChargeDue
from services.compliance.domain.civil import local_days
from services.compliance.domain.finding import Answer, CheckedRoute, Finding
from services.compliance.domain.joints import joints
from services.compliance.domain.presence import Presence
from services.compliance.domain.rulebook import RuleBook, Standing
from services.compliance.domain.timeline import NEXT_ALLOWED_MAX, Timeline
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import UNRECORDED, Outcome, Span, Verdict, worst
from services.compliance.domain.zone import Caveat, RuleSet

NOWHERE = Answer(Verdict.ALLOW, (), ())  # in no area at all
STEPS_MAX = 1_000  # of the search for a time that suits all areas


@dataclass(frozen=True, slots=True)
class _Case:
    """One stay of one vehicle, what the rules say to it, and what it makes due."""

    presence: Presence
    stay: Stay
    timeline: Timeline
    rule_set: RuleSet
    spans: tuple[Span, ...]
    verdict: Verdict
    due: tuple[ChargeDue, ...]

    @property
    def length(self) -> timedelta:
        return self.stay.end - self.stay.start


def check_presences(book: RuleBook, asked: Sequence[tuple[Vehicle, Presence]]) -> Iterator[Answer]:
    """One answer per question, in order."""
    stays = book.stays([presence for _, presence in asked])
    standings: dict[int, Standing] = {}
    for (vehicle, presence), own in zip(asked, stays, strict=True):
        if not own:
            yield NOWHERE
            continue
        standing = standings.get(id(vehicle))  # a batch names few vehicles again and again
        if standing is None:
            standing = standings[id(vehicle)] = book.standing(vehicle)
        cases = _cases(book, standing, presence, own)
        answer = _answer(cases, charges.pay([case.due for case in cases]))
        if answer.verdict.lets_in:
            yield answer
        else:
            yield replace(answer, next_allowed=_next_allowed(presence.entry, cases, answer))


def check_routes(book: RuleBook, routes: Sequence[CheckedRoute]) -> list[Answer]:
    """One answer per route, in order; a vehicle's day charges are due once over all routes."""
    cases = [_route_cases(book, route) for route in routes]
    order = sorted(range(len(routes)), key=lambda i: (routes[i].presences[0].entry, i))
    owed: dict[str, list[int]] = defaultdict(list)
    for number in order:
        owed[routes[number].vehicle.vehicle_id].append(number)
    answers: dict[int, Answer] = {}
    for numbers in owed.values():
        paid = iter(charges.pay([case.due for number in numbers for case in cases[number]]))
        for number in numbers:
            answers[number] = _answer(cases[number], list(islice(paid, len(cases[number]))))
    return [answers[number] for number in range(len(routes))]


def _route_cases(book: RuleBook, route: CheckedRoute) -> list[_Case]:
    joined = zip(route.presences, joints(route.presences, book.stays(route.presences)), strict=True)
    standing = book.standing(route.vehicle)
    return [case for presence, own in joined for case in _cases(book, standing, presence, own)]


def _cases(
    book: RuleBook, standing: Standing, presence: Presence, stays: Sequence[Stay]
) -> list[_Case]:
    return [_case(book, standing, presence, stay) for stay in stays]


def _case(book: RuleBook, standing: Standing, presence: Presence, stay: Stay) -> _Case:
    timeline = standing.timeline(stay.area_index)
    start, end = presence.entry + stay.start, presence.entry + stay.end
    rule_set = book.rule_set(stay.area_index, start)
    spans = timeline.spans(start, end) or [Span(start, start, timeline.outcome(start))]
    verdict = worst(span.outcome.verdict for span in spans)
    due = _due(rule_set, timeline, stay, spans) if verdict is not Verdict.DENY else ()
    if verdict.lets_in:  # an entry fee and no entry is free; a fee on leaving may be all there is
        verdict = Verdict.ALLOW_WITH_CHARGE if due else Verdict.ALLOW
    return _Case(presence, stay, timeline, rule_set, tuple(spans), verdict, due)


def _due(
    rule_set: RuleSet, timeline: Timeline, stay: Stay, spans: Sequence[Span]
) -> tuple[ChargeDue, ...]:
    if rule_set.closure_id:
        return ()
    zone = rule_set.zone
    return tuple(charges.due(zone.zone_id, zone.time_zone, timeline, stay, spans))


def _answer(cases: Sequence[_Case], paid: Sequence[tuple[ChargeDue, ...]]) -> Answer:
    """What the cases say together; `paid` is what of each one's charges is due."""
    findings = tuple(
        _finding(case, own)
        for case, own in zip(cases, paid, strict=True)
        if case.verdict is not Verdict.ALLOW
    )
    verdict = worst(finding.verdict for finding in findings)
    return Answer(verdict, findings, charges.totals(chain.from_iterable(paid)))


def _finding(case: _Case, paid: tuple[ChargeDue, ...]) -> Finding:
    verdict = case.verdict
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
        _rule_ids(case, decisive) if zone_id else (),
        _distinct(name for o in decisive for name in o.missing),
        _distinct(scheme for o in decisive for scheme in o.permit_schemes),
        paid,
        None if verdict.lets_in else case.timeline.next_allowed(start, end - start),
        case.rule_set.rule_set_id,
        case.rule_set.version,
        _caveats(case),
    )


def _rule_ids(case: _Case, decisive: Sequence[Outcome]) -> tuple[str, ...]:
    """The rules that lead to the verdict, in the order of the zone."""
    named = {rule_id for outcome in decisive for rule_id in outcome.rule_ids}
    if case.verdict is Verdict.ALLOW_WITH_CHARGE:
        named |= {charge.rule_id for charge in case.due}
    if len(named) <= 1:
        return tuple(named)
    listed = (rule.rule_id for zone in case.timeline.zones for rule in zone.rules)
    return _distinct(rule_id for rule_id in listed if rule_id in named)


def _caveats(case: _Case) -> tuple[Caveat, ...]:
    zone = case.rule_set.zone
    if any(span.outcome == UNRECORDED for span in case.spans):
        return (*zone.caveats, Caveat.RULES_UNRECORDED)
    days = local_days(case.spans[0].start, case.spans[-1].end, zone.time_zone)
    asks = any(rule.schedule.asks_for_holidays for rule in zone.rules)
    if asks and {day.year for day in days} - {day.year for day in zone.holidays}:
        return (*zone.caveats, Caveat.HOLIDAYS_UNLISTED)
    return zone.caveats


def _next_allowed(entry: datetime, cases: Sequence[_Case], answer: Answer) -> datetime | None:
    """The first entry from which every stay would be let in: each area may push it further."""
    if len(cases) == 1:  # the finding has searched already
        found = answer.findings[0].next_allowed
        return None if found is None else found - cases[0].stay.start
    at = entry
    for _ in range(STEPS_MAX):
        pushed = at
        for case in cases:
            suits = case.timeline.next_allowed(pushed + case.stay.start, case.length)
            if suits is None or suits - case.stay.start > entry + NEXT_ALLOWED_MAX:
                return None
            pushed = suits - case.stay.start
        if pushed == at:
            return pushed
        at = pushed
    return None


def _distinct(items: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))
