"""
What in the rules of a zone contradicts itself: they could be stored, and would never mean anything.

Pure. Asked when rules are written and never when they are read: what was once decided under rules
must stay explainable, however odd they were.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.compliance.domain.filter import Bounds, VehicleFilter
from services.compliance.domain.rule import Charge, Prohibition, Rule
from services.compliance.domain.schedule import HolidayEffect, Schedule
from services.compliance.domain.vehicle import NO_EXHAUST, NO_EXHAUST_EURO

DAY = timedelta(days=1)
LEAP_CYCLE = timedelta(days=8 * 366)  # every date of the year, 29 February too, falls into it
SOME_DAY = date(2000, 1, 1)  # a schedule without start is as good on one day as on another


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A rule by its place in the zone, the field of it that is at fault, and why."""

    rule_index: int
    field: str
    message: str


def contradictions(
    rules: Sequence[Rule], holidays: Collection[date] = ()
) -> Iterator[Contradiction]:
    """All of them, rule by rule."""
    for number, rule in enumerate(rules):
        for field, message in _within(rule, holidays):
            yield Contradiction(number, field, message)
        for field, message in _against(rule, rules[:number]):
            yield Contradiction(number, field, message)


def _within(rule: Rule, holidays: Collection[date]) -> Iterator[tuple[str, str]]:
    yield from _impossible(rule.filter)
    if not _ever_holds(rule.schedule, holidays):
        yield "schedule", "no day between its dates has a span and is not excepted: it never holds"


def _against(rule: Rule, earlier: Sequence[Rule]) -> Iterator[tuple[str, str]]:
    """What earlier rules make impossible; each is told at the later of the two."""
    for other in earlier:
        if (rule.filter, rule.schedule, rule.effect) == (
            other.filter,
            other.schedule,
            other.effect,
        ):
            yield "rule_id", f"the rule is {other.rule_id!r} once more: a charge would be due twice"
        if shadow := _shadow(rule, other):
            yield "schedule", shadow
        if isinstance(rule.effect, Charge) and isinstance(other.effect, Charge):
            capped = rule.effect.daily_cap_micros or other.effect.daily_cap_micros
            if capped and rule.effect.currency_code != other.effect.currency_code:
                yield (
                    "charge.currency_code",
                    f"rule {other.rule_id!r} charges {other.effect.currency_code}: the daily cap of"
                    " a zone bounds one currency",
                )


def _shadow(rule: Rule, other: Rule) -> str:
    """
    Why one of two rules never shows: the other one forbids whatever it selects whenever it holds.

    What is forbidden at some of its times only is none: outside of them it is due.
    """
    for ban, hidden in ((rule, other), (other, rule)):
        forbids = isinstance(ban.effect, Prohibition) and ban.filter == hidden.filter
        always = ban.schedule in (Schedule(), hidden.schedule)
        if forbids and always and not isinstance(hidden.effect, Prohibition):
            kind = "charge" if isinstance(hidden.effect, Charge) else "permit"
            return (
                f"rule {ban.rule_id!r} forbids whatever {hidden.rule_id!r} is about, always when"
                f" that holds: no {kind} is ever asked for"
            )
    return ""


def _impossible(wanted: VehicleFilter) -> Iterator[tuple[str, str]]:
    """Conditions of a filter that no vehicle fulfils together."""
    if wanted.fuels and set(wanted.fuels) <= set(wanted.excluded_fuels):
        yield "filter.excluded_fuels", "every selected fuel is excluded too: no vehicle is selected"
    for scheme in sorted(set(wanted.lacking_permits) & set(wanted.held_permits)):
        yield "filter.held_permits", f"permit {scheme!r} cannot be held and lacking"
    euro, silent = wanted.euro_class, bool(wanted.fuels) and set(wanted.fuels) <= NO_EXHAUST
    if silent and euro.max is not None and euro.max < NO_EXHAUST_EURO:
        yield "filter.euro_class", "vehicles without exhaust are cleaner than every Euro class"
    for name, bounds in _measures(wanted):
        if bounds.max is not None and bounds.max < 0:
            yield f"filter.{name}", "no vehicle measures less than nothing"
    for scheme in sorted({sticker.scheme for sticker in wanted.stickers}):
        if not _meet([s.grade for s in wanted.stickers if s.scheme == scheme]):
            yield "filter.stickers", f"no grade of {scheme!r} lies within all its bounds"


def _measures(wanted: VehicleFilter) -> tuple[tuple[str, Bounds], ...]:
    return (
        ("euro_class", wanted.euro_class),
        ("max_mass_grams", wanted.max_mass_grams),
        ("unladen_mass_grams", wanted.unladen_mass_grams),
        ("height_centimeters", wanted.height_centimeters),
        ("width_centimeters", wanted.width_centimeters),
        ("length_centimeters", wanted.length_centimeters),
        ("axle_mass_grams", wanted.axle_mass_grams),
    )


def _meet(bounds: Sequence[Bounds]) -> bool:
    lows = [bound.min for bound in bounds if bound.min is not None]
    highs = [bound.max for bound in bounds if bound.max is not None]
    return not lows or not highs or max(lows) <= min(highs)


def _ever_holds(schedule: Schedule, holidays: Collection[date]) -> bool:
    """Whether there is a day with a window; holidays that nobody listed may fall on any day."""
    end = schedule.end or (schedule.start or SOME_DAY) + LEAP_CYCLE
    day = schedule.start or end - LEAP_CYCLE
    end = min(end, day + LEAP_CYCLE)
    asks_only = any(span.holidays is HolidayEffect.ONLY for span in schedule.spans)
    while day < end:
        unlisted = asks_only and all(listed.year != day.year for listed in holidays)
        if schedule.windows(day, (day,) if unlisted else holidays) or schedule.windows(
            day, holidays
        ):
            return True
        day += DAY
    return False
