"""Nobody to ask about access: every plan then says that access was not checked."""

from __future__ import annotations

from collections.abc import Sequence

from meshkit.errors import Unavailable
from services.planner.domain.shift import Vehicle
from services.planner.ports import AreasAnswer, CheckAnswer, Presence


class NoCompliance:
    """Stands where a planner was told of no compliance."""

    async def areas(self, vehicle: Vehicle, start_second: int, end_second: int) -> AreasAnswer:
        """Raises Unavailable."""
        raise away()

    async def check(self, routes: int, presences: Sequence[Presence]) -> CheckAnswer:
        """Raises Unavailable."""
        raise away()


def away() -> Unavailable:
    """What the use-cases take as: not checked."""
    return Unavailable("PEER_UNREACHABLE", "this planner was told of no compliance")
