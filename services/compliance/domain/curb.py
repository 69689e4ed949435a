"""
What may be done at a curb, in the words of the Curb Data Specification (CDS).

Pure. A stay is cut where a policy begins or ends to hold. In every part the rules that are about
the vehicle are asked in the order of priority, and the first that settles the activity decides:
one that forbids it, one that allows it or what implies it, or one that allows only less. Of equal
priority the rule about more user classes goes first, being the more special one, and one that
forbids before one that allows. Where no rule settles it, nothing is allowed. The whole stay must
be allowed, from arrival to departure.

Source: CDS Curbs, sections Policy, Rule, Activities and Time Span, of the Open Mobility Foundation
(openmobilityfoundation/curb-data-specification, curbs/README.md). Rates are not read: what a place
costs does not decide whether a vehicle may stand there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.compliance.domain.civil import local_days, stretches
from services.compliance.domain.faults import check
from services.compliance.domain.schedule import ALWAYS, Schedule, overlap


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


STANDING = frozenset({Activity.PARKING, Activity.LOADING, Activity.UNLOADING, Activity.STOPPING})
ALLOWS = {  # CDS, Activities: "implies that ... are also permitted"
    Activity.PARKING: STANDING,
    Activity.LOADING: frozenset({Activity.LOADING, Activity.STOPPING}),
    Activity.UNLOADING: frozenset({Activity.UNLOADING, Activity.STOPPING}),
    Activity.STOPPING: frozenset({Activity.STOPPING}),
    Activity.TRAVEL: frozenset({Activity.TRAVEL}),
}
FORBIDS = {  # CDS, Activities: "implies that ... is also prohibited"
    Activity.NO_PARKING: frozenset({Activity.PARKING}),
    Activity.NO_LOADING: frozenset({Activity.LOADING, Activity.PARKING}),
    Activity.NO_UNLOADING: frozenset({Activity.UNLOADING, Activity.PARKING}),
    Activity.NO_STOPPING: STANDING,
    Activity.TRAVEL: STANDING,
    Activity.NO_TRAVEL: frozenset({Activity.TRAVEL}),
}
EXCEEDS = {  # who may only load may not park, whatever a lower priority says
    Activity.LOADING: frozenset({Activity.PARKING}),
    Activity.UNLOADING: frozenset({Activity.PARKING}),
    Activity.STOPPING: STANDING - {Activity.STOPPING},
}


LENGTH_MAX = timedelta(days=366)  # of a stay, or away


class Why(StrEnum):
    """Why a stay is not allowed, in one word; a rule that forbids is named by its activity."""

    ACTIVITY = "activity"  # no rule allows it, or only less
    USER_CLASSES = "user_classes"  # only others may
    TIME_SPAN = "time_span"  # only at other times
    MAX_STAY = "max_stay"
    NO_RETURN = "no_return"


@dataclass(frozen=True, slots=True)
class CurbRule:
    """Allows or forbids an activity to those who belong to all of the classes."""

    activity: Activity
    user_classes: frozenset[str] = frozenset()
    max_stay: timedelta | None = None
    no_return: timedelta | None = None

    def __post_init__(self) -> None:
        for length in (self.max_stay, self.no_return):
            sound = length is None or timedelta() < length <= LENGTH_MAX
            check(sound, f"a length of time is positive, and at most {LENGTH_MAX.days} days")


@dataclass(frozen=True, slots=True)
class CurbPolicy:
    """Rules that hold at certain times; the lowest priority number wins."""

    priority: int
    rules: tuple[CurbRule, ...]
    schedule: Schedule = ALWAYS
    policy_id: str = ""


@dataclass(frozen=True, slots=True)
class CurbStay:
    """Who wants to do what, `[start, end)`, and when it last left (None: it was not there)."""

    activity: Activity
    user_classes: frozenset[str]
    start: datetime
    end: datetime
    left: datetime | None = None

    def __post_init__(self) -> None:
        check(self.activity in ALLOWS, "what is wanted is an activity, not a prohibition")
        check(self.start <= self.end, "a stay ends after it starts", "INTERVAL_INVALID")


@dataclass(frozen=True, slots=True)
class CurbAnswer:
    """
    Whether the whole stay is allowed, and in one word why not.

    The policy and rule are those that decide: on arrival, or `at` the first fault.
    """

    allowed: bool
    reason: str = ""
    policy: CurbPolicy | None = None
    rule: CurbRule | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Claim:
    """A rule that settles the activity of one stay while its policy holds."""

    policy: CurbPolicy
    rule: CurbRule
    rank: tuple[int, bool, int, int]
    reason: str  # why not; empty when it allows


Windows = Sequence[tuple[datetime, datetime]]


def curb_answer(
    policies: Sequence[CurbPolicy], stay: CurbStay, time_zone: str, holidays: Sequence[date] = ()
) -> CurbAnswer:
    """The first fault of the stay in the order of time, or none."""
    held = [_windows(p.schedule, stay.start, stay.end, time_zone, holidays) for p in policies]
    claims = sorted(_claims(policies, stay), key=lambda pair: pair[1].rank)
    ruling: _Claim | None = None
    arrived, since = ruling, stay.start
    for start, end in _parts(held, stay):
        before = ruling
        ruling = next((c for number, c in claims if _holds(held[number], start)), None)
        if ruling is None or ruling.reason:
            holding = [_holds(windows, start) for windows in held]
            return _refused(policies, holding, stay, ruling, start)
        arrived = arrived or ruling
        since = since if before is ruling else start
        fault = _timed(ruling, since, end, stay)
        if fault is not None:
            return fault
    decided = (arrived.policy, arrived.rule) if arrived else (None, None)
    return CurbAnswer(True, "", *decided)


def contradiction(policies: Sequence[CurbPolicy]) -> tuple[str, str] | None:
    """Two policies of one priority of which one forbids what the other allows, at one time."""
    for number, one in enumerate(policies):
        for other in policies[number:]:
            clash = one.priority == other.priority and _clash(one, other)
            if clash and (one is other or overlap(one.schedule, other.schedule)):
                return one.policy_id, other.policy_id
    return None


def _clash(one: CurbPolicy, other: CurbPolicy) -> bool:
    return _denies(one, other) or _denies(other, one)


def _denies(one: CurbPolicy, other: CurbPolicy) -> bool:
    """Whether the first forbids something that the second allows to the same user classes."""
    forbidden = _by_classes(one, FORBIDS)
    allowed = _by_classes(other, ALLOWS)
    return any(forbidden[classes] & allowed.get(classes, frozenset()) for classes in forbidden)


def _by_classes(
    policy: CurbPolicy, meaning: dict[Activity, frozenset[Activity]]
) -> dict[frozenset[str], frozenset[Activity]]:
    found: dict[frozenset[str], frozenset[Activity]] = {}
    for rule in policy.rules:
        known = found.get(rule.user_classes, frozenset())
        found[rule.user_classes] = known | meaning.get(rule.activity, frozenset())
    return found


def _claims(policies: Sequence[CurbPolicy], stay: CurbStay) -> Iterator[tuple[int, _Claim]]:
    """The rules about this vehicle that settle its activity, with the number of their policy."""
    for number, policy in enumerate(policies):
        for rule in policy.rules:
            if not rule.user_classes <= stay.user_classes:
                continue
            for order, (meaning, reason) in enumerate(_meanings(rule)):
                if stay.activity in meaning.get(rule.activity, ()):
                    less = reason == Why.ACTIVITY  # another rule of the rank may allow more
                    rank = (policy.priority, less, -len(rule.user_classes), order)
                    yield number, _Claim(policy, rule, rank, reason)


def _meanings(rule: CurbRule) -> Iterator[tuple[dict[Activity, frozenset[Activity]], str]]:
    """In which order rules of one rank are asked, and why not."""
    yield FORBIDS, rule.activity
    yield ALLOWS, ""
    yield EXCEEDS, Why.ACTIVITY


def _refused(
    policies: Sequence[CurbPolicy],
    holding: Sequence[bool],
    stay: CurbStay,
    ruling: _Claim | None,
    at: datetime,
) -> CurbAnswer:
    """Who forbids it; where nobody allows it, to whom or when somebody would."""
    if ruling is not None:
        return CurbAnswer(False, ruling.reason, ruling.policy, ruling.rule, at)
    allowing = [
        (Why.USER_CLASSES if now or not own else Why.TIME_SPAN, now, own, policy, rule)
        for policy, now in zip(policies, holding, strict=True)
        for rule in policy.rules
        if stay.activity in ALLOWS.get(rule.activity, ())
        for own in [rule.user_classes <= stay.user_classes]
    ]
    if not allowing:
        return CurbAnswer(False, Why.ACTIVITY, at=at)
    reason, now, _, policy, rule = min(allowing, key=lambda a: (not a[1], not a[2], a[3].priority))
    return CurbAnswer(False, reason, policy if now else None, rule, at)


def _timed(ruling: _Claim, since: datetime, end: datetime, stay: CurbStay) -> CurbAnswer | None:
    """The fault of a rule that allows the activity, but not again so soon or not for so long."""
    rule, on_arrival = ruling.rule, since == stay.start
    away = stay.start - stay.left if stay.left is not None and on_arrival else None
    if rule.no_return is not None and away is not None and away < rule.no_return:
        return CurbAnswer(False, Why.NO_RETURN, ruling.policy, rule, stay.start)
    if rule.max_stay is not None and end - since > rule.max_stay:
        at = since + rule.max_stay
        return CurbAnswer(False, Why.MAX_STAY, ruling.policy, rule, at)
    return None


def _parts(held: Sequence[Windows], stay: CurbStay) -> Iterator[tuple[datetime, datetime]]:
    """The stay, cut at every instant at which a policy begins or ends to hold."""
    edges = {edge for windows in held for window in windows for edge in window}
    cuts = sorted({stay.start, stay.end, *(e for e in edges if stay.start < e < stay.end)})
    yield from zip(cuts, cuts[1:] or cuts, strict=False)


def _holds(windows: Windows, at: datetime) -> bool:
    return any(start <= at < end for start, end in windows)


def _windows(
    schedule: Schedule, start: datetime, end: datetime, time_zone: str, holidays: Sequence[date]
) -> Windows:
    """When it holds on the local days of `[start, end)`, by the clock on the wall."""
    return [
        instants
        for day in local_days(start, end, time_zone)
        for window in schedule.windows(day, holidays)
        for stretch in stretches(time_zone, day)
        if (instants := stretch.instants(*window)) is not None
    ]
