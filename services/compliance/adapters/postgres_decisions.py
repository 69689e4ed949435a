"""Decisions in PostgreSQL, append-only. As X_app: row-level security adds the tenant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from meshkit.feed import Draft
from meshkit.postgres import Transaction
from services.compliance.adapters.codec import pack, unpack
from services.compliance.domain.finding import Decision
from services.compliance.domain.geometry import Box
from services.compliance.domain.touch import Reach
from services.compliance.ports import DecisionFilter

ADD = """
    INSERT INTO decisions (tenant, decision_id, route_plan_id, route_id, vehicle_id, verdict,
                           zone_ids, decided, decision, starts, ends, south, west, north, east,
                           batch_id, batch_rank)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
            $16)"""

GET = "SELECT decision FROM decisions WHERE decision_id = $1"

WANTED = """
    SELECT decision FROM decisions
    WHERE ($1 = '' OR route_plan_id = $1) AND ($2 = '' OR route_id = $2)
      AND ($3 = '' OR vehicle_id = $3) AND ($4 = '' OR $4 = ANY (zone_ids))
      AND (cardinality($5::text[]) = 0 OR verdict = ANY ($5))
      AND ($6::timestamptz IS NULL OR decided >= $6) AND ($7::timestamptz IS NULL OR decided < $7)
      AND ($8::timestamptz IS NULL OR (decided, decision_id) < ($8, $9))"""
NEWEST_FIRST = "ORDER BY decided DESC, decision_id DESC LIMIT $10"

LIST = f"{WANTED} {NEWEST_FIRST}"

# A decision that was made just before a change may carry a later time than it, if it was slow; one
# that was asked as of an earlier time is about what was known then.
IN_REACH = f"""
    {WANTED} AND rules_version < $11 AND (decided <= $12 OR NOT backdated)
      AND ends >= coalesce($13::timestamptz, '-infinity')
      AND starts <= coalesce($14::timestamptz, 'infinity')
      AND north >= $15 AND east >= $16 AND south <= $17 AND west <= $18
    {NEWEST_FIRST}"""

MATES = """
    WITH own AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
            AS asked (decision_id, batch_id, vehicle_id)
    )
    SELECT own.decision_id, mate.decision, mate.batch_rank FROM own
    JOIN decisions AS mate ON mate.batch_id = own.batch_id AND mate.vehicle_id = own.vehicle_id
    WHERE mate.batch_id <> ''
    UNION ALL
    SELECT own.decision_id, mate.decision, mate.batch_rank FROM own
    JOIN decisions AS mate ON mate.decision_id = own.decision_id
    WHERE own.batch_id = ''
    ORDER BY decision_id, batch_rank"""


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
        self,
        wanted: DecisionFilter,
        before: tuple[datetime, str] | None,
        limit: int,
        reach: Reach | None = None,
    ) -> Sequence[Decision]:
        asked = (
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
        statement, within = (LIST, ()) if reach is None else (IN_REACH, _within(reach))
        rows = await self._tx.fetch(statement, *asked, *within)
        return [unpack(row["decision"], Decision) for row in rows]

    async def mates(self, decisions: Sequence[Decision]) -> Mapping[str, Sequence[Decision]]:
        rows = await self._tx.fetch(
            MATES,
            [decision.decision_id for decision in decisions],
            [decision.batch_id for decision in decisions],
            [decision.route.vehicle.vehicle_id for decision in decisions],
        )
        mates: dict[str, list[Decision]] = defaultdict(list)
        for row in rows:
            mates[row["decision_id"]].append(unpack(row["decision"], Decision))
        return mates


def _row(decision: Decision) -> tuple[Any, ...]:
    presences = decision.route.presences
    return (
        decision.decision_id,
        decision.route_plan_id,
        decision.route.route_id,
        decision.route.vehicle.vehicle_id,
        decision.verdict.name,
        sorted({finding.zone_id for finding in decision.findings if finding.zone_id}),
        decision.decided,
        pack(decision),
        min(presence.entry for presence in presences),
        max(presence.exit for presence in presences),
        *_corners(decision.route.box),
        decision.batch_id,
        decision.batch_rank,
    )


def _within(reach: Reach) -> tuple[Any, ...]:
    return (
        reach.rules_version,
        reach.record_time,
        reach.start,
        reach.end,
        *_corners(reach.box),
    )


def _corners(box: Box) -> tuple[int, int, int, int]:
    return box.south_e7, box.west_e7, box.north_e7, box.east_e7
