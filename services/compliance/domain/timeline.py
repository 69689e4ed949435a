"""
What the rules of one area say to one vehicle, over time.

Pure, and kept: a batch asks the same few vehicles about the same few areas again and again. Time is
cut into days of UTC; each is worked out once, from the local days it touches.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from services.compliance.domain.budget import Budget
from services.compliance.domain.civil import local_days, stretches
from services.compliance.domain.filter import conditions
from services.compliance.domain.rule import Rule
from services.compliance.domain.schedule import Window
from services.compliance.domain.truth import Truth, every
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import (
    ALLOWED,
    UNRECORDED,
    Judged,
    Outcome,
    Span,
    judge,
)
from services.compliance.domain.zone import RuleSet, Tenure, Zone

DAY = timedelta(days=1)
MIDNIGHT = time(tzinfo=UTC)
NEXT_ALLOWED_MAX = timedelta(days=366)  # how far ahead an allowed time is searched
HOLIDAYS = "holidays"  # what is missing where a year has none listed and a rule holds on them only


class Timeline:
    """
    Answers for one vehicle and one area whose versions hold in turn.

    `history` is that of the whole zone, on all areas it had: where none of it holds, nobody knows.
    A closure has none. What it keeps is counted in the `budget` of its rule book.
    """

    def __init__(
        self,
        tenures: Sequence[Tenure],
        vehicle: Vehicle,
        history: Sequence[Tenure] = (),
        budget: Budget | None = None,
    ) -> None:
        self._tenures = tenures
        self._history = history
        self._vehicle = vehicle
        self._budget = budget or Budget()
        self._age = self._budget.age
        self._days: dict[date, tuple[Span, ...]] = {}
        self._next: dict[date, date] = {}
        self._outcomes: dict[tuple[Judged, ...], Outcome] = {}
        self._judged: dict[tuple[str, date | None], tuple[Judged, ...]] = {}

    @property
    def zones(self) -> Iterator[Zone]:
        """What its versions say of the zone, in the order of time."""
        return (tenure.rule_set.zone for tenure in self._tenures)

    def outcome(self, at: datetime) -> Outcome:
        """What holds at one instant."""
        return self._span(at).outcome

    def spans(self, start: datetime, end: datetime) -> list[Span]:
        """`[start, end)` cut where the outcome changes, without gap; empty when it is empty."""
        first = self._span(start)
        if start < end <= first.end:  # as most stays are
            return [Span(start, end, first.outcome)]
        found: list[Span] = []
        for span in self._walk(start, end):
            if found and found[-1].outcome == span.outcome:
                found[-1] = Span(found[-1].start, span.end, span.outcome)
            else:
                found.append(span)
        return found

    def next_allowed(self, at: datetime, length: timedelta) -> datetime | None:
        """The first instant from `at` on from which a stay of that length is let in throughout."""
        latest = at + NEXT_ALLOWED_MAX
        begun: datetime | None = None
        for span in self._strides(at, latest + length + DAY):
            if not span.outcome.verdict.lets_in:
                begun = None
                continue
            begun = span.start if begun is None else begun
            if begun > latest:
                return None
            if span.end - begun >= length:
                return begun
        return None

    def tenure(self, at: datetime) -> Tenure | None:
        """The version that holds at an instant."""
        return next((tenure for tenure in self._tenures if tenure.contains(at)), None)

    def _span(self, at: datetime) -> Span:
        """The span of its day that an instant lies in."""
        spans = self._day(at.date())
        return spans[bisect_right(spans, at, key=_start) - 1]

    def _walk(self, start: datetime, end: datetime) -> Iterator[Span]:
        day = start.date()
        while _midnight(day) < end:
            for span in self._day(day):
                first, last = max(span.start, start), min(span.end, end)
                if first < last:
                    yield Span(first, last, span.outcome)
            day += DAY

    def _strides(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Like `_walk`, but steps over days on which nothing can change."""
        day = start.date()
        while _midnight(day) < end:
            after = max(day + DAY, min(self._next_change(day), end.date() + DAY))
            spans = self._day(day)
            for span in spans[:-1]:
                if span.end > start:
                    yield Span(max(span.start, start), span.end, span.outcome)
            yield Span(max(spans[-1].start, start), _midnight(after), spans[-1].outcome)
            day = after

    def _next_change(self, day: date) -> date:
        """A day up to which every one is like the end of `day`."""
        found = self._next.get(day)  # read once: another thread may clear what is kept
        if found is None:
            changes = [c for tenure in self._tenures for c in self._changes(tenure, day)]
            known = [c for tenure in self._history for c in _edges(tenure, day)]
            self._spend()
            found = self._next[day] = min((*changes, *known), default=date.max - DAY)
        return found

    def _changes(self, tenure: Tenure, day: date) -> Iterator[date]:
        yield from _edges(tenure, day)
        if tenure.end is not None and tenure.end.date() < day:
            return
        if self._vehicle.has_dated_permits:
            yield day + DAY
        for judged in self._of(tenure.rule_set, day):
            for offset in (-1, 0, 1):  # local days begin up to 15 h before or after those of UTC
                change = judged.rule.schedule.next_change(day + offset * DAY)
                if change is not None:
                    yield max(change - DAY, day + DAY)

    def _day(self, day: date) -> tuple[Span, ...]:
        spans = self._days.get(day)
        if spans is None:
            spans = tuple(self._work_out(day))
            self._spend()
            self._days[day] = spans
        return spans

    def _spend(self) -> None:
        """Before one more answer is kept: forgets all others where the book has too many."""
        age = self._budget.spend()
        if age != self._age:
            self._age = age
            for kept in (self._days, self._next, self._outcomes, self._judged):
                kept.clear()

    def _work_out(self, day: date) -> Iterator[Span]:
        """The spans of one day of UTC, without gap."""
        start, end = _midnight(day), _midnight(day + DAY)
        windows = [w for tenure in self._tenures for w in self._windows(tenure, start, end)]
        known = [held for tenure in self._history if (held := tenure.cut(start, end))]
        spans = (*((first, last) for first, last, _ in windows), *known)
        edges = sorted({start, end, *(at for span in spans for at in span)})
        begun, outcome = start, self._at(windows, start)
        for edge in edges[1:-1]:
            following = self._at(windows, edge)
            if following != outcome:
                yield Span(begun, edge, outcome)
                begun, outcome = edge, following
        yield Span(begun, end, outcome)

    def _windows(
        self, tenure: Tenure, start: datetime, end: datetime
    ) -> Iterator[tuple[datetime, datetime, Judged]]:
        """When which rule holds inside `[start, end)`."""
        held = tenure.cut(start, end)
        if held is None or tenure.rule_set.zone.retired:
            return
        zone = tenure.rule_set.zone
        for day in local_days(*held, zone.time_zone):
            for judged in self._of(tenure.rule_set, day):
                for first, last, said in _said(judged, zone, day):
                    first, last = max(first, held[0]), min(last, held[1])
                    if first < last:
                        yield first, last, said

    def _at(self, windows: Sequence[tuple[datetime, datetime, Judged]], at: datetime) -> Outcome:
        if self._history and not any(tenure.contains(at) for tenure in self._history):
            return UNRECORDED
        found = [judged for start, end, judged in windows if start <= at < end]
        certain = {judged.rule.rule_id for judged in found if not _is_doubtful(judged)}
        active = tuple(
            judged
            for judged in found
            if not _is_doubtful(judged) or judged.rule.rule_id not in certain
        )
        if not active:
            return ALLOWED
        outcome = self._outcomes.get(active)
        if outcome is None:
            self._spend()
            outcome = self._outcomes[active] = judge(active)
        return outcome

    def _of(self, rule_set: RuleSet, day: date) -> tuple[Judged, ...]:
        """The rules that are, or may be, about the vehicle, in the order of the zone."""
        key = (rule_set.rule_set_id, day if self._vehicle.has_dated_permits else None)
        found = self._judged.get(key)
        if found is None:
            judged = (_judged(rule, self._vehicle, day) for rule in rule_set.zone.rules)
            self._spend()
            found = self._judged[key] = tuple(j for j in judged if j.truth is not Truth.FAILS)
        return found


