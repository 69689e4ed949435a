"""The optimizations of one tenant in PostgreSQL. Implements `ports.Optimizations`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meshkit.postgres import Snapshot, Transaction
from services.planner.adapters.bell import ring
from services.planner.adapters.optimization_rows import (
    FIND,
    LIST,
    PARTS,
    Drafts,
    follow_batch,
    moved,
    optimization_of,
)
from services.planner.domain.optimization import Batch, Optimization, State
from services.planner.ports import Asked

LOCK_TENANT = "SELECT pg_advisory_xact_lock(hashtextextended('planner.optimizations.' || $1, 0))"

COUNT_UNFINISHED = """
    SELECT count(*) FROM optimizations WHERE tenant = $1 AND state IN ('QUEUED', 'RUNNING')"""

INSERT = """
    INSERT INTO optimizations (
        tenant, optimization_id, batch_id, part_id, part_rank, title, state, create_time, task_count
    ) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""

INSERT_REQUEST = "INSERT INTO requests (tenant, optimization_id, request) VALUES ($1, $2, $3)"

REVISION = "SELECT revision FROM optimizations WHERE tenant = $1 AND optimization_id = $2"

PLAN = "SELECT plan FROM best_plans WHERE tenant = $1 AND optimization_id = $2"

CANCEL = """
    UPDATE optimizations
    SET state = 'CANCELLED', end_time = $3, over_at = clock_timestamp(), revision = revision + 1,
        record = jsonb_set(record, '{end}', '"CANCELLED"')
    WHERE tenant = $1 AND optimization_id = $2 AND state IN ('QUEUED', 'RUNNING')
    RETURNING optimization_id"""

CANCEL_PARTS = """
    UPDATE optimizations
    SET state = 'CANCELLED', end_time = $3, over_at = clock_timestamp(), revision = revision + 1,
        record = jsonb_set(record, '{end}', '"CANCELLED"')
    WHERE tenant = $1 AND batch_id = $2 AND state IN ('QUEUED', 'RUNNING')
    RETURNING optimization_id"""

INSERT_BATCH = """
    INSERT INTO batches (tenant, batch_id, state, create_time) VALUES ($1, $2, $3, $4)"""

CANCEL_BATCH = "UPDATE batches SET is_cancelled = true WHERE tenant = $1 AND batch_id = $2"

FIND_BATCH = """
    SELECT batch_id, state, create_time, end_time FROM batches
    WHERE tenant = $1 AND batch_id = $2"""

PLANS_OF_PARTS = """
    SELECT o.optimization_id, p.plan, o.revision FROM optimizations o
    JOIN best_plans p ON p.tenant = o.tenant AND p.optimization_id = o.optimization_id
    WHERE o.tenant = $1 AND o.batch_id = $2 AND o.state IN ('DONE', 'CANCELLED')
      AND NOT o.optimization_id = ANY ($3::text[])
    ORDER BY o.part_rank"""

BATCH_REVISION = """
    SELECT sum(revision)::bigint FROM optimizations WHERE tenant = $1 AND batch_id = $2"""


