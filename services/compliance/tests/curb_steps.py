"""
A second opinion about stays at a curb: it walks through them minute by minute.

Imports nothing of ours: plain words and whole minutes, made to be seen through and not to be fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Words = Mapping[str, Any]
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
GREATER = {  # whoever may do the first may do the others
    "parking": ("parking", "loading", "unloading", "stopping"),
    "loading": ("loading", "stopping"),
    "unloading": ("unloading", "stopping"),
    "stopping": ("stopping",),
    "travel": ("travel",),
}
BANS = {
    "no parking": ("parking",),
    "no loading": ("parking", "loading"),
    "no unloading": ("parking", "unloading"),
    "no stopping": ("parking", "loading", "unloading", "stopping"),
    "travel": ("parking", "loading", "unloading", "stopping"),
    "no travel": ("travel",),
}


def first_fault(case: Words) -> tuple[int, str] | None:
    """At which minute of the stay something is wrong, and what; None when nothing is."""
    stay, zone = case["stay"], ZoneInfo(case["zone"])
    governing, ran = None, 0
    for minute in range(max(stay["minutes"], 1)):
        local = (stay["start"] + minute * MINUTE).astimezone(zone)
        rule, why = deciding(case, local)
        if rule is None:
            return minute, why
        ran = ran + 1 if rule is governing else 1
        governing = rule
        away = stay["away"]
        if minute == 0 and away is not None and away < (rule["no_return"] or 0):
            return 0, "no_return"
        if rule["max_stay"] and ran > rule["max_stay"] and stay["minutes"]:
            return minute, "max_stay"
    return None


def deciding(case: Words, local: datetime) -> tuple[Words | None, str]:
    """The rule that allows the activity at an instant, or why there is none."""
    wanted, mine = case["stay"]["activity"], set(case["stay"]["classes"])
    here = [
        (policy["priority"], rule)
        for policy in case["policies"]
        if any(spans(span, local, case["holidays"]) for span in policy["spans"])
        for rule in policy["rules"]
        if set(rule["classes"]) <= mine
    ]
    for priority in sorted({number for number, _ in here}):
        rules = [rule for number, rule in here if number == priority]
        for size in sorted({len(rule["classes"]) for rule in rules}, reverse=True):
            special = [rule for rule in rules if len(rule["classes"]) == size]
            for rule in special:
                if wanted in BANS.get(rule["activity"], ()):
                    return None, rule["activity"]
            for rule in special:
                if wanted in GREATER.get(rule["activity"], ()):
                    return rule, ""
        if any(falls_short(rule["activity"], wanted) for rule in rules):
            return None, "activity"
    return None, "nobody allows it"


def falls_short(allowed: str, wanted: str) -> bool:
    """Whether what is allowed is a part of what is wanted, and less."""
    less, more = GREATER.get(allowed, ()), GREATER[wanted]
    return allowed != wanted and bool(less) and allowed in more


def spans(span: Words, local: datetime, holidays: set[date]) -> bool:
    """Whether a span holds at a local time: of today, or of yesterday over midnight."""
    minute = local.hour * 60 + local.minute
    today, yesterday = local.date(), local.date() - DAY
    start, end = span["start"], span["end"]
    if start < end:
        return begins(span, today, holidays) and start <= minute < end
    late = begins(span, today, holidays) and minute >= start
    return late or (begins(span, yesterday, holidays) and minute < end)


def begins(span: Words, day: date, holidays: set[date]) -> bool:
    """Whether a span starts on a day."""
    if span["months"] and day.month not in span["months"]:
        return False
    if span["month_days"] and day.day not in span["month_days"]:
        return False
    if span["holidays"] == "ONLY":
        return day in holidays
    if span["holidays"] == "EXCLUDED" and day in holidays:
        return False
    return not span["days"] or day.weekday() in span["days"]
