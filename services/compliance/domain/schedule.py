"""
When a rule holds, by the civil time of its zone.

Pure. Seconds count from local midnight by the wall clock; every span is half-open `[start, end)`.
A span that ends before it starts runs over midnight and belongs to the day on which it starts:
weekday and holiday are those of that day, while validity and exceptions are those of the instant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from services.compliance.domain.civil import DAY_SECONDS
from services.compliance.domain.faults import check, inside

Window = tuple[int, int]  # wall-clock seconds [start, end) of one local day
FIRST_DAY = date(1900, 1, 1)  # no rule is older
LAST_START = date(2200, 12, 31)  # days and years around it can be reckoned with
SOME_DAY = date(2000, 1, 1)  # where schedules that always are law are compared
WEEK_DAYS, YEAR_DAYS = 8, 367  # one more: what begins on the last day ends on the next


class HolidayEffect(StrEnum):
    """What a public holiday does to a span."""

    NONE = "NONE"
    EXCLUDED = "EXCLUDED"
    ONLY = "ONLY"


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """
    A span of the wall clock on certain days: weekdays (Monday is 0), months, days of the month.

    All that is stated must hold together; none of a kind means every day.
    """

    days: tuple[int, ...] = ()
    start_seconds: int = 0
    end_seconds: int = DAY_SECONDS
    holidays: HolidayEffect = HolidayEffect.NONE
    months: tuple[int, ...] = ()
    days_of_month: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check(all(0 <= day < 7 for day in self.days), "a weekday is 0 to 6")
        check(all(1 <= month <= 12 for month in self.months), "a month is 1 to 12")
        check(all(1 <= day <= 31 for day in self.days_of_month), "a day of the month is 1 to 31")
        check(0 <= self.start_seconds < DAY_SECONDS, "a span starts within the day")
        check(0 <= self.end_seconds <= DAY_SECONDS, "a span ends by 24:00")
        check(self.start_seconds != self.end_seconds, "a span has a length")

    @property
    def dated(self) -> bool:
        """Whether more than the weekday tells the days on which it starts."""
        return bool(self.months or self.days_of_month)

    @property
    def over_midnight(self) -> bool:
        """Whether it ends on the next day."""
        return self.end_seconds < self.start_seconds

    def starts_on(self, day: date, holidays: Collection[date]) -> bool:
        """Whether the span starts on that local day."""
        in_month = not self.months or day.month in self.months
        if not in_month or (self.days_of_month and day.day not in self.days_of_month):
            return False
        if self.holidays is HolidayEffect.ONLY:
            return day in holidays
        if self.holidays is HolidayEffect.EXCLUDED and day in holidays:
            return False
        return not self.days or day.weekday() in self.days


@dataclass(frozen=True, slots=True)
class YearDay:
    """A day of one year, or of every year when `year` is 0."""

    month: int
    day: int
    year: int = 0

    def __post_init__(self) -> None:
        date(self.year or 2000, self.month, self.day)  # 2000 has a 29 February

    def falls_on(self, day: date) -> bool:
        """Whether it is that day."""
        return (self.month, self.day) == (day.month, day.day) and self.year in (0, day.year)

    def next_after(self, day: date) -> date | None:
        """The first such day after `day`, within the next eight years."""
        for year in [self.year] if self.year else range(day.year, day.year + 9):
            if self.month == 2 and self.day == 29 and not _is_leap(year):
                continue
            if (found := date(year, self.month, self.day)) > day:
                return found
        return None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The days `[start, end)` on which a rule is law, and the spans of them in which it holds."""

    start: date | None = None
    end: date | None = None
    spans: tuple[TimeSpan, ...] = ()
    excepted: tuple[YearDay, ...] = ()

    def __post_init__(self) -> None:
        if self.start is not None:
            inside("start_date", check_start, self.start)
        ends = self.end is None or self.end > FIRST_DAY
        check(ends, "a rule ends in 1900 or later", where="end_date")
        both = self.start is not None and self.end is not None
        check(not both or self.start < self.end, "the last day is not after the first")  # type: ignore[operator]

    @property
    def asks_for_holidays(self) -> bool:
        """Whether a public holiday changes anything."""
        return any(span.holidays is not HolidayEffect.NONE for span in self.spans)

    def is_law_on(self, day: date) -> bool:
        """Whether the rule is in force and not excepted on that local day."""
        begun = self.start is None or self.start <= day
        ended = self.end is not None and self.end <= day
        return begun and not ended and not any(e.falls_on(day) for e in self.excepted)

    def windows(self, day: date, holidays: Collection[date]) -> tuple[Window, ...]:
        """The seconds of that local day in which the rule holds, in order, without overlap."""
        if not self.is_law_on(day):
            return ()
        if not self.spans:
            return ((0, DAY_SECONDS),)
        return _merged(w for span in self.spans for w in _on_day(span, day, holidays))

    def doubtful_windows(self, day: date, holidays: Collection[date]) -> tuple[Window, ...]:
        """When it holds on holidays only, where nobody has listed those of the year."""
        only = tuple(s for s in self.spans if s.holidays is HolidayEffect.ONLY)
        years = {holiday.year for holiday in holidays}
        unlisted = [d for d in (day - timedelta(days=1), day) if d.year not in years]
        if not only or not unlisted:
            return ()
        return replace(self, spans=only).windows(day, unlisted)

    def next_change(self, day: date) -> date | None:
        """A day after `day` before which every day is like `day`; None when all that follow are."""
        if self.end is not None and self.end <= day:
            return None
        if self.start is not None and day < self.start:
            return self.start
        if self.spans:
            return day + timedelta(days=1)
        if any(e.falls_on(day) for e in self.excepted):
            return day + timedelta(days=1)
        coming = [self.end, *(e.next_after(day) for e in self.excepted)]
        return min((at for at in coming if at is not None), default=None)


ALWAYS = Schedule()


def check_start(day: date) -> None:
    """Raises Unsound far from all calendars of law."""
    check(FIRST_DAY <= day <= LAST_START, "a rule begins in the years 1900 to 2200")


def overlap(one: Schedule, other: Schedule) -> bool:
    """
    Whether both hold at some instant of the first year in which both are law.

    Every day is tried as a public holiday and as none, for calendars change.
    """
    first = max(day for day in (one.start, other.start, SOME_DAY) if day).toordinal()
    dated = any(s.excepted or s.end or any(p.dated for p in s.spans) for s in (one, other))
    last = min(first + (YEAR_DAYS if dated else WEEK_DAYS), date.max.toordinal())
    return any(_meet(one, other, date.fromordinal(day)) for day in range(first, last))


def _meet(one: Schedule, other: Schedule, day: date) -> bool:
    return any(
        start < until and begin < end
        for holidays in ((), (day,))
        for start, end in one.windows(day, holidays)
        for begin, until in other.windows(day, holidays)
    )


def _on_day(span: TimeSpan, day: date, holidays: Collection[date]) -> Iterable[Window]:
    if span.starts_on(day, holidays):
        yield span.start_seconds, DAY_SECONDS if span.over_midnight else span.end_seconds
    begun_yesterday = span.starts_on(day - timedelta(days=1), holidays)
    if span.over_midnight and span.end_seconds and begun_yesterday:
        yield 0, span.end_seconds


def _merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    merged: list[Window] = []
    for start, end in sorted(windows):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