class PostgresOptimizations:
    """Within one transaction of a tenant."""

    def __init__(self, tx: Transaction, drafts: Drafts) -> None:
        self._tx, self._tenant, self._drafts = tx, tx.tenant or "", drafts

    async def unfinished(self) -> int:
        """How many are not over; whoever else wants to add some waits until this one has."""
        await self._tx.execute(LOCK_TENANT, self._tenant)
        return int(await self._tx.fetchval(COUNT_UNFINISHED, self._tenant))

    async def add(self, asked: Asked) -> None:
        """Keeps one that waits for a worker."""
        await self._insert(asked)
        own = asked.optimization
        await moved(self._tx, self._drafts, self._tenant, own.optimization_id, own.create_time)

    async def find(self, optimization_id: str) -> Optimization | None:
        """One of this tenant's."""
        return await find(self._tx, self._tenant, optimization_id)

    async def cancel(self, optimization_id: str, at: datetime) -> Optimization | None:
        """Stops one that is not over."""
        row = await self._tx.fetchrow(CANCEL, self._tenant, optimization_id, at)
        if row is None:
            return None
        return await moved(self._tx, self._drafts, self._tenant, optimization_id, at)

    async def add_batch(self, batch: Batch, parts: Sequence[Asked]) -> None:
        """Keeps a batch and its parts, and tells of all."""
        await self._tx.execute(
            INSERT_BATCH, self._tenant, batch.batch_id, batch.state.value, batch.create_time
        )
        for part in parts:
            await self._insert(part)
            self._tx.append(self._drafts.optimization(part.optimization, batch.create_time))
        self._tx.append(self._drafts.batch(batch.batch_id, batch.state, batch.create_time))
        await ring(self._tx, batch.batch_id, queue=True)

    async def find_batch(self, batch_id: str) -> Batch | None:
        """A batch with its parts."""
        return await find_batch(self._tx, self._tenant, batch_id)

    async def cancel_batch(self, batch_id: str, at: datetime) -> Batch:
        """Stops all parts that are not over."""
        rows = await self._tx.fetch(CANCEL_PARTS, self._tenant, batch_id, at)
        stopped = {row["optimization_id"] for row in rows}
        await self._tx.execute(CANCEL_BATCH, self._tenant, batch_id)
        await follow_batch(self._tx, self._drafts, self._tenant, batch_id, at)
        batch = await self.find_batch(batch_id)
        if batch is None:
            raise LookupError(batch_id)
        told = (part for part in batch.parts if part.optimization_id in stopped)
        self._tx.append(*(self._drafts.optimization(part, at) for part in told))
        await ring(self._tx, batch_id)
        return batch

    async def _insert(self, asked: Asked) -> None:
        own = asked.optimization
        await self._tx.execute(
            INSERT,
            self._tenant,
            own.optimization_id,
            own.batch_id,
            own.part_id,
            own.part_rank,
            own.title,
            own.state.value,
            own.create_time,
            own.task_count,
        )
        await self._tx.execute(INSERT_REQUEST, self._tenant, own.optimization_id, asked.request)


async def find(tx: Snapshot, tenant: str, optimization_id: str) -> Optimization | None:
    """One of a tenant's."""
    row = await tx.fetchrow(FIND, tenant, optimization_id)
    return None if row is None else optimization_of(row)


async def revision_of(tx: Snapshot, tenant: str, optimization_id: str) -> int:
    """How often one has changed; 0 when there is none."""
    return int(await tx.fetchval(REVISION, tenant, optimization_id) or 0)


async def plan_of(tx: Snapshot, tenant: str, optimization_id: str) -> bytes | None:
    """The best plan so far, as it is kept."""
    plan: bytes | None = await tx.fetchval(PLAN, tenant, optimization_id)
    return plan


async def listed(
    tx: Snapshot,
    tenant: str,
    states: Sequence[State],
    after: tuple[object, ...] | None,
    limit: int,
) -> list[Optimization]:
    """A tenant's, the newest first; `after` is the time and the id of the last one given."""
    names = [state.value for state in states]
    at, last = after or (None, "")
    rows = await tx.fetch(LIST, tenant, names, at, last, limit)
    return [optimization_of(row) for row in rows]


async def find_batch(tx: Snapshot, tenant: str, batch_id: str) -> Batch | None:
    """A batch with its parts."""
    row = await tx.fetchrow(FIND_BATCH, tenant, batch_id)
    if row is None:
        return None
    parts = await tx.fetch(PARTS, tenant, batch_id)
    return Batch(
        row["batch_id"],
        State(row["state"]),
        row["create_time"],
        row["end_time"],
        tuple(map(optimization_of, parts)),
    )


async def batch_revision_of(tx: Snapshot, tenant: str, batch_id: str) -> int:
    """How often the parts of a batch have changed; 0 when there is none."""
    return int(await tx.fetchval(BATCH_REVISION, tenant, batch_id) or 0)


async def plans_of_parts(
    tx: Snapshot, tenant: str, batch_id: str, but: Sequence[str] = ()
) -> dict[str, bytes]:
    """The plans of the parts that are over, but some, by the ids of their optimizations."""
    rows = await tx.fetch(PLANS_OF_PARTS, tenant, batch_id, list(but))
    return {row["optimization_id"]: row["plan"] for row in rows}
