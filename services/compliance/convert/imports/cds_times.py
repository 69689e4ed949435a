"""Time spans of CDS -> schedules. What a schedule cannot say is refused, with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.compliance.convert.faults import Faults
from services.compliance.convert.given import flag, items, items_or_none, shown, text, whole
from services.compliance.domain.civil import DAY_SECONDS
from services.compliance.domain.faults import check, inside
from services.compliance.domain.schedule import ALWAYS, HolidayEffect, Schedule, TimeSpan

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KNOWN = {
    "days_of_week", "days_of_month", "months", "time_of_day_start", "time_of_day_end",
    "designated_period", "designated_period_except",
}  # fmt: skip
HOLIDAYS, EXCEPT = "holidays", "designated_period_except"


def schedule_of(given: Any, path: str, faults: Faults) -> Schedule | None:
    """Any of the spans; none at all means always. None when something is wrong."""
    if given is None:
        return ALWAYS
    listed = faults.take(path, items, given)
    spans = [_span(span, f"{path}[{i}]", faults) for i, span in enumerate(listed or ())]
    if listed is None or None in spans:
        return None
    return faults.take(path, Schedule, None, None, tuple(span for span in spans if span))


def _span(given: Any, path: str, faults: Faults) -> TimeSpan | None:
    if not isinstance(given, Mapping):
        faults.add(path, f"must be an object, not {shown(given)}")
        return None
    strange = sorted(set(given) - KNOWN)
    if strange:
        faults.add(path, f"{', '.join(strange)}: a schedule cannot say that here")
    but = faults.take(f"{path}.{EXCEPT}", flag, given.get(EXCEPT))
    parts: list[Any] = [
        faults.take(f"{path}.{name}", make, given.get(name), *unset) for name, make, *unset in PARTS
    ]
    if strange or but is None or None in parts:
        return None
    if but and parts[3] is HolidayEffect.ONLY:
        parts[3] = HolidayEffect.EXCLUDED
    return faults.take(path, TimeSpan, *parts)


def _days(given: Any) -> tuple[int, ...]:
    named = items_or_none(given)
    known = all(isinstance(day, str) and day in DAYS for day in named)
    check(known, f"days are {', '.join(DAYS)}")
    return tuple(sorted(DAYS.index(day) for day in set(named)))


def _numbers(given: Any) -> tuple[int, ...]:
    numbers = [inside(f"[{i}]", whole, item) for i, item in enumerate(items_or_none(given))]
    return tuple(sorted(set(numbers)))


def _seconds(given: Any, unset: int) -> int:
    if given is None:
        return unset
    parts = text(given).split(":")
    sound = len(parts) == 2 and all(part.isdecimal() and len(part) <= 2 for part in parts)
    check(sound, "write times as 07:30")
    hours, minutes = (int(part) for part in parts)
    check(hours * 60 + minutes <= 24 * 60 and minutes < 60, "not a time of day")
    return hours * 3_600 + minutes * 60


def _holidays(period: Any) -> HolidayEffect:
    if period is None:
        return HolidayEffect.NONE
    known = f"the days of {shown(period)} are not known here, only {HOLIDAYS}"
    check(period == HOLIDAYS, known)
    return HolidayEffect.ONLY


PARTS: Sequence[tuple[Any, ...]] = (  # of a span, in its order: a name, its reader, what is unset
    ("days_of_week", _days),
    ("time_of_day_start", _seconds, 0),
    ("time_of_day_end", _seconds, DAY_SECONDS),
    ("designated_period", _holidays),
    ("months", _numbers),
    ("days_of_month", _numbers),
)
