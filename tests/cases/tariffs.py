"""
A table of charges per passage, as rules.

The cases state the table; its seasons are Stockholm's, as the cases' source tells them
(transportstyrelsen.se): the peak season runs from 1 March to the day before Midsummer Eve and from
15 August to 30 November; nothing is due on weekends and public holidays, nor in July after its
first five weekdays. Midsummer Eve is the Friday between 19 and 25 June.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.compliance.domain.rule import Charge, ChargeUnit, Rule
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan
from tests.cases.outcome import only_known

DAY = timedelta(days=1)
WORKDAYS = (0, 1, 2, 3, 4)
FREE_OF_JULY = 5  # weekdays at the beginning of July that are not yet free
MICROS = 1_000_000
TABLES = {"peak_season": "table_peak", "off_peak": "table_off"}


def tariff_rules(
    words: Mapping[str, Any], years: Sequence[int], holidays: Collection[date]
) -> Iterator[Rule]:
    """One rule per row of the table and season of each year."""
    only_known(words, ("per", "currency", "daily_cap", *TABLES.values()), "tariff")
    for year in years:
        for season, start, end in _seasons(year, holidays):
            cap = round(words["daily_cap"][season] * MICROS)
            for row in words[TABLES[season]]:
                yield _rule(words, season, start, end, row, cap)


def _rule(
    words: Mapping[str, Any], season: str, start: date, end: date, row: Sequence[Any], cap: int
) -> Rule:
    first, last, amount = row
    span = TimeSpan(WORKDAYS, _seconds(first), _seconds(last), HolidayEffect.EXCLUDED)
    unit = ChargeUnit(words["per"].upper())
    charge = Charge(round(amount * MICROS), words.get("currency", "SEK"), unit, cap)
    rule_id = f"{season}-{start.isoformat()}-{_seconds(first)}".replace("_", "-")
    return Rule(rule_id, charge, schedule=Schedule(start, end, (span,)))


def _seasons(year: int, holidays: Collection[date]) -> Iterator[tuple[str, date, date]]:
    """Half-open spans of days with the season they belong to."""
    march, august = date(year, 3, 1), date(year, 8, 15)
    midsummer = next(d for d in _days(date(year, 6, 19)) if d.weekday() == 4)
    yield "off_peak", date(year, 1, 1), march
    yield "peak_season", march, midsummer
    yield "off_peak", midsummer, date(year, 7, 1)
    yield "off_peak", date(year, 7, 1), _free_from(year, holidays)
    yield "off_peak", date(year, 8, 1), august
    yield "peak_season", august, date(year, 12, 1)
    yield "off_peak", date(year, 12, 1), date(year + 1, 1, 1)


def _free_from(year: int, holidays: Collection[date]) -> date:
    weekdays = (day for day in _days(date(year, 7, 1)) if day.weekday() < 5 and day not in holidays)
    return [next(weekdays) for _ in range(FREE_OF_JULY)][-1] + DAY


def _days(first: date) -> Iterator[date]:
    while True:
        yield first
        first += DAY


def _seconds(word: Any) -> int:
    """A time of day; an unquoted `18:00` reaches us as a number in base 60."""
    if isinstance(word, int):
        return word * 60
    hours, minutes = str(word).split(":")
    return int(hours) * 3_600 + int(minutes) * 60
