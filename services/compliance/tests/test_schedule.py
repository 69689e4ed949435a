"""
When a rule holds, by the clock on the wall.

Method: a day's windows as full hours; then instants around the two nights on which clocks change.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.compliance.domain.civil import local_day, local_days, stretches
from services.compliance.domain.faults import Unsound
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan, YearDay

TUESDAY, SUNDAY = date(2026, 5, 12), date(2026, 5, 17)
HOLIDAY = date(2026, 5, 14)  # a Thursday
WORKDAYS = (0, 1, 2, 3, 4)
SECOND_WEEK = tuple(range(8, 15))
HOUR = 3_600
NIGHT_OF_11TH = TimeSpan((), 22 * HOUR, 6 * HOUR, days_of_month=(11,))


def span(start: int, end: int, *days: int, holidays: str = "NONE") -> TimeSpan:
    return TimeSpan(days, start * HOUR, end * HOUR, HolidayEffect(holidays))


@pytest.mark.parametrize(
    ("schedule", "day", "windows"),
    [
        (Schedule(), TUESDAY, [(0, 24)]),
        (Schedule(spans=(span(7, 18, *WORKDAYS),)), TUESDAY, [(7, 18)]),
        (Schedule(spans=(span(7, 18, *WORKDAYS),)), SUNDAY, []),
        (Schedule(spans=(span(7, 9), span(8, 12))), TUESDAY, [(7, 12)]),
        (Schedule(spans=(span(22, 6),)), TUESDAY, [(0, 6), (22, 24)]),
        (Schedule(spans=(span(22, 6, 0),)), TUESDAY, [(0, 6)]),  # begun on Monday
        (Schedule(spans=(span(22, 6, 1),)), TUESDAY, [(22, 24)]),
        (Schedule(spans=(span(7, 18, *WORKDAYS, holidays="EXCLUDED"),)), HOLIDAY, []),
        (Schedule(spans=(span(12, 18, holidays="ONLY"),)), HOLIDAY, [(12, 18)]),
        (Schedule(spans=(span(12, 18, holidays="ONLY"),)), TUESDAY, []),
        (Schedule(spans=(TimeSpan(months=(5, 6)),)), TUESDAY, [(0, 24)]),
        (Schedule(spans=(TimeSpan(months=(4, 6)),)), TUESDAY, []),
        (Schedule(spans=(TimeSpan((1,), days_of_month=SECOND_WEEK),)), TUESDAY, [(0, 24)]),
        (Schedule(spans=(TimeSpan((1,), days_of_month=(1, 2)),)), TUESDAY, []),
        (Schedule(spans=(NIGHT_OF_11TH,)), TUESDAY, [(0, 6)]),
        (Schedule(start=TUESDAY), TUESDAY, [(0, 24)]),
        (Schedule(end=TUESDAY), TUESDAY, []),
        (Schedule(excepted=(YearDay(5, 12),)), TUESDAY, []),
        (Schedule(excepted=(YearDay(5, 12, 2025),)), TUESDAY, [(0, 24)]),
    ],
)
def test_a_schedule_holds_in_these_hours_of_a_day(
    schedule: Schedule, day: date, windows: list[tuple[int, int]]
) -> None:
    found = schedule.windows(day, (HOLIDAY,))

    assert [(start // HOUR, end // HOUR) for start, end in found] == windows


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Helsinki", date(2026, 5, 12), 24),
        ("Europe/Helsinki", date(2026, 3, 29), 23),
        ("Europe/Helsinki", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("America/New_York", date(2026, 3, 8), 23),
        ("Pacific/Apia", date(2011, 12, 30), 0),  # the day that Samoa skipped
    ],
)
def test_a_local_day_is_as_long_as_its_clocks_make_it(zone: str, day: date, hours: float) -> None:
    length = sum(((s.end - s.start) for s in stretches(zone, day)), timedelta())

    assert length == timedelta(hours=hours)


def test_an_hour_that_comes_twice_holds_twice() -> None:
    day = date(2026, 10, 25)  # 03:00-04:00 comes twice in Helsinki
    found = [s.instants(3 * HOUR, 4 * HOUR) for s in stretches("Europe/Helsinki", day)]

    midnight = datetime(2026, 10, 25, tzinfo=UTC)
    assert found == [
        (midnight, midnight + timedelta(hours=1)),
        (midnight + timedelta(hours=1), midnight + timedelta(hours=2)),
    ]


def test_an_hour_that_is_missing_never_holds() -> None:
    day = date(2026, 3, 29)  # 03:00-04:00 does not exist in Helsinki
    found = [s.instants(3 * HOUR, 4 * HOUR) for s in stretches("Europe/Helsinki", day)]

    assert found == [None, None]


def test_local_days_are_half_open_at_midnight() -> None:
    evening = datetime(2026, 5, 12, 20, tzinfo=UTC)  # 23:00 in Helsinki
    midnight = evening + timedelta(hours=1)

    assert list(local_days(evening, midnight, "Europe/Helsinki")) == [TUESDAY]
    assert local_day(midnight, "Europe/Helsinki") == date(2026, 5, 13)


@pytest.mark.parametrize("year_day", [(2, 29), (12, 25)])
def test_the_next_such_day_is_found(year_day: tuple[int, int]) -> None:
    found = YearDay(*year_day).next_after(date(2026, 12, 25))

    assert found is not None
    assert (found.month, found.day) == year_day
    assert found > date(2026, 12, 25)


def test_a_span_without_length_cannot_be_made() -> None:
    with pytest.raises(Unsound):
        TimeSpan((), 3_600, 3_600)


@pytest.mark.parametrize(
    ("start", "end"),
    [(date(1, 1, 1), None), (date(2201, 1, 1), None), (None, date(1900, 1, 1))],
)
def test_a_schedule_far_from_all_calendars_of_law_cannot_be_made(
    start: date | None, end: date | None
) -> None:
    with pytest.raises(Unsound):
        Schedule(start, end)
