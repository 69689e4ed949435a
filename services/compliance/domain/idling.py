"""How long an engine may run while the vehicle stands. Pure; exactly at the limit is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.compliance.domain.filter import EVERY_VEHICLE, VehicleFilter, truth_of
from services.compliance.domain.truth import Truth
from services.compliance.domain.vehicle import NO_EXHAUST, Vehicle
from services.compliance.domain.verdict import Verdict


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


def idling_verdict(
    rule: IdlingLimit, vehicle: Vehicle, idled: timedelta, day: date, excuses: frozenset[Excuse]
) -> Verdict:
    """ALLOW, DENY, or UNKNOWN when the vehicle's data do not say whether the rule is about it."""
    if idled <= rule.limit or excuses & set(rule.excuses) or vehicle.fuel in NO_EXHAUST:
        return Verdict.ALLOW
    about = truth_of(rule.filter, vehicle, day)
    outcomes = {
        Truth.HOLDS: Verdict.DENY,
        Truth.FAILS: Verdict.ALLOW,
        Truth.UNKNOWN: Verdict.UNKNOWN,
    }
    return outcomes[about]
