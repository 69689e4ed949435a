"""Time spans of CDS -> schedules. What a schedule cannot say is refused, with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.compliance.domain.civil import DAY_SECONDS
from services.compliance.domain.faults import check, inside
from services.compliance.domain.schedule import ALWAYS, HolidayEffect, Schedule, TimeSpan

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KNOWN = {
    "days_of_week", "days_of_month", "months", "time_of_day_start", "time_of_day_end",
    "designated_period", "designated_period_except",
}  # fmt: skip
HOLIDAYS = "holidays"


def schedule_of(given: Any) -> Schedule:
    """Any of the spans; none at all means always."""
    if given is None:
        return ALWAYS
    check(isinstance(given, list), "must be a list")
    spans = tuple(inside(f"[{i}]", _span, span) for i, span in enumerate(given))
    return Schedule(spans=spans)


def _span(given: Any) -> TimeSpan:
    check(isinstance(given, Mapping), "must be an object")
    strange = sorted(set(given) - KNOWN)
    check(not strange, f"{', '.join(strange)}: a schedule cannot say that here")
    return TimeSpan(
        inside("days_of_week", _days, given.get("days_of_week")),
        inside("time_of_day_start", _seconds, given.get("time_of_day_start"), 0),
        inside("time_of_day_end", _seconds, given.get("time_of_day_end"), DAY_SECONDS),
        inside("designated_period", _holidays, given),
        inside("months", _numbers, given.get("months")),
        inside("days_of_month", _numbers, given.get("days_of_month")),
    )


def _days(given: Any) -> tuple[int, ...]:
    named = given or []
    check(isinstance(named, list) and set(named) <= set(DAYS), f"days are {', '.join(DAYS)}")
    return tuple(sorted(DAYS.index(day) for day in set(named)))


def _numbers(given: Any) -> tuple[int, ...]:
    numbers = given or []
    sound = isinstance(numbers, list) and all(isinstance(n, int) for n in numbers)
    check(sound, "must be a list of whole numbers")
    return tuple(sorted(set(numbers)))


def _seconds(given: Any, unset: int) -> int:
    if given is None:
        return unset
    parts = str(given).split(":")
    check(len(parts) == 2 and all(part.isdecimal() for part in parts), "write times as 07:30")
    hours, minutes = (int(part) for part in parts)
    check(hours * 60 + minutes <= 24 * 60 and minutes < 60, "not a time of day")
    return hours * 3_600 + minutes * 60


def _holidays(given: Mapping[str, Any]) -> HolidayEffect:
    period = given.get("designated_period")
    if period is None:
        return HolidayEffect.NONE
    check(period == HOLIDAYS, f"the days of {period!r} are not known here, only {HOLIDAYS}")
    but = bool(given.get("designated_period_except"))
    return HolidayEffect.EXCLUDED if but else HolidayEffect.ONLY
