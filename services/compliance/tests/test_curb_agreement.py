"""
Random curbs and stays: our answer is that of a walk through the stay, minute by minute.

Method: a thousand cases of one seed, a third of them on the days on which clocks change; hours and
lengths are drawn close to one another, so that edges are met. The walker shares no code with ours.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.compliance.domain.curb import (
    Activity,
    CurbAnswer,
    CurbPolicy,
    CurbRule,
    CurbStay,
    curb_answer,
)
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan
from services.compliance.tests.curb_steps import MINUTE, Words, first_fault

SEED, CASES = 4711, 1_000
ZONES = ("Europe/Helsinki", "America/New_York", "Australia/Lord_Howe", "UTC")
DAYS = (date(2026, 5, 12), date(2026, 5, 14), date(2026, 5, 17), date(2026, 2, 28))
CHANGES = (date(2026, 3, 8), date(2026, 3, 29), date(2026, 4, 5), date(2026, 10, 25))
HOLIDAYS = {date(2026, 5, 14), date(2026, 3, 29)}
WANTED = ("parking", "loading", "unloading", "stopping", "travel")
RULED = (*WANTED, "no parking", "no loading", "no unloading", "no stopping", "no travel")
CLASSES = ((), (), ("van",), ("van", "electric"), ("truck",))


def draw_case(dice: random.Random) -> Words:
    day = dice.choice(CHANGES if dice.random() < 1 / 3 else DAYS)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    stay = {
        "activity": dice.choice(WANTED),
        "classes": dice.choice((("van",), ("van", "electric"), ("car",))),
        "start": start + dice.randrange(0, 1_440, 10) * MINUTE,
        "minutes": dice.choice((0, 5, 20, 60, 90, 240)),
        "away": dice.choice((None, 20, 30, 60)),
    }
    policies = [draw_policy(dice) for _ in range(dice.randint(1, 8))]
    return {"zone": dice.choice(ZONES), "stay": stay, "policies": policies, "holidays": HOLIDAYS}


def draw_policy(dice: random.Random) -> dict[str, Any]:
    return {
        "priority": dice.randint(1, 3),
        "spans": [draw_span(dice) for _ in range(dice.randint(1, 4))],
        "rules": [draw_rule(dice) for _ in range(dice.randint(1, 3))],
    }


def draw_span(dice: random.Random) -> dict[str, Any]:
    start = dice.randrange(0, 1_440, 30) if dice.random() < 0.7 else 0
    near = [min(start + length, 1_440) for length in (30, 60, 90)]
    end = dice.choice((1_440, *near, *range(30, 1_440, 30)))
    return {
        "start": start if start != end else 0,
        "end": end,
        "days": dice.choice(((), (), (0, 1, 2, 3, 4), (5, 6))),
        "holidays": dice.choice(("NONE", "NONE", "EXCLUDED", "ONLY")),
        "months": dice.choice(((), (), (3, 5))),
        "month_days": dice.choice(((), (), (5, 12, 29))),
    }


def draw_rule(dice: random.Random) -> dict[str, Any]:
    return {
        "activity": dice.choice((*WANTED, "parking", "parking", *RULED)),
        "classes": dice.choice(CLASSES),
        "max_stay": dice.choice((None, 20, 30, 60)),
        "no_return": dice.choice((None, 30, 60)),
    }


def ours(case: Words) -> CurbAnswer:
    stay = case["stay"]
    end = stay["start"] + stay["minutes"] * MINUTE
    left = None if stay["away"] is None else stay["start"] - stay["away"] * MINUTE
    asked = CurbStay(
        Activity(stay["activity"]), frozenset(stay["classes"]), stay["start"], end, left
    )
    policies = [our_policy(policy) for policy in case["policies"]]
    return curb_answer(policies, asked, case["zone"], sorted(case["holidays"]))


def our_policy(words: Words) -> CurbPolicy:
    spans = tuple(
        TimeSpan(
            span["days"],
            span["start"] * 60,
            span["end"] * 60,
            HolidayEffect(span["holidays"]),
            span["months"],
            span["month_days"],
        )
        for span in words["spans"]
    )
    rules = tuple(
        CurbRule(
            Activity(rule["activity"]),
            frozenset(rule["classes"]),
            length(rule["max_stay"]),
            length(rule["no_return"]),
        )
        for rule in words["rules"]
    )
    return CurbPolicy(words["priority"], rules, Schedule(spans=spans))


def length(minutes: int | None) -> timedelta | None:
    return None if minutes is None else minutes * MINUTE


def test_every_stay_is_judged_as_by_a_walk_through_it_minute_by_minute() -> None:
    dice, seen = random.Random(SEED), set()
    for number in range(CASES):
        case = draw_case(dice)
        answer, fault = ours(case), first_fault(case)
        seen.add(answer.reason)

        assert answer.allowed is (fault is None), f"case {number} of seed {SEED}: {case}"
        if fault is not None:
            at = case["stay"]["start"] + fault[0] * MINUTE
            assert answer.at == at, f"case {number} of seed {SEED}: {case}"
            unruled = fault[1] == "nobody allows it"
            assert unruled or answer.reason == fault[1], f"case {number} of seed {SEED}: {case}"

    assert seen >= {"", "max_stay", "no_return", "time_span", "user_classes", "activity", "travel"}
