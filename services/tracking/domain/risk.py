"""
The chance that a promise will be missed, from the expected arrival's own interval. Pure.

A promise is kept when the handover lies inside its window, so what counts is arrival plus service.
Risks are ranked by what is at stake: the chance times one more than the priority.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from services.tracking.domain.event import Eta, Risk, RiskLevel
from services.tracking.domain.route import Route
from services.tracking.domain.walk import Z_90
from services.tracking.domain.wording import charge

MEDIUM_FROM, HIGH_FROM, CERTAIN_FROM = 0.1, 0.5, 0.9  # the contract states them
UNTIL = {RiskLevel.MEDIUM: 0.05, RiskLevel.HIGH: 0.4, RiskLevel.CERTAIN: 0.8}  # a level stands
STAKE_DIGITS = 12  # as many as page tokens hold
RANK = {level: rank for rank, level in enumerate(RiskLevel)}


def assess(route: Route, eta: Eta) -> Iterator[Risk]:
    """The risk of every promise that waits at a stop."""
    stop = route.stop(eta.stop_id)
    handover = eta.p50 + timedelta(seconds=eta.service_seconds)
    for task in stop.tasks if stop else ():
        if task.promise is None:
            continue
        late = (handover - task.promise.end).total_seconds()
        probability = chance_after(eta, task.promise.end)
        yield Risk(
            task=charge(task),
            stop_id=eta.stop_id,
            route_id=route.route_id,
            probability=probability,
            late_seconds=max(0, round(late)),
            level=level_of(probability),
            promise=task.promise,
            eta=eta,
            priority=task.priority,
            stake=round(probability * (1 + task.priority), STAKE_DIGITS),
        )


def chance_after(eta: Eta, end: datetime) -> float:
    """The chance of a handover after a moment; its sides may be of different width."""
    late = (eta.p50 + timedelta(seconds=eta.service_seconds) - end).total_seconds()
    side = eta.p90 - eta.p50 if late < 0 else eta.p50 - eta.p10
    arrival = side.total_seconds() / Z_90
    sigma = max(1.0, math.hypot(arrival, eta.service_spread))
    return 0.5 * math.erfc(-late / (sigma * math.sqrt(2)))


def level_of(probability: float) -> RiskLevel:
    """The probability in words."""
    if probability >= CERTAIN_FROM:
        return RiskLevel.CERTAIN
    if probability >= HIGH_FROM:
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if probability >= MEDIUM_FROM else RiskLevel.LOW


def standing(risk: Risk, previous: RiskLevel) -> RiskLevel:
    """The level to go by: up at once, down when the chance is clearly below; noise is no news."""
    falls = higher(previous, risk.level)
    return previous if falls and risk.probability >= UNTIL[previous] else risk.level


def higher(a: RiskLevel, b: RiskLevel) -> bool:
    """Whether one level is above another."""
    return RANK[a] > RANK[b]
