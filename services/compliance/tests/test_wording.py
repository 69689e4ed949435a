"""Rules in words, in the civil time of their zone."""

from __future__ import annotations

from datetime import date

import pytest

from services.compliance.domain.rule import (
    Charge,
    ChargeUnit,
    Effect,
    PermitDemand,
    Prohibition,
    Rule,
)
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan, YearDay
from services.compliance.domain.wording import effect_in_words, schedule_in_words, stay_in_words
from services.compliance.tests.places import at

WORKDAYS = TimeSpan((0, 1, 2, 3, 4), 7 * 3_600, 19 * 3_600, HolidayEffect.EXCLUDED)


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule(), "always"),
        (Schedule(spans=(WORKDAYS,)), "Mo-Fr 07:00-19:00 not on public holidays"),
        (
            Schedule(date(2025, 1, 1), date(2026, 1, 1), (TimeSpan((0, 2, 3, 6)),)),
            "from 2025-01-01, before 2026-01-01, Mo,We-Th,Su 00:00-24:00",
        ),
        (
            Schedule(spans=(TimeSpan(months=(12, 1, 2), days_of_month=(1, 15)),)),
            "Jan-Feb,Dec 1,15 00:00-24:00",
        ),
        (
            Schedule(
                spans=(TimeSpan((), 79_230, 0),), excepted=(YearDay(12, 24), YearDay(5, 1, 2026))
            ),
            "22:00:30-00:00, but not on 12-24, 2026-05-01",
        ),
        (
            Schedule(spans=(TimeSpan(holidays=HolidayEffect.ONLY), WORKDAYS)),
            "00:00-24:00 on public holidays only; Mo-Fr 07:00-19:00 not on public holidays",
        ),
    ],
)
def test_a_schedule_is_told_as_people_write_hours(schedule: Schedule, words: str) -> None:
    assert schedule_in_words(schedule) == words


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (Prohibition(), "forbids"),
        (PermitDemand("pass"), "asks for a permit"),
        (Charge(12_500_000, "GBP", ChargeUnit.DAY), "charges 12.5 GBP a day"),
        (Charge(100_000_000, "SEK", ChargeUnit.PASSAGE), "charges 100 SEK a passage"),
    ],
)
def test_an_effect_is_told_with_its_amount(effect: Effect, words: str) -> None:
    assert effect_in_words(Rule("r", effect)) == words


def test_a_stay_is_told_by_the_clock_on_the_wall() -> None:
    told = stay_in_words(at("2026-10-25 00:30"), at("2026-10-25 01:30"), "Europe/Berlin")

    assert told == "2026-10-25 02:30:00 to 2026-10-25 02:30:00 Europe/Berlin"