def _start(span: Span) -> datetime:
    return span.start


def _edges(tenure: Tenure, day: date) -> Iterator[date]:
    """The days after one on which a tenure begins or ends."""
    for edge in (tenure.start, tenure.end):
        if edge is not None and edge.date() >= day:
            yield max(edge.date(), day + DAY)


def _judged(rule: Rule, vehicle: Vehicle, day: date) -> Judged:
    asked = list(conditions(rule.filter, vehicle, day))
    missing = tuple(c.attribute for c in asked if c.truth is Truth.UNKNOWN)
    return Judged(rule, every(c.truth for c in asked), missing)


def _said(judged: Judged, zone: Zone, day: date) -> Iterator[tuple[datetime, datetime, Judged]]:
    """When a rule holds on a local day, and when it does if that is a holiday nobody listed."""
    schedule = judged.rule.schedule
    for instants in _instants(schedule.windows(day, zone.holidays), day, zone.time_zone):
        yield *instants, judged
    doubtful = schedule.doubtful_windows(day, zone.holidays)
    if doubtful:
        unsure = Judged(judged.rule, Truth.UNKNOWN, (*judged.missing, HOLIDAYS))
        for instants in _instants(doubtful, day, zone.time_zone):
            yield *instants, unsure


def _is_doubtful(judged: Judged) -> bool:
    return HOLIDAYS in judged.missing


def _instants(
    windows: Sequence[Window], day: date, zone: str
) -> Iterator[tuple[datetime, datetime]]:
    for wall_start, wall_end in windows:
        for stretch in stretches(zone, day):
            instants = stretch.instants(wall_start, wall_end)
            if instants is not None:
                yield instants


def _midnight(day: date) -> datetime:
    return datetime.combine(day, MIDNIGHT)
