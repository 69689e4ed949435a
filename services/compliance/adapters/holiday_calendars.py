"""
Public holidays by calendar, from the package `holidays`, which a community keeps by the laws.

What a zone rests on is the list of days that its version stores: a newer package changes nothing
that was decided.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import cache

import holidays

from services.compliance.domain.faults import Unsound

YEARS = range(2019, 2036)  # beyond them a zone lists no holiday, and its findings say so
PUBLIC = (holidays.PUBLIC,)
CATEGORIES = {
    # Midsummer, Christmas and New Year's Eve count as Sundays: Semesterlag (1977:480), sec. 3a.
    "SE": (holidays.PUBLIC, holidays.DE_FACTO),
}


@cache
def holidays_of(calendar: str, years: Collection[int] = YEARS) -> tuple[date, ...]:
    """The days of a calendar such as `SE`, `GB-ENG` or `IT-MI`, in order; Unsound if unknown."""
    country, _, part = calendar.partition("-")
    try:
        found = holidays.country_holidays(
            country, subdiv=part or None, years=years, categories=CATEGORIES.get(country, PUBLIC)
        )
    except (NotImplementedError, ValueError) as error:
        raise Unsound(
            f"no holiday calendar is named {calendar!r}: name an ISO 3166 country or part of one,"
            " such as SE or GB-ENG, or list the days"
        ) from error
    return tuple(sorted(found))
