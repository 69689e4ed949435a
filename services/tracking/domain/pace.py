"""
How much longer than planned legs take: by the driver's habit, by today's traffic, and by what this
route has shown. Pure.

Logarithms of driven over planned time. Each of the three is held back by as much as the history
says that such things usually differ (`domain.service_time.learn`, a day in the place of a shift).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.tracking.domain.run import Run
from services.tracking.domain.service_time import Factor, Served, Traits, learn

UNIT = 1_000  # a leg that takes what was planned, in thousandths
PLANNED_SECONDS_MIN = 30  # of a leg: the ratio of a shorter one says nothing
RECENT = timedelta(hours=2)  # today's traffic is that of the last hours
RATIO_MIN, RATIO_MAX = 0.2, 5.0
PACE_MIN, PACE_MAX = 0.7, 1.8
PRIOR_SECONDS = 1_800.0  # unlearned, the plan's own pace weighs as much as half an hour of driving
DELAY_MIN, DELAY_MAX = -1_800.0, 3_600.0  # seconds after the planned start
DELAY_BELIEF = 10  # starts on time that the plan's word is worth
LEG_SPREAD = 0.18  # standard deviation of a leg as a share of its time, unlearned


@dataclass(frozen=True, slots=True)
class Driven:
    """A leg that was driven as planned, from end to end."""

    driver_id: str
    end: datetime
    planned_seconds: int
    seconds: float

    @property
    def logarithm(self) -> float:
        """Of driven over planned."""
        ratio = self.seconds / max(1, self.planned_seconds)
        return math.log(min(RATIO_MAX, max(RATIO_MIN, ratio)))


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known before a route itself has shown anything. Variances of logarithms."""

    base: float = 0.0  # all legs, always
    drivers: dict[str, float] = field(default_factory=dict)
    between_drivers: float = 0.0
    between_days: float = 0.0
    leg_spread: float = LEG_SPREAD
    gate_seconds: float = 0.0  # after its planned start a route really leaves, on average
    gate_spread: float = 0.0  # standard deviation of that, in seconds
    traffic: float = 0.0  # today's, beside the base
    traffic_doubt: float = 0.0
    learned: bool = False

    def of(self, run: Run) -> tuple[float, float]:
        """How much longer legs take from now on, and the standard deviation of that."""
        driven, planned = run.progress.driven_seconds, run.progress.planned_seconds
        if not self.learned:
            seen = (driven + PRIOR_SECONDS) / (planned + PRIOR_SECONDS)
            return min(PACE_MAX, max(PACE_MIN, seen)), 0.0
        mean = self.base + self.drivers.get(run.route.driver_id, 0.0) + self.traffic
        doubt = self.between_drivers + self.traffic_doubt
        legs = sum(1 for visit in run.progress.visits.values() if visit.arrived_at)
        if driven > 0 and planned > 0 and legs:
            weight = doubt / (doubt + self.leg_spread**2 / legs)
            mean += weight * (math.log(driven / planned) - mean)
            doubt *= 1 - weight
        return min(PACE_MAX, max(PACE_MIN, math.exp(mean))), math.sqrt(doubt)


def learn_pace(history: Sequence[Driven], delays: Sequence[float] = ()) -> Pace:
    """What a history of legs, and of delays at the gate in seconds, says."""
    usable = [one for one in history if one.planned_seconds >= PLANNED_SECONDS_MIN]
    found = learn([_sample(one) for one in usable])
    if not found.count:
        return Pace()
    drivers = {
        name.removeprefix("driver."): effect.mean
        for name, effect in found.effects.items()
        if name.startswith("driver.")
    }
    return Pace(
        base=found.base - math.log(UNIT),
        drivers=drivers,
        between_drivers=found.between.get(Factor.DRIVER, 0.0),
        between_days=found.between.get(Factor.SHIFT, 0.0),
        leg_spread=found.spread,
        **_gate(delays),
        traffic_doubt=found.between.get(Factor.SHIFT, 0.0),
        learned=True,
    )


def _gate(delays: Sequence[float]) -> dict[str, float]:
    """Held back towards leaving on time; a route that left another day is no delay."""
    near = [min(DELAY_MAX, one) for one in delays if DELAY_MIN <= one <= 2 * DELAY_MAX]
    total = len(near) + DELAY_BELIEF
    mean = sum(near) / total
    square = sum((one - mean) ** 2 for one in near) / total
    return {"gate_seconds": mean, "gate_spread": math.sqrt(square)}


def with_traffic(pace: Pace, today: Iterable[Driven], now: datetime) -> Pace:
    """The pace with what everybody's legs of the last hours say of today."""
    if not pace.learned:
        return pace
    off = [
        one.logarithm - pace.base - pace.drivers.get(one.driver_id, 0.0)
        for one in today
        if now - RECENT < one.end <= now and one.planned_seconds >= PLANNED_SECONDS_MIN
    ]
    doubt = pace.between_days
    if not off:
        return replace(pace, traffic=0.0, traffic_doubt=doubt)
    weight = doubt / (doubt + pace.leg_spread**2 / len(off))
    mean = weight * sum(off) / len(off)
    return replace(pace, traffic=mean, traffic_doubt=doubt * (1 - weight))


def _sample(one: Driven) -> Served:
    day = f"{one.end:%Y-%m-%d}"
    return Served(Traits(driver_id=one.driver_id), round(UNIT * math.exp(one.logarithm)), day)
