"""
What numbers ask of the world: a part of `ports`, under the same law.

The history is bound to one transaction of a tenant.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from services.tracking.domain.event import RouteStarted
from services.tracking.domain.heard import TenderPriced


class History(Protocol):
    """What the journal says of routes and tenders, whenever it was."""

    async def starts(self, route_ids: Collection[str]) -> Sequence[RouteStarted]:
        """The starts of routes, with their rate cards."""

    async def priced(self, tender_id: str) -> TenderPriced | None:
        """What was booked last for a tender."""
