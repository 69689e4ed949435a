"""Looking back in the journal: starts of routes, charges of zones, prices of tenders."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from meshkit.postgres import Transaction
from services.tracking.adapters.codec import unpack
from services.tracking.domain.event import AmountCollected, Crew, RouteStarted
from services.tracking.domain.heard import TenderPriced, ZoneCharged
from services.tracking.domain.route import Window

ROWS = """
    SELECT type, body FROM journal
    WHERE ((at >= $1 AND at < $2) OR (due_at >= $1 AND due_at < $2)) AND type = ANY ($3)
      AND ($4 = '' OR route_id = $4) AND ($5 = '' OR driver_id = $5)
      AND ($6 = '' OR vehicle_id = $6) AND ($7 = '' OR carrier_id = $7)
    ORDER BY no LIMIT $8"""

STARTS = """
    SELECT DISTINCT ON (route_id) body FROM journal
    WHERE type = 'RouteStarted' AND route_id = ANY ($1) ORDER BY route_id, no"""

CHARGES = """
    SELECT DISTINCT ON (route_id) body FROM journal
    WHERE type = 'ZoneCharged' AND route_id = ANY ($1) AND body ->> 'zone_id' <> ''
    ORDER BY route_id, no"""

PLACED = """
    SELECT route_id, count(*) AS revisions,
           (array_agg(body ->> 'planned_stops' ORDER BY no DESC))[1] AS stops
    FROM journal WHERE type = 'RoutePlaced' AND route_id = ANY ($1) GROUP BY route_id"""

PRICED = """
    SELECT body FROM journal WHERE type = 'TenderPriced' AND body ->> 'tender_id' = $1
    ORDER BY no DESC LIMIT 1"""

COLLECTED = """
    SELECT body FROM journal
    WHERE about && ARRAY[$1] AND type = 'AmountCollected' AND body -> 'task' ->> 'task_id' = $2
    ORDER BY no DESC LIMIT 1"""


class PostgresHistory:
    """Implements `analytics_ports.History`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def rows(
        self, span: Window, types: Collection[str], whose: Crew, limit: int
    ) -> Sequence[tuple[str, str]]:
        """Events of a span, and deliveries that are due in it, in order of record, as text."""
        crew = (whose.route_id, whose.driver_id, whose.vehicle_id, whose.carrier_id)
        rows = await self._tx.fetch(ROWS, span.start, span.end, list(types), *crew, limit)
        return [(row["type"], row["body"]) for row in rows]

    async def starts(self, route_ids: Collection[str]) -> Sequence[RouteStarted]:
        """The starts of routes, with their rate cards."""
        rows = await self._tx.fetch(STARTS, list(route_ids)) if route_ids else []
        return [unpack(row["body"], RouteStarted) for row in rows]

    async def charges(self, route_ids: Collection[str]) -> Sequence[ZoneCharged]:
        """The first charge of a zone on each route that has one."""
        rows = await self._tx.fetch(CHARGES, list(route_ids)) if route_ids else []
        return [unpack(row["body"], ZoneCharged) for row in rows]

    async def placed(self, route_ids: Collection[str]) -> dict[str, tuple[int, int]]:
        """How many revisions routes had, and how many stops the last one of each."""
        rows = await self._tx.fetch(PLACED, list(route_ids)) if route_ids else []
        return {row["route_id"]: (row["revisions"], int(row["stops"] or 0)) for row in rows}

    async def priced(self, tender_id: str) -> TenderPriced | None:
        """What was booked last for a tender."""
        text = await self._tx.fetchval(PRICED, tender_id)
        return unpack(text, TenderPriced) if text else None

    async def collected(self, delivery_id: str, task_id: str) -> AmountCollected | None:
        """What was collected last for a task."""
        text = await self._tx.fetchval(COLLECTED, delivery_id, task_id)
        return unpack(text, AmountCollected) if text else None
