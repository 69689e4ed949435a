"""
Emissions: what driving emits, by factors that come with each vehicle, and how it is shared. Pure.

Milligrams of carbon dioxide equivalent, whole. A vehicle without factors has unknown emissions,
never none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.planner.domain.money import METERS_PER_KILOMETER, SECONDS_PER_HOUR, priced


@dataclass(frozen=True, slots=True)
class EmissionFactors:
    """What a vehicle emits: a sum of terms by distance, time and stops."""

    factor_set_version: str
    kilometer_milligrams: int = 0
    hour_milligrams: int = 0
    """From the start to the end of the route."""
    stop_milligrams: int = 0

    def __post_init__(self) -> None:
        """Refuses negative terms, and terms from nowhere."""
        if min(self.kilometer_milligrams, self.hour_milligrams, self.stop_milligrams) < 0:
            raise ValueError("an emission factor is negative")
        if not self.factor_set_version:
            raise ValueError("emission factors come from a factor set with a version")

    def milligrams(self, meters: int, seconds: int, stops: int) -> int:
        """What so much driving emits; each term rounded half up."""
        return (
            priced(self.kilometer_milligrams, meters, METERS_PER_KILOMETER)
            + priced(self.hour_milligrams, seconds, SECONDS_PER_HOUR)
            + self.stop_milligrams * stops
        )

    def weight(self, meters: int, seconds: int, stops: int) -> int:
        """The same without rounding, in 3,600,000ths of a milligram, to share a whole by."""
        return (
            self.kilometer_milligrams * meters * SECONDS_PER_HOUR
            + self.hour_milligrams * seconds * METERS_PER_KILOMETER
            + self.stop_milligrams * stops * SECONDS_PER_HOUR * METERS_PER_KILOMETER
        )


def shared(whole: int, weights: Sequence[int]) -> list[int]:
    """
    A whole in shares by weights, equal where all weights are 0; the shares add up to the whole.

    Largest remainder (Hare quota): each gets its share rounded down, what is left goes one by one
    to the largest remainders, equal ones in their order.
    """
    if not any(weights):
        weights = [1] * len(weights)
    total = sum(weights)
    shares = [whole * weight // total for weight in weights]
    left = whole - sum(shares)
    remainders = sorted(range(len(weights)), key=lambda rank: -(whole * weights[rank] % total))
    for rank in remainders[:left]:
        shares[rank] += 1
    return shares
