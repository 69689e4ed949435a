"""Revisions that nobody acknowledged in time: told once each; tracking opens an incident."""

from __future__ import annotations

from datetime import datetime

from services.dispatch.domain.events import Fact, RevisionUnacknowledged
from services.dispatch.ports import Stores


async def tell(stores: Stores, route_id: str, revision: int, now: datetime) -> bool:
    """Tells that this revision is unacknowledged, unless that changed meanwhile."""
    route = await stores.routes.find(route_id)
    if route is None or not route.is_binding or route.revision != revision:
        return False
    if route.acknowledged_revision >= revision:
        return False
    event = RevisionUnacknowledged(route_id, revision, route.driver_id, route.revise_time)
    stores.tell(Fact(route_id, now, event))
    return True
