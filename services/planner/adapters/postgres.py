"""The record of solves and the feed in PostgreSQL. Implements `ports.Records`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from meshkit.feed import Draft
from meshkit.postgres import Database
from services.planner.adapters.codec import pack, unpack
from services.planner.domain.optimization import Trail
from services.planner.ports import PlanComputed

INSERT_SOLVE = """
    INSERT INTO solves (
        tenant, optimization_id, create_time, problem_digest, seed, engine_version, rules_version,
        access_rules_version, map_id, solution_count, solve_end, solve_milliseconds, cost_micros,
        task_count, unassigned_count, route_count, access_checked
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"""


INSERT_REQUEST = """
    INSERT INTO requests (tenant, optimization_id, request, trail) VALUES ($1, $2, $3, $4)"""

FIND_TRAIL = """
    SELECT q.request, CASE WHEN o.state IN ('QUEUED', 'RUNNING') THEN NULL ELSE q.trail END AS trail
    FROM requests q
    LEFT JOIN optimizations o ON o.tenant = q.tenant AND o.optimization_id = q.optimization_id
    WHERE q.tenant = $1 AND q.optimization_id = $2"""


class PostgresRecords:
    """Keeps a record and tells of it in one transaction."""

    def __init__(self, db: Database, encode: Callable[[PlanComputed], Draft]) -> None:
        """`encode` comes from convert, by way of __main__."""
        self._db = db
        self._encode = encode

    async def add(self, tenant: str, computed: PlanComputed, request: bytes, trail: Trail) -> None:
        """Keeps a record, its request and trail, and tells of it: all or nothing."""
        record, kept = computed.record, await asyncio.to_thread(pack, trail)
        async with self._db.transaction(tenant) as tx:
            await tx.execute(
                INSERT_SOLVE,
                tenant,
                computed.optimization_id,
                computed.at,
                record.problem_digest,
                record.seed,
                record.engine_version,
                record.rules_version,
                record.access_rules_version,
                record.map_id,
                record.solution_count,
                record.end.value,
                record.solve_milliseconds,
                computed.cost_micros,
                computed.task_count,
                computed.unassigned_count,
                computed.route_count,
                computed.access_checked,
            )
            await tx.execute(INSERT_REQUEST, tenant, computed.optimization_id, request, kept)
            tx.append(self._encode(computed))

    async def trail(self, tenant: str, optimization_id: str) -> tuple[bytes, Trail | None] | None:
        """A kept request, and its trail when its solve is over."""
        async with self._db.transaction(tenant) as tx:
            row = await tx.fetchrow(FIND_TRAIL, tenant, optimization_id)
        if row is None:
            return None
        trail = row["trail"]
        return row["request"], None if trail is None else unpack(trail, Trail)
