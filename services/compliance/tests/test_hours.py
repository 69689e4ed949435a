"""
Opening hours as schedules, and turned round.

Method: the library that parses them also says, for any minute, whether they are open; two weeks
with two public holidays are walked in steps of a quarter of an hour, as written and turned round.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from opening_hours import OpeningHours

from services.compliance.adapters.holiday_calendars import holidays_of
from services.compliance.convert.imports.hours import hours_of, together
from services.compliance.domain.faults import Unsound
from services.compliance.domain.schedule import ALWAYS, Schedule

FRENCH = holidays_of("FR")
FIRST = datetime(2026, 5, 4)  # noqa: DTZ001 - civil time; the 8th and the 14th are holidays
QUARTERS = [FIRST + timedelta(minutes=15 * step) for step in range(15 * 96)]

READ = (
    "Mo-Sa 06:00-11:00",
    "Mo-Fr 08:00-20:00; PH off",
    "Mo-Fr 08:00-20:00; PH,Su 10:00-12:00",
    "24/7",
    "6:00-11:00",
    "07:00 - 24:00",
    "22:00-24:00, 0:00-06:00",
    "Mo-Fr 7:30-9:00,11:30-13:30",
    "Mo-Fr",
    "Fr-Mo 10:00-11:00",
    "Mo-Fr 08:00-12:00, Sa 10:00-12:00",
    "Mo-Fr 08:00-18:00; We off",
    "PH,Su 00:00-24:00",
)
OVER_MIDNIGHT = ("Mo-Fr 16:00-11:00;Sa 00:00-11:00", "Mo-Fr 20:00-26:00", "19:00-6:00")
DATED = ("2026 May 6-2026 May 9", "2026 May 6-May 9", "2026 May 6")
MONTHS = ("May-Sep Mo-Fr 10:00-18:00", "Nov-Feb")


def holds(schedule: Schedule, moment: datetime) -> bool:
    at = moment.hour * 3_600 + moment.minute * 60
    return any(start <= at < end for start, end in schedule.windows(moment.date(), FRENCH))


@pytest.mark.parametrize("text", READ + OVER_MIDNIGHT + DATED + MONTHS)
def test_hours_hold_when_the_library_says_so(text: str) -> None:
    schedule, oracle = hours_of(text).schedule(), OpeningHours(text, country="FR")

    assert [q for q in QUARTERS if holds(schedule, q) is not oracle.is_open(q)] == []


MINUS = (
    *(("24/7", text) for text in READ + OVER_MIDNIGHT + MONTHS),
    ("Mo-Fr 08:00-16:00", "Mo-Fr 10:00-12:00"),
    ("Mo-Fr 08:00-16:00; PH off", "10:00-12:00"),
    ("08:00-16:00", "Mo-Fr 10:00-12:00; PH 14:00-15:00"),
    ("19:00-06:00", "Sa 20:00-22:00"),
    ("Mo-Fr 20:00-26:00", "01:00-02:00"),
    ("Mo-Fr 08:00-16:00", "Sa 08:00-16:00"),
    ("Mo-Fr 08:00-16:00", "24/7"),
    ("Mo-Fr 08:00-16:00", "May Mo-Fr 10:00-12:00"),
    ("May-Jul Mo-Fr 08:00-16:00", "Jul-Aug 10:00-12:00"),
    ("2026 May 6-2026 May 9", "Mo-Fr 10:00-12:00"),
    ("2026 May 6-2026 May 9", "2026 May 6-2026 May 9"),
)


@pytest.mark.parametrize(("text", "away"), MINUS)
def test_hours_without_others_hold_when_the_library_says_so(text: str, away: str) -> None:
    left = hours_of(text).minus(hours_of(away))
    oracle, gone = (OpeningHours(hours, country="FR") for hours in (text, away))

    for quarter in QUARTERS:
        held = bool(left) and holds(together(left), quarter)
        assert held is (oracle.is_open(quarter) and not gone.is_open(quarter)), quarter


@pytest.mark.parametrize(
    "text",
    [
        "SH Mo-Fr 08:00-09:00",
        "sunrise-sunset",
        "Mo[1] 10:00-12:00",
        "Mo-Fr 08:00+",
        '"by appointment"',
        "Mo-Fr 12:00-13:00 off",
        "Mo-Fr 08:00-10:00 unknown",
        "week 10-20 Mo 10:00-12:00",
        "easter off",
        "PH off; Sa 10:00-12:00",
        "Jul 1-Aug 31 off",
        "2026 May 6-May 9 08:00-10:00; Mo 10:00-12:00",
        "eight to six",
        "off",
        "PH off",
        "",
    ],
)
def test_what_is_not_read_is_refused(text: str) -> None:
    with pytest.raises(Unsound, match=r"not read|syntax|never|last"):
        hours_of(text).schedule()


@pytest.mark.parametrize(
    ("text", "away"),
    [
        *(("24/7", text) for text in ("Mo-Fr 20:00-06:00; PH off", *DATED)),
        ("Mo-Fr 08:00-16:00", "10:00-12:00; PH off"),
        ("10:00-12:00; PH 08:00-16:00", "Mo-Fr 10:00-12:00"),
    ],
)
def test_what_cannot_be_taken_away_is_refused(text: str, away: str) -> None:
    with pytest.raises(Unsound, match="taken"):
        hours_of(text).minus(hours_of(away))


def test_hours_that_always_hold_leave_no_rest() -> None:
    assert hours_of("24/7").schedule() == ALWAYS
    assert hours_of("24/7").minus(hours_of("24/7")) == ()
