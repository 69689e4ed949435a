"""
Opening hours in OpenStreetMap's syntax -> schedules.

`opening_hours` parses the whole grammar and prints it in one way; of what it prints, this reads
what rules of the road are written in: weekdays, public holidays, spans of the clock, months, and
one range of dates. The rest (school holidays, sunrise, the second Monday, "by appointment") is
refused by name: a rule that is half understood would let somebody in.

Syntax: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from opening_hours import OpeningHours, ParserError  # type: ignore[attr-defined]

from services.compliance.convert.given import shown
from services.compliance.domain.civil import DAY_SECONDS
from services.compliance.domain.faults import Unsound, check
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HOLIDAY = "PH"
ALL_WEEK = tuple(range(7))
ALL_YEAR = tuple(range(1, 13))
WHOLE_DAY = (0, DAY_SECONDS)

_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su|PH)"
_MONTH = rf"(?:{'|'.join(MONTHS)})"
_CLOCK = r"\d\d:\d\d-\d\d:\d\d"
_DATE = rf"(\d{{4}}) ({_MONTH}) (\d{{1,2}})"
RULE = re.compile(
    rf"(?:{_DATE}(?:-(?:(\d{{4}}) )?({_MONTH}) (\d{{1,2}}))?)? ?"
    rf"(?P<months>{_MONTH}(?:[-,]{_MONTH})*(?! \d{{1,2}}(?!\d?:)))? ?"
    rf"(?P<days>{_DAY}(?:[-,]{_DAY})*)? ?"
    rf"(?P<clock>{_CLOCK}(?:,{_CLOCK})*)? ?"
    r"(?P<state>closed)?"
)

Spans = tuple[tuple[int, int], ...]  # seconds of the wall clock; an end before its start: next day


@dataclass
class Hours:
    """When something holds: on weekdays, on public holidays (None: as on weekdays), and between."""

    weekdays: list[Spans] = field(default_factory=lambda: [()] * 7)
    holidays: Spans | None = None
    months: tuple[int, ...] = ()
    start: date | None = None
    end: date | None = None

    @property
    def spans(self) -> tuple[TimeSpan, ...]:
        """The same hours as spans of a schedule."""
        return tuple(_spans(self.weekdays, self.holidays, self.months))

    def schedule(self) -> Schedule:
        """When it holds; Unsound when that is never."""
        return together((self,))

    def minus(self, other: Hours) -> tuple[Hours, ...]:
        """What is left of these hours without others, in parts; Unsound where no hours say that."""
        undated = other.start is None and other.end is None
        same_dates = (self.start, self.end) == (other.start, other.end)
        check(undated or same_dates, "hours of other dates cannot be taken away")
        own, away = _by_day(self), _by_day(other)
        months = set(self.months or ALL_YEAR)
        shared = months & set(other.months or ALL_YEAR)
        left = replace(
            own,
            weekdays=[_without(*day) for day in zip(own.weekdays, away.weekdays, strict=True)],
            holidays=_without_holidays(own, away),
            months=_months(shared),
        )
        parts = [left] if shared else []
        if months - shared:
            parts.append(replace(own, months=_months(months - shared)))
        return tuple(part for part in parts if part.spans)


def always() -> Hours:
    """All hours of all days."""
    return Hours([(WHOLE_DAY,)] * 7)


def together(parts: Sequence[Hours]) -> Schedule:
    """When any of some hours of the same dates hold; Unsound when that is never."""
    spans = tuple(dict.fromkeys(span for part in parts for span in part.spans))
    check(bool(spans), "these hours never hold")
    return Schedule(parts[0].start, parts[0].end, () if spans == (TimeSpan(),) else spans)


def hours_of(text: str) -> Hours:
    """Hours as they are written; Unsound with the part that is not read here."""
    try:
        told = str(OpeningHours(text))
    except ParserError as error:
        place = str(error).partition("\n")[0].rstrip(": ")
        raise Unsound(f"{shown(text)} is not in the syntax of opening hours: {place}") from error
    hours, rules = Hours(), list(_rules(told))
    for rule, adds in rules:
        _apply(hours, rule, adds=adds, alone=len(rules) == 1)
    return hours


def _rules(told: str) -> Iterator[tuple[str, bool]]:
    """The rules in order; one after a comma adds to those before it instead of replacing them."""
    for replacing in told.split("; "):
        for number, rule in enumerate(replacing.split(", ")):
            yield rule, number > 0


def _apply(hours: Hours, rule: str, *, adds: bool, alone: bool) -> None:
    found = RULE.fullmatch("" if rule == "24/7" else rule.removeprefix("24/7 "))
    if found is None:
        raise Unsound(f"{rule!r} is not read here")
    closed, spans = found["state"] is not None, _clock(found["clock"])
    check(not (closed and found["clock"]), f"{rule!r} takes hours away, which is not read here")
    dated = bool(found[1] or found["months"])
    check(alone or not dated, f"{rule!r} names dates beside other rules, which is not read here")
    hours.start, hours.end = _dates(found)
    hours.months = _listed(found["months"], MONTHS, 1)
    _put(hours, found["days"] or "", () if closed else spans, adds=adds, rule=rule)


def _put(hours: Hours, days: str, spans: Spans, *, adds: bool, rule: str) -> None:
    named = [part for part in days.split(",") if part != HOLIDAY]
    weekdays = ALL_WEEK if not days else _listed(",".join(named), DAYS, 0)
    holiday = HOLIDAY in days.split(",")
    late = hours.holidays is not None and bool(weekdays)
    check(not late, f"{rule!r} follows a rule of holidays, which must stand last")
    for day in weekdays:
        hours.weekdays[day] = hours.weekdays[day] + spans if adds else spans
    if holiday:
        hours.holidays = spans


def _listed(text: str | None, names: tuple[str, ...], first: int) -> tuple[int, ...]:
    """The numbers of a list such as `Mo-Fr,Su`; a range may run over the end."""
    found: set[int] = set()
    for part in filter(None, (text or "").split(",")):
        low, _, high = part.partition("-")
        check({low, high or low} <= set(names), f"{part!r} is not read here")
        begin, count = names.index(low), len(names)
        length = (names.index(high or low) - begin) % count + 1
        found |= {(begin + step) % count + first for step in range(length)}
    return tuple(sorted(found))


def _clock(text: str | None) -> Spans:
    if text is None:
        return (WHOLE_DAY,)
    return tuple(_span(part) for part in text.split(","))


def _span(text: str) -> tuple[int, int]:
    start, end = (_seconds(clock) for clock in text.split("-"))
    if end > DAY_SECONDS:
        end -= DAY_SECONDS
    if start == end or (start, end) == (0, 0):
        check(start == 0, f"{text!r} is a whole day from {start // 3600} h on: not read here")
        return WHOLE_DAY
    return start % DAY_SECONDS, end


def _seconds(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 3_600 + int(minutes) * 60


def _dates(found: re.Match[str]) -> tuple[date | None, date | None]:
    """The first day, and the first day no longer."""
    if not found[1]:
        return None, None
    first = _date(found[1], found[2], found[3])
    last = _date(found[4] or found[1], found[5], found[6]) if found[5] else first
    check(last < date.max, "the calendar has no day after the last one")
    return first, last + timedelta(days=1)


def _date(year: str, month: str, number: str) -> date:
    try:
        return date(int(year), MONTHS.index(month) + 1, int(number))
    except ValueError as error:
        raise Unsound(f"the calendar has no {year} {month} {number}") from error


def _spans(
    weekdays: list[Spans], holidays: Spans | None, months: tuple[int, ...]
) -> Iterator[TimeSpan]:
    """The same hours as spans of a schedule, days with one span together."""
    effect = HolidayEffect.NONE if holidays is None else HolidayEffect.EXCLUDED
    for start, end in dict.fromkeys(span for day in weekdays for span in day):
        days = tuple(number for number in ALL_WEEK if (start, end) in weekdays[number])
        yield TimeSpan(() if days == ALL_WEEK else days, start, end, effect, months)
    for start, end in holidays or ():
        yield TimeSpan((), start, end, HolidayEffect.ONLY, months)


def _by_day(hours: Hours) -> Hours:
    """The same hours, those that run over midnight cut there."""
    if not any(end < start for day in hours.weekdays for start, end in day):
        return hours
    told = hours.holidays is not None or bool(hours.months)
    check(not told, "hours over midnight with holidays or months cannot be taken apart")
    return replace(hours, weekdays=[_unrolled(hours.weekdays, number) for number in ALL_WEEK])


def _unrolled(weekdays: list[Spans], number: int) -> Spans:
    """What of one weekday is covered, by its own spans and those that run over midnight into it."""
    own = ((s, e if e > s else DAY_SECONDS) for s, e in weekdays[number])
    late = ((0, e) for s, e in weekdays[number - 1] if e < s and e)
    return (*own, *late)


def _without(covered: Spans, away: Spans) -> Spans:
    """What of a day is left."""
    for start, end in away:
        cut = ((low, min(high, start), max(low, end), high) for low, high in covered)
        covered = tuple(
            span for a, b, c, d in cut for span in ((a, b), (c, d)) if span[0] < span[1]
        )
    return covered


def _without_holidays(own: Hours, away: Hours) -> Spans | None:
    """What is left of public holidays; None: as on weekdays."""
    if own.holidays is None and away.holidays is None:
        return None
    return _without(_on_holidays(own), _on_holidays(away)) if own.holidays != () else ()


def _on_holidays(hours: Hours) -> Spans:
    if hours.holidays is not None:
        return hours.holidays
    same = all(set(day) == set(hours.weekdays[0]) for day in hours.weekdays)
    check(same, "holidays that go by their weekday cannot be taken apart")
    return hours.weekdays[0]


def _months(numbers: set[int]) -> tuple[int, ...]:
    return () if len(numbers) == len(ALL_YEAR) else tuple(sorted(numbers))
