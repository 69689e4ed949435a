"""The day in numbers: the value that `projections.scorecard` computes. Pure; counts, not rates."""

from __future__ import annotations

from dataclasses import dataclass

from services.tracking.domain.words import FailureReason


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Definitions stand in the contract's `Metric`."""

    deliveries: int = 0
    delivered: int = 0
    failed: int = 0
    unserved: int = 0
    cancelled: int = 0
    attempts: int = 0
    failures: tuple[tuple[FailureReason, int], ...] = ()
    promised: int = 0
    on_time: int = 0
    attempted: int = 0
    first_attempt_successes: int = 0
    delivered_grams: int = 0

    time_micros: int = 0
    distance_micros: int = 0
    fixed_micros: int = 0
    attempt_micros: int = 0
    energy_micros: int = 0
    zone_micros: int = 0
    carrier_micros: int = 0
    toll_micros: int = 0
    currency_code: str = ""

    co2e_milligrams: int = 0
    unaccounted_legs: int = 0
    factor_sets: tuple[str, ...] = ()

    meters: int = 0
    empty_meters: int = 0
    planned_meters: int = 0
    routes: int = 0
    completed_routes: int = 0
    arrivals: int = 0
    timely_arrivals: int = 0
    deviation_seconds: int = 0  # summed over planned arrivals
    quoted_arrivals: int = 0
    inside_quotes: int = 0
    incidents: int = 0
    ended_incidents: int = 0
    proofs: int = 0
    notes: tuple[str, ...] = ()

    @property
    def total_micros(self) -> int:
        """What the work cost."""
        parts = ("time", "distance", "fixed", "attempt", "energy", "zone", "carrier", "toll")
        return sum(getattr(self, f"{part}_micros") for part in parts)
