"""
How long an engine may run while the vehicle stands.

Pure. Every rule whose area contains the place is asked, so a strict one around a school binds
inside a milder one of the city. Who asks says that an engine ran: a fuel that is not stated changes
nothing, while what has no engine breaks no rule. Exactly as long as the limit is allowed, longer is
not. An excuse is what the caller or the driver states; it counts under the rules that list it. A
caller who asks states all there are; telematics cannot tell of most, and whether those hold is
unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.compliance.domain.faults import check
from services.compliance.domain.filter import EVERY_VEHICLE, VehicleFilter, conditions
from services.compliance.domain.geometry import Area
from services.compliance.domain.shapes import check_area
from services.compliance.domain.truth import Truth, every
from services.compliance.domain.vehicle import NO_EXHAUST, Category, Vehicle
from services.compliance.domain.verdict import Verdict, worst

NO_ENGINE = (Category.CYCLE, Category.FOOT)


class Excuse(StrEnum):
    """What excuses idling."""

    LOADING_DEVICE = "LOADING_DEVICE"
    TEMPERATURE = "TEMPERATURE"
    TRAFFIC = "TRAFFIC"
    EMERGENCY = "EMERGENCY"


@dataclass(frozen=True, slots=True)
class IdlingLimit:
    """The longest idling that a rule allows, to whom, and what it excuses."""

    limit: timedelta
    filter: VehicleFilter = EVERY_VEHICLE
    excuses: tuple[Excuse, ...] = ()

    def __post_init__(self) -> None:
        check(self.limit >= timedelta(), "a limit is not negative")


@dataclass(frozen=True, slots=True)
class IdlingRule:
    """A limit with the place where it holds and what breaking it costs (0: not known)."""

    idling_rule_id: str
    area: Area
    limit: IdlingLimit
    penalty_micros: int = 0
    currency_code: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        check(not self.penalty_micros or bool(self.currency_code), "a fine has a currency")
        check_area(self.area)


@dataclass(frozen=True, slots=True)
class Idled:
    """An engine that ran while its vehicle stood: for how long, and what is said to excuse it."""

    vehicle: Vehicle
    length: timedelta
    day: date  # of UTC, by which permits are valid: idling rules have no time zone
    excuses: frozenset[Excuse] = frozenset()
    untold: frozenset[Excuse] = frozenset()  # nobody knows whether these hold


@dataclass(frozen=True, slots=True)
class LimitAnswer:
    """What one limit says; the excuse is named only where it was needed."""

    verdict: Verdict
    excuse: Excuse | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdlingAnswer:
    """What all rules of a place say together; the broken ones by their limit, shortest first."""

    verdict: Verdict
    broken: tuple[IdlingRule, ...] = ()
    excuse: Excuse | None = None
    missing: tuple[str, ...] = ()


KEPT = LimitAnswer(Verdict.ALLOW)


def idling_answer(rules: Iterable[IdlingRule], idled: Idled) -> IdlingAnswer:
    """ALLOW, DENY, or UNKNOWN when it is not known whether a rule is about it or excuses it."""
    judged = [(rule, limit_answer(rule.limit, idled)) for rule in sorted(rules, key=_strictness)]
    verdict = worst(answer.verdict for _, answer in judged)
    broken = tuple(rule for rule, answer in judged if answer.verdict is Verdict.DENY)
    excuses = (answer.excuse for _, answer in judged if answer.excuse is not None)
    missing = (name for _, answer in judged for name in answer.missing)
    return IdlingAnswer(
        verdict,
        broken,
        next(excuses, None) if verdict is Verdict.ALLOW else None,
        tuple(dict.fromkeys(missing)) if verdict is Verdict.UNKNOWN else (),
    )


def limit_answer(limit: IdlingLimit, idled: Idled) -> LimitAnswer:
    """What one limit says, wherever it holds."""
    if idled.length <= limit.limit or not _may_have_an_engine(idled.vehicle):
        return KEPT
    found = list(conditions(limit.filter, idled.vehicle, idled.day))
    about = every(condition.truth for condition in found)
    if about is Truth.FAILS:
        return KEPT
    excuse = next(_listed(limit, idled.excuses), None)
    if excuse is not None:
        return LimitAnswer(Verdict.ALLOW, excuse)
    missing = [c.attribute for c in found if c.truth is Truth.UNKNOWN]
    missing += [excuse.lower() for excuse in _listed(limit, idled.untold)]
    verdict = Verdict.UNKNOWN if missing else Verdict.DENY
    return LimitAnswer(verdict, None, tuple(dict.fromkeys(missing)))


def _may_have_an_engine(vehicle: Vehicle) -> bool:
    return vehicle.fuel not in NO_EXHAUST and vehicle.category not in NO_ENGINE


def _listed(limit: IdlingLimit, excuses: frozenset[Excuse]) -> Iterator[Excuse]:
    return (excuse for excuse in limit.excuses if excuse in excuses)


def _strictness(rule: IdlingRule) -> tuple[timedelta, str]:
    return rule.limit.limit, rule.idling_rule_id
