"""Decisions in PostgreSQL, append-only. As X_app: row-level security adds the tenant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from meshkit.feed import Draft
from meshkit.postgres import Transaction
from services.compliance.adapters.codec import pack, unpack
from services.compliance.domain.finding import Decision
from services.compliance.ports import DecisionFilter

ADD = """
    INSERT INTO decisions (tenant, decision_id, route_plan_id, route_id, vehicle_id, verdict,
                           zone_ids, decided, decision)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5, $6, $7, $8)"""

GET = "SELECT decision FROM decisions WHERE decision_id = $1"

LIST = """
    SELECT decision FROM decisions
    WHERE ($1 = '' OR route_plan_id = $1) AND ($2 = '' OR route_id = $2)
      AND ($3 = '' OR vehicle_id = $3) AND ($4 = '' OR $4 = ANY (zone_ids))
      AND (cardinality($5::text[]) = 0 OR verdict = ANY ($5))
      AND ($6::timestamptz IS NULL OR decided >= $6) AND ($7::timestamptz IS NULL OR decided < $7)
      AND ($8::timestamptz IS NULL OR (decided, decision_id) < ($8, $9))
    ORDER BY decided DESC, decision_id DESC LIMIT $10"""


class PostgresDecisions:
    """Implements `ports.DecisionStore` in one transaction."""

    def __init__(self, tx: Transaction, encode: Callable[[Decision], Draft]) -> None:
        self._tx = tx
        self._encode = encode

    async def add(self, decisions: Sequence[Decision]) -> None:
        await self._tx.executemany(ADD, [_row(decision) for decision in decisions])
        self._tx.append(*map(self._encode, decisions))

    async def get(self, decision_id: str) -> Decision | None:
        document = await self._tx.fetchval(GET, decision_id)
        return None if document is None else unpack(document, Decision)

    async def list(
        self, wanted: DecisionFilter, before: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Decision]:
        rows = await self._tx.fetch(
            LIST,
            wanted.route_plan_id,
            wanted.route_id,
            wanted.vehicle_id,
            wanted.zone_id,
            [verdict.name for verdict in wanted.verdicts],
            wanted.start,
            wanted.end,
            *(before or (None, "")),
            limit,
        )
        return [unpack(row["decision"], Decision) for row in rows]


def _row(decision: Decision) -> tuple[Any, ...]:
    return (
        decision.decision_id,
        decision.route_plan_id,
        decision.route.route_id,
        decision.route.vehicle.vehicle_id,
        decision.verdict.name,
        sorted({finding.zone_id for finding in decision.findings if finding.zone_id}),
        decision.decided,
        pack(decision),
    )
