"""What the planner asks of the world. Adapters answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.planner.domain.travel import Leg, MapInfo, TravelMatrix, TravelQuestion


class TravelTimes(Protocol):
    """
    Times and distances on the road.

    Raises Unavailable (`TRAVEL_UNAVAILABLE`) while the engine restarts, Exhausted (`TRAVEL_BUSY`)
    when too many questions wait.
    """

    async def matrix(self, question: TravelQuestion) -> TravelMatrix:
        """From every point to every other."""

    async def legs(
        self, question: TravelQuestion, pairs: Sequence[tuple[int, int]]
    ) -> Sequence[Leg]:
        """The ways of these pairs (indices into the question's points), in order, as lines."""

    async def map_info(self) -> MapInfo:
        """Which map answers."""
