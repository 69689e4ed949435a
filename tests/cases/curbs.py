"""
Curb cases: the words of CDS and of delivery hours as values of the domain.

The cases name no time zone unless they say `tz`: their clock is the one on the wall. What a place
costs (`rate`) and who published a policy decide nothing and are passed over; every other word that
is not known fails its case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.compliance.domain.curb import (
    Activity,
    CurbAnswer,
    CurbPolicy,
    CurbRule,
    CurbStay,
    curb_answer,
)
from services.compliance.domain.schedule import HolidayEffect, Schedule, TimeSpan
from tests.cases import idlings
from tests.cases.outcome import Case, NotUnderstood, Outcome, judged, only_known
from tests.cases.zone_words import day_of, seconds_of

WALL = "UTC"  # where nobody names a time zone
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
ABOUT = ("id", "title", "note", "source", "confidence", "expect", "tz", "time_zone")
CALENDARS = ("holidays", "designated_periods")
SAID = {  # how people say our words
    "time span": (
        "hours",
        "outside",
        "open",
        "closed",
        "before",
        "after",
        "day",
        "holiday",
        "month",
    ),
    "user classes": ("user class", "class", "permit"),
    "max stay": ("max", "too long", "longer"),
    "no return": ("return", "too soon"),
    "activity": ("not allowed", "no policy", "no rule", "only", "not permitted"),
    "travel": ("travel", "lane"),
}


def run(document: Mapping[str, Any]) -> list[Outcome]:
    """The curb and idling cases of a file."""
    return judged(document.get("curb_and_idle_cases", ()), _faults)


def _faults(case: Case) -> list[str]:
    stated = {word: value for word, value in case.items() if value is not None}
    try:
        if "idle_s" in stated or "idle_min" in stated:
            return idlings.faults(stated, ABOUT)
        if "visit" in stated:
            return _visit(stated)
        if "stay" in stated or "stays" in stated:
            return _stay(stated)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotUnderstood(f"{type(error).__name__}: {error}") from error
    raise NotUnderstood("neither idle_s nor stay nor visit")


def _stay(case: Case) -> list[str]:
    only_known(case, (*ABOUT, *CALENDARS, "policy", "policies", "stay", "stays"), "case")
    zone = case.get("tz", case.get("time_zone", WALL))
    told = case.get("policies") or [case["policy"]]
    policies = [policy for words in told for policy in _policies(words)]
    *before, last = case.get("stays") or [case["stay"]]
    left = max((_interval(words, zone)[1] for words in before), default=None)
    asked = _asked(last, zone, left)
    answer = curb_answer(policies, asked, zone, _calendar(case, told))
    return _compared(answer, asked, zone, case["expect"])


def _asked(words: Mapping[str, Any], zone: str, left: datetime | None) -> CurbStay:
    only_known(
        words,
        ("activity", "user_classes", "left", "previous", "last_departure", *TIMES),
        "stay",
    )
    earlier = words.get("left", words.get("last_departure"))
    if earlier is not None:
        left = _wall(earlier, zone)
    if "previous" in words:
        left = _interval(words["previous"], zone)[1]
    classes = frozenset(words.get("user_classes") or ())
    return CurbStay(_activity(words["activity"]), classes, *_interval(words, zone), left)


TIMES = ("at", "arrive", "from", "minutes", "until", "depart")


def _interval(words: Mapping[str, Any], zone: str) -> tuple[datetime, datetime]:
    """From the arrival, for so many minutes or until the departure."""
    arrivals = [words[name] for name in ("at", "arrive", "from") if name in words]
    ends = [words[name] for name in ("until", "depart") if name in words]
    if len(arrivals) != 1 or len(ends) + ("minutes" in words) != 1:
        raise NotUnderstood("a stay has one arrival, and one departure or length")
    start = _wall(arrivals[0], zone)
    if ends:
        return start, _wall(ends[0], zone)
    return start, start + timedelta(minutes=words["minutes"])


POLICY = ("curb_policy_id", "name", "priority", "published_date", "rules", "time_spans")
SPAN = (
    "start_date",
    "end_date",
    "days_of_week",
    "days_of_month",
    "months",
    "time_of_day_start",
    "time_of_day_end",
    "designated_period",
    "designated_period_except",
)


def _policies(words: Mapping[str, Any]) -> Iterator[CurbPolicy]:
    """One policy per first and last day of its spans: with us a schedule states both once."""
    only_known(words, POLICY, "policy")
    rules = tuple(_rule(rule) for rule in words["rules"])
    spans: dict[tuple[date | None, date | None], list[TimeSpan]] = {}
    for span in words.get("time_spans") or [{}]:
        bounds = _day(span.get("start_date")), _day(span.get("end_date"))
        spans.setdefault(bounds, []).append(_span(span))
    for (start, end), own in spans.items():
        schedule = Schedule(start, end, tuple(own))
        yield CurbPolicy(words.get("priority", 1), rules, schedule, str(words.get("name", "")))


def _rule(words: Mapping[str, Any]) -> CurbRule:
    lengths = ("max_stay", "max_stay_unit", "no_return", "no_return_unit")
    only_known(words, ("activity", "user_classes", "rate", "rates", *lengths), "curb rule")
    classes = frozenset(words.get("user_classes") or ())
    longest, away = _length(words, "max_stay"), _length(words, "no_return")
    return CurbRule(_activity(words["activity"]), classes, longest, away)


def _activity(word: str) -> Activity:
    return Activity(str(word).replace("_", " "))


def _length(words: Mapping[str, Any], name: str) -> timedelta | None:
    """CDS: minutes unless another unit is named; no time at all is no limit."""
    if not words.get(name):
        return None
    return timedelta(seconds=words[name] * UNITS[words.get(f"{name}_unit", "minute")])


def _span(words: Mapping[str, Any]) -> TimeSpan:
    only_known(words, SPAN, "time span")
    days = tuple(sorted(DAYS.index(day) for day in words.get("days_of_week") or ()))
    effect = _effect(words)
    if days and effect is HolidayEffect.ONLY:
        raise NotUnderstood("days_of_week of a designated period")
    return TimeSpan(
        days,
        seconds_of(words.get("time_of_day_start", "00:00")),
        seconds_of(words.get("time_of_day_end", "24:00")),
        effect,
        tuple(words.get("months") or ()),
        tuple(words.get("days_of_month") or ()),
    )


def _effect(words: Mapping[str, Any]) -> HolidayEffect:
    if "designated_period" not in words:
        return HolidayEffect.NONE
    outside = words.get("designated_period_except")
    return HolidayEffect.EXCLUDED if outside else HolidayEffect.ONLY


def _calendar(case: Case, policies: Iterable[Mapping[str, Any]]) -> list[date]:
    """The days of the one designated period that the policies name."""
    named = {
        span["designated_period"]
        for policy in policies
        for span in policy.get("time_spans") or ()
        if "designated_period" in span
    }
    if not named:
        return []
    known = {**(case.get("designated_periods") or {})}
    if "holidays" in case:
        known["holidays"] = case["holidays"]
    if len(named) > 1 or not named <= set(known):
        raise NotUnderstood(f"the days of {', '.join(sorted(named))}")
    return [day_of(day) for day in known[named.pop()]]


VISIT_POLICY = ("access", "open_for", "closed_for", "hours", "days", "holidays_closed", "tz")


def _visit(case: Case) -> list[str]:
    """A street that is open, or closed, to deliveries at some hours: unloading by the clock."""
    only_known(case, (*ABOUT, *CALENDARS, "policy", "visit"), "case")
    words, visit = case["policy"], case["visit"]
    only_known(words, VISIT_POLICY, "policy")
    only_known(visit, ("activity", *TIMES), "visit")
    zone = words.get("tz", case.get("tz", case.get("time_zone", WALL)))
    asked = CurbStay(Activity.UNLOADING, frozenset(), *_interval(visit, zone))
    feasts = [day_of(day) for day in case.get("holidays", ())]
    answer = curb_answer(list(_street(words)), asked, zone, feasts)
    return _compared(answer, asked, zone, case["expect"])


def _street(words: Mapping[str, Any]) -> Iterator[CurbPolicy]:
    start, end = (seconds_of(word) for word in words["hours"])
    days = tuple(sorted(DAYS.index(day) for day in words.get("days") or ()))
    closed_on_feasts = words.get("holidays_closed", False)
    effect = HolidayEffect.EXCLUDED if closed_on_feasts else HolidayEffect.NONE
    schedule = Schedule(spans=(TimeSpan(days, start, end, effect),))
    if "closed_for" in words:
        yield CurbPolicy(1, (CurbRule(Activity.NO_STOPPING),), schedule)
        yield CurbPolicy(2, (CurbRule(Activity.UNLOADING),))
    else:
        yield CurbPolicy(1, (CurbRule(Activity.UNLOADING),), schedule)


def _compared(
    answer: CurbAnswer, asked: CurbStay, zone: str, expected: Mapping[str, Any]
) -> list[str]:
    only_known(expected, ("allowed", "reason", "leave_by", "policy", "priority"), "expect")
    if answer.allowed != expected["allowed"]:
        told = answer.reason or "no reason"
        return [f"allowed is {answer.allowed} ({told}), not {expected['allowed']}"]
    until = answer.at if answer.at and answer.at > asked.start else None
    leave_by = f"{until.astimezone(ZoneInfo(zone)):%H:%M}" if until else "none"
    found = {
        "leave_by": leave_by,
        "policy": answer.policy.policy_id if answer.policy else "",
        "priority": answer.policy.priority if answer.policy else None,
    }
    faults = [
        f"{word} is {value}, not {expected[word]}"
        for word, value in found.items()
        if word in expected and str(value) != _plain(word, expected[word])
    ]
    ours = [answer.reason.replace("_", " "), f"must leave by {leave_by}"]
    if not answer.allowed and not _says(str(expected.get("reason") or ours[0]), ours):
        faults.append(f"reason is {' / '.join(ours)!r}, not {expected['reason']!r}")
    return faults


def _says(sentence: str, ours: Sequence[str]) -> bool:
    """A reason is a sentence for people: our word, or what stands for it, must be in it."""
    said = sentence.replace("_", " ").lower()
    return any(word in said for word in (*ours, *SAID.get(ours[0], ())))


def _plain(word: str, value: Any) -> str:
    return _hour(value) if word == "leave_by" else str(value)


def _hour(word: Any) -> str:
    seconds = seconds_of(word)
    return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}"


def _day(word: Any) -> date | None:
    return None if word is None else day_of(word)


def _wall(word: Any, zone: str) -> datetime:
    moment = word if isinstance(word, datetime) else datetime.fromisoformat(str(word))
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
