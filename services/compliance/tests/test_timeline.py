"""
What the rules of an area say over time, against an evaluator that only steps.

Method: random rules, vehicles and starts, over the nights on which clocks change; every quarter of
an hour the timeline must say what a direct look at the wall clock says. Seeds are fixed.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.compliance.domain.filter import truth_of
from services.compliance.domain.rule import Charge, ChargeUnit, Effect, Prohibition, Rule
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan, YearDay
from services.compliance.domain.timeline import Timeline
from services.compliance.domain.truth import Truth
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import Verdict
from services.compliance.domain.zone import Zone, tenures
from services.compliance.tests.places import (
    DIESEL,
    DIESEL_VAN,
    E_VAN,
    HOUR,
    at,
    charged,
    day,
    forbidden,
    hours,
    version,
    zone,
)

QUARTER = timedelta(minutes=15)
WEEK = 7 * 24 * 4
HOLIDAYS = (date(2026, 3, 30), date(2026, 10, 26), date(2026, 4, 3))
ZONES = ("Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


def of(*rules: Rule, vehicle: Vehicle = DIESEL_VAN) -> Timeline:
    return Timeline(tenures([version(zone(*rules), 1)]), vehicle)


def steps(area: Zone, vehicle: Vehicle, moment: datetime) -> Verdict:
    """The verdict by looking at the wall clock of one moment and nothing else."""
    wall = moment.astimezone(ZoneInfo(area.time_zone))
    verdict = Verdict.ALLOW
    for rule in area.rules:
        truth = truth_of(rule.filter, vehicle, wall.date())
        if truth is Truth.FAILS or not shows(rule.schedule, wall, area.holidays):
            continue
        worst = Verdict.DENY if isinstance(rule.effect, Prohibition) else Verdict.ALLOW_WITH_CHARGE
        verdict = max(verdict, worst if truth is Truth.HOLDS else Verdict.UNKNOWN)
    return verdict


def shows(schedule: Schedule, wall: datetime, holidays: tuple[date, ...]) -> bool:
    today, yesterday = wall.date(), wall.date() - timedelta(days=1)
    if not schedule.is_law_on(today):
        return False
    clock = wall.hour * HOUR + wall.minute * 60 + wall.second
    for span in schedule.spans:
        late = span.end_seconds < span.start_seconds
        begun = span.starts_on(today, holidays) and span.start_seconds <= clock
        begun_yesterday = late and span.starts_on(yesterday, holidays)
        if begun and (late or clock < span.end_seconds):
            return True
        if begun_yesterday and clock < span.end_seconds:
            return True
    return not schedule.spans


def drawn_schedule(draw: random.Random, near: date) -> Schedule:
    def bound(chance: float) -> date | None:
        return near + timedelta(days=draw.randrange(-3, 4)) if draw.random() < chance else None

    spans = []
    for _ in range(draw.randrange(0, 4)):
        start, end = draw.sample(range(0, 24 * HOUR, 900), 2)
        days = tuple(sorted(draw.sample(range(7), draw.randrange(0, 6))))
        spans.append(TimeSpan(days, start, end, draw.choice(list(HolidayEffect))))
    start_day, end_day = bound(0.3), bound(0.3)
    if start_day and end_day and start_day >= end_day:
        end_day = None
    excepted = (YearDay(near.month, near.day),) if draw.random() < 0.3 else ()
    return Schedule(start_day, end_day, tuple(spans), excepted)


@pytest.mark.parametrize("seed", range(60))
def test_a_timeline_says_at_every_step_what_the_wall_clock_says(seed: int) -> None:
    draw = random.Random(seed)
    near = draw.choice([date(2026, 3, 29), date(2026, 10, 25), date(2026, 3, 8), date(2026, 4, 5)])
    effects: list[Effect] = [Prohibition(), Charge(1, "EUR", ChargeUnit.DAY)]
    rules = [
        Rule(f"r{n}", draw.choice(effects), DIESEL, drawn_schedule(draw, near))
        for n in range(draw.randrange(1, 4))
    ]
    area = Zone(
        **{
            name: getattr(zone(*rules, tz=draw.choice(ZONES)), name)
            for name in ("zone_id", "title", "kind", "time_zone", "area", "rules")
        },
        holidays=HOLIDAYS,
    )
    vehicle = draw.choice([DIESEL_VAN, E_VAN, Vehicle("unknown")])
    timeline = Timeline(tenures([version(area, 1)]), vehicle)
    start = datetime(near.year, near.month, near.day, tzinfo=UTC) - timedelta(days=3)

    wrong = [
        moment
        for moment in (start + QUARTER * n for n in range(WEEK))
        if timeline.outcome(moment).verdict is not steps(area, vehicle, moment)
    ]
    assert wrong == []


@pytest.mark.parametrize("seed", range(40))
def test_the_next_allowed_time_is_the_first_that_a_step_finds(seed: int) -> None:
    draw = random.Random(seed)
    near = date(2026, 10, 25)
    drawn = zone(Rule("r", Prohibition(), DIESEL, drawn_schedule(draw, near)))
    area = replace(drawn, holidays=HOLIDAYS)
    timeline = Timeline(tenures([version(area, 1)]), DIESEL_VAN)
    start = datetime(2026, 10, 23, tzinfo=UTC) + QUARTER * draw.randrange(96)
    length = QUARTER * draw.randrange(0, 8)

    def suits(moment: datetime) -> bool:
        inside = [moment + QUARTER * n for n in range(max(1, length // QUARTER))]
        return all(steps(area, DIESEL_VAN, m) is Verdict.ALLOW for m in inside)

    stepped = next((start + QUARTER * n for n in range(WEEK) if suits(start + QUARTER * n)), None)
    found = timeline.next_allowed(start, length)
    assert found == stepped or (stepped is None and (found is None or found > start + 7 * QUARTER))


def test_a_ban_without_end_has_no_next_allowed_time() -> None:
    assert of(forbidden()).next_allowed(at("2026-05-12 09:00"), QUARTER) is None


def test_a_ban_is_over_on_the_day_its_law_ends() -> None:
    timeline = of(forbidden(schedule=Schedule(end=day("2026-12-24"))))

    found = timeline.next_allowed(at("2026-05-12 09:00"), QUARTER)
    assert found == at("2026-12-23 22:00")  # midnight in Helsinki


def test_a_stay_must_fit_between_two_bans() -> None:
    timeline = of(forbidden("night", hours(22, 6)), forbidden("noon", hours(11, 13)))
    six, eleven, thirteen = at("2026-05-12 03:00"), at("2026-05-12 08:00"), at("2026-05-12 10:00")

    assert timeline.next_allowed(six, eleven - six) == six
    assert timeline.next_allowed(six, eleven - six + QUARTER) == thirteen


def test_a_later_version_holds_from_its_start_on() -> None:
    noon = at("2026-05-12 09:00")
    first = version(zone(forbidden()), 1)
    second = version(zone(charged()), 2, start=noon)
    timeline = Timeline(tenures([first, second]), DIESEL_VAN)

    assert timeline.outcome(noon - QUARTER).verdict is Verdict.DENY
    assert timeline.outcome(noon).verdict is Verdict.ALLOW_WITH_CHARGE


def test_an_earlier_version_holds_again_after_one_that_ends() -> None:
    noon, one = at("2026-05-12 09:00"), at("2026-05-12 10:00")
    versions = [version(zone(charged()), 1), version(zone(forbidden()), 2, noon, one)]
    spans = Timeline(tenures(versions), DIESEL_VAN).spans(noon - QUARTER, one + QUARTER)

    assert [span.outcome.verdict for span in spans] == [
        Verdict.ALLOW_WITH_CHARGE,
        Verdict.DENY,
        Verdict.ALLOW_WITH_CHARGE,
    ]
    assert [span.start for span in spans] == [noon - QUARTER, noon, one]


def test_what_forbids_decides_although_another_rule_is_unsure() -> None:
    unsure = Rule("unsure", Prohibition(), DIESEL)
    sure = Rule("sure", Prohibition())

    assert of(unsure, vehicle=Vehicle("v")).outcome(at("2026-05-12 09:00")).verdict is (
        Verdict.UNKNOWN
    )
    found = of(unsure, sure, vehicle=Vehicle("v")).outcome(at("2026-05-12 09:00"))
    assert found.verdict is Verdict.DENY
    assert found.rule_ids == ("sure",)


@pytest.mark.parametrize(
    ("listed", "hour", "verdict", "missing"),
    [
        ((), 10, Verdict.UNKNOWN, ("holidays",)),
        ((date(2026, 12, 25),), 10, Verdict.ALLOW, ()),
        ((date(2026, 5, 12),), 10, Verdict.DENY, ()),
        ((), 13, Verdict.ALLOW, ()),
        ((), 7, Verdict.DENY, ()),
    ],
)
def test_what_holds_on_holidays_only_is_unknown_in_a_year_without_any(
    listed: tuple[date, ...], hour: int, verdict: Verdict, missing: tuple[str, ...]
) -> None:
    """Closed from 6 to 8, and on holidays from 6 to 12."""
    daily = TimeSpan((), 6 * HOUR, 8 * HOUR)
    festive = TimeSpan((), 6 * HOUR, 12 * HOUR, HolidayEffect.ONLY)
    rule = Rule("r", Prohibition(), DIESEL, Schedule(spans=(daily, festive)))
    area = replace(zone(rule, tz="UTC"), holidays=listed)
    told = Timeline(tenures([version(area, 1)]), DIESEL_VAN).outcome(
        datetime(2026, 5, 12, hour, tzinfo=UTC)
    )

    assert (told.verdict, told.missing) == (verdict, missing)
