"""
What may be done at a curb, in the words of the Curb Data Specification (CDS).

Pure. Of the policies whose schedule contains an instant the one with the lowest priority number
that says something about the activity decides. The whole stay must be allowed, from arrival to
departure; where no policy says anything, nothing is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.compliance.domain.civil import local_days, stretches
from services.compliance.domain.schedule import ALWAYS, Schedule


class Activity(StrEnum):
    """Activities of CDS; the word of the ones that forbid begins with "no"."""

    PARKING = "parking"
    NO_PARKING = "no parking"
    LOADING = "loading"
    NO_LOADING = "no loading"
    UNLOADING = "unloading"
    NO_UNLOADING = "no unloading"
    STOPPING = "stopping"
    NO_STOPPING = "no stopping"
    TRAVEL = "travel"
    NO_TRAVEL = "no travel"


FORBIDS_ALL = frozenset({Activity.NO_STOPPING, Activity.NO_TRAVEL})


@dataclass(frozen=True, slots=True)
class CurbRule:
    """Allows or forbids an activity to those who belong to all of the classes."""

    activity: Activity
    user_classes: frozenset[str] = frozenset()
    max_stay: timedelta | None = None
    no_return: timedelta | None = None


@dataclass(frozen=True, slots=True)
class CurbPolicy:
    """Rules that hold at certain times; the lowest priority number wins."""

    priority: int
    rules: tuple[CurbRule, ...]
    schedule: Schedule = ALWAYS


@dataclass(frozen=True, slots=True)
class CurbStay:
    """Who wants to do what, `[start, end)`, and when it last left."""

    activity: Activity
    user_classes: frozenset[str]
    start: datetime
    end: datetime
    left: datetime | None = None


@dataclass(frozen=True, slots=True)
class CurbAnswer:
    """Whether the whole stay is allowed, and in one word why not."""

    allowed: bool
    reason: str = ""


ALLOWED = CurbAnswer(allowed=True)


def curb_answer(
    policies: Sequence[CurbPolicy], stay: CurbStay, time_zone: str, holidays: Sequence[date] = ()
) -> CurbAnswer:
    """The first fault of the stay in the order of time, or none."""
    ranked = sorted(policies, key=lambda policy: policy.priority)
    for instant in _instants(ranked, stay, time_zone, holidays):
        holding = [p for p in ranked if _holds(p.schedule, instant, time_zone, holidays)]
        answer = _decided(holding, stay)
        if not answer.allowed:
            return answer
    return ALLOWED


def must_leave(schedule: Schedule, end: datetime, time_zone: str) -> datetime | None:
    """The end of the last window before `end`: when a stay that lasts too long must be over."""
    ends = [last for _, last in _windows(schedule, end, end, time_zone, ()) if last <= end]
    return max(ends, default=None)


def _decided(policies: Sequence[CurbPolicy], stay: CurbStay) -> CurbAnswer:
    """What the policies that hold at one instant say."""
    reason = "time_span"  # no policy says anything
    for policy in policies:
        for rule in policy.rules:
            if rule.activity in (*FORBIDS_ALL, f"no {stay.activity}"):
                return CurbAnswer(allowed=False, reason=rule.activity)
            if rule.activity is stay.activity:
                if rule.user_classes <= stay.user_classes:
                    return _timed(rule, stay)
                reason = "user_classes"
    return CurbAnswer(allowed=False, reason=reason)


def _timed(rule: CurbRule, stay: CurbStay) -> CurbAnswer:
    if rule.max_stay is not None and stay.end - stay.start > rule.max_stay:
        return CurbAnswer(allowed=False, reason="max_stay")
    away = None if stay.left is None else stay.start - stay.left
    if rule.no_return is not None and away is not None and away < rule.no_return:
        return CurbAnswer(allowed=False, reason="no_return")
    return ALLOWED


def _instants(
    policies: Sequence[CurbPolicy], stay: CurbStay, time_zone: str, holidays: Sequence[date]
) -> list[datetime]:
    """The arrival, and every instant of the stay at which a policy begins or ends to hold."""
    edges = {
        edge
        for policy in policies
        for window in _windows(policy.schedule, stay.start, stay.end, time_zone, holidays)
        for edge in window
    }
    return sorted({stay.start, *(edge for edge in edges if stay.start < edge < stay.end)})


def _holds(schedule: Schedule, at: datetime, time_zone: str, holidays: Sequence[date]) -> bool:
    return any(start <= at < end for start, end in _windows(schedule, at, at, time_zone, holidays))


def _windows(
    schedule: Schedule, start: datetime, end: datetime, time_zone: str, holidays: Sequence[date]
) -> Iterator[tuple[datetime, datetime]]:
    for day in local_days(start, end, time_zone):
        for window in schedule.windows(day, holidays):
            for stretch in stretches(time_zone, day):
                instants = stretch.instants(*window)
                if instants is not None:
                    yield instants
