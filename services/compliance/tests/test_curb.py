"""
Curbs: who may stand where, doing what, for how long.

Method: one policy or two per case; the moments are a Tuesday in Helsinki, three hours ahead of UTC.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from services.compliance.domain.curb import (
    Activity,
    CurbPolicy,
    CurbRule,
    CurbStay,
    contradiction,
    curb_answer,
)
from services.compliance.domain.faults import Unsound
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan, overlap
from services.compliance.tests.places import HELSINKI, at, hours

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LOADING = CurbRule(Activity.LOADING, frozenset({"van"}), 20 * MINUTE, HOUR)
VAN = frozenset({"van"})
MAY, BERLIN = date(2026, 5, 12), "Europe/Berlin"


def rule(activity: str, *classes: str, minutes: int = 0) -> CurbRule:
    return CurbRule(Activity(activity), frozenset(classes), minutes * MINUTE or None)


def policy(*rules: CurbRule, priority: int = 1, schedule: Schedule | None = None) -> CurbPolicy:
    return CurbPolicy(priority, rules, schedule or Schedule(), f"p{priority}")


def stay(
    start: str, minutes: int, *classes: str, left: str | None = None, doing: str = "loading"
) -> CurbStay:
    begins = at(f"2026-05-12 {start}")
    before = at(f"2026-05-12 {left}") if left else None
    end = begins + minutes * MINUTE
    return CurbStay(Activity(doing), frozenset(classes) or VAN, begins, end, before)


@pytest.mark.parametrize(
    ("policies", "asked", "reason"),
    [
        ([policy(LOADING)], stay("09:00", 20), ""),
        ([policy(LOADING)], stay("09:00", 21), "max_stay"),
        ([policy(LOADING)], stay("09:00", 5, "car"), "user_classes"),
        ([policy(LOADING)], stay("09:00", 5, "van", "electric"), ""),
        ([policy(rule("loading", "van", "electric"))], stay("09:00", 5), "user_classes"),
        ([policy(LOADING)], stay("09:00", 5, left="08:01"), "no_return"),
        ([policy(LOADING)], stay("09:00", 5, left="08:00"), ""),
        ([policy(LOADING, schedule=hours(7, 12))], stay("08:50", 10), ""),  # gone at 12:00
        ([policy(LOADING, schedule=hours(7, 12))], stay("08:50", 11), "time_span"),
        ([policy(LOADING, schedule=hours(7, 12))], stay("03:59", 5), "time_span"),  # too early
        ([], stay("09:00", 5), "activity"),
        ([policy(rule("parking"))], stay("09:00", 5), ""),  # parking implies loading
        ([policy(rule("loading"))], stay("09:00", 5, doing="unloading"), "activity"),
        ([policy(rule("unloading"))], stay("09:00", 5, doing="stopping"), ""),
        ([policy(rule("stopping"))], stay("09:00", 5), "activity"),
        ([policy(rule("no travel"))], stay("09:00", 5), "activity"),
        ([policy(rule("travel"))], stay("09:00", 5), "travel"),
        ([policy(rule("travel"))], stay("09:00", 5, doing="travel"), ""),
    ],
)
def test_a_stay_is_allowed_or_the_reason_says_why_not(
    policies: list[CurbPolicy], asked: CurbStay, reason: str
) -> None:
    answer = curb_answer(policies, asked, HELSINKI)

    assert (answer.allowed, answer.reason) == (not reason, reason)


@pytest.mark.parametrize(
    ("first", "second", "asked", "reason"),
    [
        (rule("no stopping"), rule("loading"), stay("09:00", 5), "no stopping"),
        (rule("no stopping", "truck"), rule("loading"), stay("09:00", 5), ""),  # of trucks only
        (rule("no parking"), rule("loading"), stay("09:00", 5), ""),
        (rule("no loading"), rule("parking"), stay("09:00", 5, doing="parking"), "no loading"),
        (rule("no travel"), rule("loading"), stay("09:00", 5), ""),
        (rule("loading"), rule("no loading"), stay("09:00", 5), ""),
        (rule("loading", "truck"), rule("parking"), stay("09:00", 5, doing="parking"), ""),
        (rule("loading"), rule("parking"), stay("09:00", 5, doing="parking"), "activity"),
        (rule("loading"), rule("unloading"), stay("09:00", 5, doing="unloading"), ""),
        (rule("parking"), rule("loading"), stay("09:00", 5), ""),
    ],
)
def test_the_first_rule_that_settles_the_activity_decides(
    first: CurbRule, second: CurbRule, asked: CurbStay, reason: str
) -> None:
    policies = [policy(second, priority=3), policy(first, priority=1)]

    assert curb_answer(policies, asked, HELSINKI).reason == reason


def test_of_one_priority_the_rule_about_more_classes_goes_before_one_about_everybody() -> None:
    one = policy(rule("no stopping"), rule("loading", "van"))

    assert curb_answer([one], stay("09:00", 5), HELSINKI).allowed
    assert curb_answer([one], stay("09:00", 5, "car"), HELSINKI).reason == "no stopping"


def test_who_belongs_to_several_rules_of_one_priority_may_use_the_one_that_allows_more() -> None:
    one = policy(rule("stopping", "van", "electric"), rule("loading", "van"))

    assert curb_answer([one], stay("09:00", 5, "van", "electric"), HELSINKI).allowed


def test_a_later_prohibition_ends_a_stay_that_began_well_and_says_when() -> None:
    closing = policy(rule("no stopping"), priority=1, schedule=hours(12, 13))
    answer = curb_answer([policy(LOADING, priority=3), closing], stay("08:50", 15), HELSINKI)

    assert (answer.reason, answer.at) == ("no stopping", at("2026-05-12 09:00"))
    assert answer.policy is closing


def test_only_time_under_the_rule_counts_towards_its_longest_stay() -> None:
    bay = policy(rule("loading", minutes=20), priority=1, schedule=hours(7, 12))
    night = policy(rule("parking"), priority=2)

    assert curb_answer([bay, night], stay("08:45", 40), HELSINKI).allowed
    too_long = curb_answer([bay, night], stay("08:30", 60), HELSINKI)
    assert (too_long.reason, too_long.at) == ("max_stay", at("2026-05-12 08:50"))


def test_only_the_rule_on_arrival_asks_how_long_the_vehicle_was_away() -> None:
    morning = policy(rule("loading"), schedule=hours(7, 12))
    noon = policy(LOADING, priority=2)

    assert curb_answer([morning, noon], stay("08:55", 15, left="08:50"), HELSINKI).allowed
    late = curb_answer([morning, noon], stay("09:00", 15, left="08:50"), HELSINKI)
    assert late.reason == "no_return"


def test_a_stay_over_midnight_is_one_stay() -> None:
    bay = policy(rule("loading", minutes=60))

    assert curb_answer([bay], stay("20:30", 60), HELSINKI).allowed
    assert curb_answer([bay], stay("20:30", 61), HELSINKI).reason == "max_stay"


@pytest.mark.parametrize(
    ("start", "minutes", "reason"),
    [
        ("2026-03-29 00:30", 60, ""),  # 01:30 to 03:30 by the wall: the clock jumps over the span
        ("2026-10-25 00:30", 60, "no stopping"),  # 02:30 to 02:30: the doubled hour lies in it
        ("2026-10-25 02:00", 30, ""),
    ],
)
def test_spans_follow_the_clock_on_the_wall_when_it_changes(
    start: str, minutes: int, reason: str
) -> None:
    policies = [
        policy(rule("no stopping"), priority=1, schedule=hours(2, 3)),
        policy(rule("loading"), priority=2),
    ]
    begins = at(start)
    asked = CurbStay(Activity.LOADING, VAN, begins, begins + minutes * MINUTE)

    assert curb_answer(policies, asked, BERLIN).reason == reason


def test_the_longest_stay_is_measured_in_time_that_passes_not_on_the_wall() -> None:
    begins = at("2026-10-25 00:30")  # 02:30 in Berlin; an hour later the wall shows 02:30 again
    asked = CurbStay(Activity.LOADING, VAN, begins, begins + 61 * MINUTE)

    assert curb_answer([policy(rule("loading", minutes=60))], asked, BERLIN).reason == "max_stay"


def test_a_span_can_leave_out_holidays_or_hold_on_them_only() -> None:
    workdays = Schedule(spans=(TimeSpan(holidays=HolidayEffect.EXCLUDED),))
    feasts = Schedule(spans=(TimeSpan(holidays=HolidayEffect.ONLY),))
    policies = [
        policy(rule("loading"), priority=1, schedule=workdays),
        policy(rule("no stopping"), priority=2, schedule=feasts),
    ]

    assert curb_answer(policies, stay("09:00", 5), HELSINKI).allowed
    assert curb_answer(policies, stay("09:00", 5), HELSINKI, (MAY,)).reason == "no stopping"


def test_a_stay_without_a_length_is_judged_at_its_instant() -> None:
    closed = policy(LOADING, schedule=hours(7, 12))

    assert curb_answer([closed], stay("08:59", 0), HELSINKI).allowed
    assert curb_answer([closed], stay("09:00", 0), HELSINKI).reason == "time_span"


@pytest.mark.parametrize("length", [timedelta(), -MINUTE, timedelta(days=366, seconds=1)])
def test_a_limit_of_time_is_positive_and_no_longer_than_a_year(length: timedelta) -> None:
    with pytest.raises(Unsound):
        CurbRule(Activity.LOADING, max_stay=length)
    with pytest.raises(Unsound):
        CurbRule(Activity.LOADING, no_return=length)


def test_nobody_wants_a_prohibition_nor_a_stay_that_ends_before_it_starts() -> None:
    with pytest.raises(Unsound):
        stay("09:00", 5, doing="no loading")
    with pytest.raises(Unsound):
        stay("09:00", -5)


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (policy(rule("no stopping")), policy(rule("loading")), True),
        (policy(rule("no stopping")), policy(rule("loading", "van")), False),
        (policy(rule("no parking")), policy(rule("loading")), False),
        (policy(rule("travel")), policy(rule("loading")), True),
        (policy(rule("no stopping")), policy(rule("loading"), priority=2), False),
        (
            policy(rule("no stopping"), schedule=hours(7, 9)),
            policy(rule("loading"), schedule=hours(9, 12)),
            False,
        ),
        (policy(rule("loading"), rule("no loading")), policy(priority=2), True),
    ],
)
def test_policies_of_one_priority_contradict_each_other_only_at_one_time(
    one: CurbPolicy, other: CurbPolicy, clash: bool
) -> None:
    assert (contradiction([one, other]) is not None) is clash


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (hours(7, 9, (0,)), hours(8, 10, (1,)), False),
        (hours(22, 6, (0,)), hours(5, 7, (1,)), True),  # over midnight
        (Schedule(spans=(TimeSpan(months=(1,)),)), Schedule(spans=(TimeSpan(months=(7,)),)), False),
        (Schedule(spans=(TimeSpan(months=(7,)),)), hours(7, 9), True),
        (Schedule(end=MAY), Schedule(start=MAY), False),
        (Schedule(spans=(TimeSpan(holidays=HolidayEffect.ONLY),)), hours(7, 9), True),
    ],
)
def test_schedules_overlap_when_both_hold_at_some_instant(
    one: Schedule, other: Schedule, meet: bool
) -> None:
    assert overlap(one, other) is overlap(other, one) is meet


def test_no_instant_of_a_stay_is_allowed_that_alone_would_not_be() -> None:
    policies = [
        policy(rule("no stopping"), priority=1, schedule=hours(12, 13)),
        policy(rule("loading"), priority=2, schedule=hours(7, 19)),
    ]
    for start in range(0, 24 * 60, 7):
        begins: datetime = at("2026-05-12 00:00") + start * MINUTE
        whole = CurbStay(Activity.LOADING, VAN, begins, begins + 25 * MINUTE)
        alone = (
            curb_answer(
                policies,
                CurbStay(Activity.LOADING, VAN, begins + n * MINUTE, begins + n * MINUTE),
                HELSINKI,
            ).allowed
            for n in range(25)
        )

        assert curb_answer(policies, whole, HELSINKI).allowed is all(alone)
