"""Routes that were driven and decided about before, in PostgreSQL. As X_app."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from meshkit.postgres import Transaction
from services.compliance.adapters.codec import unpack
from services.compliance.domain.finding import Decision
from services.compliance.domain.ledger import EmissionRecord, Entry

COUNT = """
    SELECT count(DISTINCT d.route_id) FROM decisions d WHERE d.route_id IN (
        SELECT r.route_id FROM emission_records r
        WHERE NOT r.replaced AND r.hub_id = '' AND r.route_id <> ''
          AND r.end_time >= $1 AND r.end_time < $2)"""

LAST = """
    SELECT DISTINCT ON (d.route_id) d.decision FROM decisions d
    WHERE d.route_id > $3 AND d.route_id IN (
        SELECT r.route_id FROM emission_records r
        WHERE NOT r.replaced AND r.hub_id = '' AND r.route_id <> ''
          AND r.end_time >= $1 AND r.end_time < $2)
    ORDER BY d.route_id, d.decided DESC, d.decision_id DESC LIMIT $4"""

RECORDS = """
    SELECT r.route_id, r.record FROM emission_records r
    WHERE NOT r.replaced AND r.hub_id = '' AND r.route_id = ANY ($1::text[])
      AND r.end_time >= $2 AND r.end_time < $3
    ORDER BY r.emission_record_id"""


class PostgresPast:
    """Implements `ports.PastStore` in one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def route_count(self, start: datetime, end: datetime) -> int:
        return int(await self._tx.fetchval(COUNT, start, end))

    async def last_decisions(
        self, start: datetime, end: datetime, after: str, limit: int
    ) -> Sequence[Decision]:
        rows = await self._tx.fetch(LAST, start, end, after, limit)
        documents = [row["decision"] for row in rows]
        return await asyncio.to_thread(_decisions, documents)

    async def entries(
        self, route_ids: Sequence[str], start: datetime, end: datetime
    ) -> Mapping[str, Sequence[Entry]]:
        rows = await self._tx.fetch(RECORDS, list(route_ids), start, end)
        documents = [(row["route_id"], row["record"]) for row in rows]
        return await asyncio.to_thread(_entries, documents)


def _decisions(documents: Sequence[str]) -> list[Decision]:
    return [unpack(document, Decision) for document in documents]


def _entries(documents: Sequence[tuple[str, str]]) -> dict[str, list[Entry]]:
    entries: dict[str, list[Entry]] = defaultdict(list)
    for route_id, document in documents:
        entries[route_id].append(unpack(document, EmissionRecord).entry)
    return entries
