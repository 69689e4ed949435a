"""From the journal to how well expectations came true, by how far ahead they were said. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.tracking.domain.event import StopArrived


@dataclass(slots=True)
class Horizon:
    """Expectations of one horizon against arrivals."""

    minutes: int
    count: int = 0
    inside: int = 0
    below_p90: int = 0
    below_p50: int = 0
    error_seconds: float = 0.0


def calibrated(arrivals: Iterable[StopArrived]) -> list[Horizon]:
    """By horizon, the nearest first."""
    found: dict[int, Horizon] = {}
    for arrival in arrivals:
        for mark in arrival.marks:
            one = found.setdefault(mark.horizon_minutes, Horizon(mark.horizon_minutes))
            one.count += 1
            one.inside += mark.p10 <= arrival.at <= mark.p90
            one.below_p90 += arrival.at <= mark.p90
            one.below_p50 += arrival.at <= mark.p50
            one.error_seconds += abs((arrival.at - mark.p50).total_seconds())
    return [found[minutes] for minutes in sorted(found)]
