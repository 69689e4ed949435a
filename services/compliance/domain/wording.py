"""Rules in words for people: when one holds and what it asks. Pure, in the zone's civil time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from services.compliance.domain.civil import zone_of
from services.compliance.domain.rule import Charge, ChargeUnit, PermitDemand, Rule
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan, YearDay

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HOLIDAYS = {
    HolidayEffect.NONE: "",
    HolidayEffect.EXCLUDED: "not on public holidays",
    HolidayEffect.ONLY: "on public holidays only",
}
UNITS = {
    ChargeUnit.DAY: "a day",
    ChargeUnit.ENTRY: "an entry",
    ChargeUnit.PASSAGE: "a passage",
}


def schedule_in_words(schedule: Schedule) -> str:
    """Such as `from 2025-01-01, Mo-Fr 07:00-19:00 not on public holidays`."""
    spans = "; ".join(map(_span, schedule.spans))
    but = f"but not on {', '.join(map(_year_day, schedule.excepted))}" if schedule.excepted else ""
    low = f"from {schedule.start}" if schedule.start else ""
    high = f"before {schedule.end}" if schedule.end else ""
    return ", ".join(filter(None, (low, high, spans, but))) or "always"


def effect_in_words(rule: Rule) -> str:
    """What the rule does to whom it is about."""
    effect = rule.effect
    if isinstance(effect, Charge):
        amount = Decimal(effect.amount_micros).scaleb(-6).normalize()
        return f"charges {amount:f} {effect.currency_code} {UNITS[effect.unit]}"
    return "asks for a permit" if isinstance(effect, PermitDemand) else "forbids"


def stay_in_words(start: datetime, end: datetime, zone: str) -> str:
    """From when to when by the clock on the wall."""
    first, last = (at.astimezone(zone_of(zone)) for at in (start, end))
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} {zone}"


def _span(span: TimeSpan) -> str:
    days = ",".join(_runs(span.days, DAYS))
    months = ",".join(_runs([month - 1 for month in span.months], MONTHS))
    dates = ",".join(map(str, span.days_of_month))
    hours = f"{_clock(span.start_seconds)}-{_clock(span.end_seconds)}"
    return " ".join(filter(None, (months, dates, days, hours, HOLIDAYS[span.holidays])))


def _runs(numbers: Iterable[int], names: Sequence[str]) -> Iterator[str]:
    """Neighbours as `Mo-Fr`, others one by one."""
    run: list[int] = []
    for number in [*sorted(numbers), len(names) + 1]:
        if run and number != run[-1] + 1:
            yield names[run[0]] if len(run) == 1 else f"{names[run[0]]}-{names[run[-1]]}"
            run = []
        run.append(number)


def _clock(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    told = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{told}:{rest:02}" if rest else told


def _year_day(day: YearDay) -> str:
    return (
        f"{day.year:04}-{day.month:02}-{day.day:02}" if day.year else f"{day.month:02}-{day.day:02}"
    )
