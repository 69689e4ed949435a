"""
One time that a vehicle stood with its engine running: judged, measured and priced.

Pure. Where it stood is not kept: the rule and its revision say what was judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.compliance.domain.faults import check
from services.compliance.domain.footprint import Setting
from services.compliance.domain.geometry import Point
from services.compliance.domain.idle_fuel import UNKNOWN_FUEL, FuelPrices, IdleFuel, idle_fuel
from services.compliance.domain.idling import Excuse, Idled, IdlingRule, idling_answer
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class IdlingFact:
    """What telematics told: what stood where with its engine running, from when for how long."""

    event_id: str
    vehicle: Vehicle
    place: Point
    start: datetime
    length: timedelta
    route_id: str = ""
    carrier_id: str = ""
    excuses: frozenset[Excuse] = frozenset()
    untold: frozenset[Excuse] = frozenset()  # telematics do not tell whether these hold

    def __post_init__(self) -> None:
        check(self.length >= timedelta(), "a length of time is not negative")

    @property
    def idled(self) -> Idled:
        """What rules judge."""
        return Idled(self.vehicle, self.length, self.start.date(), self.excuses, self.untold)


@dataclass(frozen=True, slots=True)
class IdlingEpisode:
    """The fact with what was found about it."""

    idling_episode_id: str
    event_id: str  # of tracking: one fact makes one episode
    vehicle: Vehicle
    start: datetime
    end: datetime
    record_time: datetime
    verdict: Verdict
    route_id: str = ""
    carrier_id: str = ""
    stated: tuple[Excuse, ...] = ()
    excuse: Excuse | None = None
    missing: tuple[str, ...] = ()
    idling_rule_id: str = ""  # that was broken, with the revision that was
    rule_revision: int = 0
    penalty_micros: int = 0
    penalty_currency_code: str = ""
    fuel: IdleFuel = UNKNOWN_FUEL
    fuel_cost_micros: int = 0
    currency_code: str = ""


@dataclass(frozen=True, slots=True)
class IdlingRuleVersion:
    """An idling rule as one revision has it."""

    rule: IdlingRule
    revision: int
    street_version: int  # counts every change of the tenant's curb zones and idling rules
    create_time: datetime
    record_time: datetime

    @property
    def etag(self) -> str:
        """Names the revision for updates."""
        return str(self.revision)


def judged(
    fact: IdlingFact,
    rules: Sequence[IdlingRuleVersion],
    setting: Setting,
    prices: FuelPrices,
    *,
    episode_id: str,
    now: datetime,
) -> IdlingEpisode:
    """The episode, by the rules that hold at its place."""
    answer = idling_answer([version.rule for version in rules], fact.idled)
    broken = answer.broken[0] if answer.broken else None
    burned = idle_fuel(fact.vehicle, fact.length, setting)
    cost = prices.cost_micros(fact.vehicle, burned.milliliters)
    return IdlingEpisode(
        episode_id,
        fact.event_id,
        fact.vehicle,
        fact.start,
        fact.start + fact.length,
        now,
        answer.verdict,
        fact.route_id,
        fact.carrier_id,
        tuple(sorted(fact.excuses)),
        answer.excuse,
        answer.missing,
        broken.idling_rule_id if broken else "",
        next((v.revision for v in rules if v.rule is broken), 0),
        broken.penalty_micros if broken else 0,
        broken.currency_code if broken else "",
        burned,
        cost,
        prices.currency_code if cost else "",
    )
