"""
Exports in PostgreSQL: a tenant's own as X_app, and the queue of all tenants as the worker.

Whoever finds a lease run out claims the export with the next epoch, and from then on nothing
arrives that the first writer does. Who waits for an export hears of its change by a feed without
rows, whose numbers the pulse carries to every process; what gets lost is found by looking again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from meshkit import feed
from meshkit.cursor import Positions
from meshkit.postgres import Database, Transaction
from services.compliance.domain.ledger import Dimension
from services.compliance.domain.statement import Export, Format, Order, State
from services.compliance.report_ports import Claim

LEASE = timedelta(seconds=10)  # real time; so long after its writer was lost, it is taken over
KEPT = timedelta(days=30)  # real time, after the end
FORGOTTEN_ROWS_MAX = 200  # in one transaction: each holds a file
NUMBERS = "exports"

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('exports.' || $1, 0))"

RUNNING = "SELECT count(*) FROM emission_exports WHERE state = 'RUNNING'"

ADD = """
    INSERT INTO emission_exports (tenant, export_id, state, format, dimension, period_start,
                                  period_end, create_time)
    VALUES (doorstep_tenant(), $1, $2, $3, $4, $5, $6, $7)"""

GET = """
    SELECT export_id, state, format, dimension, period_start, period_end, create_time, end_time,
           failure, content
    FROM emission_exports WHERE export_id = $1"""

CANCEL = """
    UPDATE emission_exports
    SET state = 'CANCELLED', end_time = $2, lease_until = NULL, over_at = clock_timestamp()
    WHERE export_id = $1 AND state = 'RUNNING'"""

# Tenants with the least at work first, then who waits longest.
CLAIM = """
    WITH next AS (
        SELECT c.tenant, c.export_id FROM emission_exports c
        WHERE c.state = 'RUNNING'
          AND (c.lease_until IS NULL OR c.lease_until < clock_timestamp())
        ORDER BY (
            SELECT count(*) FROM emission_exports r
            WHERE r.tenant = c.tenant AND r.state = 'RUNNING'
              AND r.lease_until >= clock_timestamp()
        ), c.queued_at
        LIMIT 1 FOR UPDATE OF c SKIP LOCKED
    )
    UPDATE emission_exports e
    SET epoch = e.epoch + 1, lease_until = clock_timestamp() + $1::interval,
        lost_count = e.lost_count + (e.lease_until IS NOT NULL)::integer
    FROM next n WHERE e.tenant = n.tenant AND e.export_id = n.export_id
    RETURNING e.tenant, e.export_id, e.state, e.format, e.dimension, e.period_start, e.period_end,
              e.create_time, e.end_time, e.failure, e.content, e.epoch, e.lost_count"""

RENEW = """
    UPDATE emission_exports SET lease_until = clock_timestamp() + $4::interval
    WHERE tenant = $1 AND export_id = $2 AND epoch = $3 AND state = 'RUNNING'"""

END = """
    UPDATE emission_exports
    SET state = $4, content = $5, failure = $6, end_time = $7, lease_until = NULL,
        over_at = clock_timestamp()
    WHERE tenant = $1 AND export_id = $2 AND epoch = $3 AND state = 'RUNNING'"""

RELEASE = """
    UPDATE emission_exports SET lease_until = NULL
    WHERE tenant = $1 AND export_id = $2 AND epoch = $3 AND state = 'RUNNING'"""

FORGET = """
    DELETE FROM emission_exports WHERE (tenant, export_id) IN (
        SELECT tenant, export_id FROM emission_exports
        WHERE over_at < clock_timestamp() - $1::interval ORDER BY over_at LIMIT $2)"""


class PostgresExports:
    """Implements `ports.ExportStore` in one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def running_count(self) -> int:
        await self._tx.fetchval(LOCK, self._tx.tenant)
        return int(await self._tx.fetchval(RUNNING))

    async def add(self, export: Export) -> None:
        order = export.order
        period = order.start, order.end, export.create_time
        ordered = order.format.value, order.dimension.value
        await self._tx.execute(ADD, export.export_id, export.state.value, *ordered, *period)
        await ring(self._tx)

    async def get(self, export_id: str) -> Export | None:
        row = await self._tx.fetchrow(GET, export_id)
        return None if row is None else _export(row)

    async def cancel(self, export_id: str, at: datetime) -> None:
        await self._tx.execute(CANCEL, export_id, at)
        await ring(self._tx)


class PostgresExportQueue:
    """Implements `ports.ExportQueue`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim(self) -> Claim | None:
        async with self._db.worker() as tx:
            row = await tx.fetchrow(CLAIM, LEASE)
        if row is None:
            return None
        return Claim(row["tenant"], _export(row), row["epoch"], row["lost_count"])

    async def renew(self, claim: Claim) -> bool:
        async with self._db.worker() as tx:
            return bool(await tx.execute(RENEW, *_key(claim), LEASE))

    async def finish(self, claim: Claim, content: bytes, at: datetime) -> bool:
        return await self._end(claim, State.DONE, content, "", at)

    async def fail(self, claim: Claim, why: str, at: datetime) -> bool:
        return await self._end(claim, State.FAILED, None, why, at)

    async def release(self, claim: Claim) -> None:
        async with self._db.worker() as tx:
            await tx.execute(RELEASE, *_key(claim))

    async def forget(self) -> int:
        """Forgets files that are older than was promised, some at a time; tells how many."""
        async with self._db.worker() as tx:
            return await tx.execute(FORGET, KEPT, FORGOTTEN_ROWS_MAX)

    async def _end(
        self, claim: Claim, state: State, content: bytes | None, failure: str, at: datetime
    ) -> bool:
        async with self._db.worker() as tx:
            is_ours = await tx.execute(END, *_key(claim), state.value, content, failure, at)
            await ring(tx)
        told(self._db)
        return bool(is_ours)


class ExportBell:
    """Who waits for exports hears at once that one changed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._place: Positions = {}

    async def open(self) -> None:
        """Once, before anybody rings."""
        async with self._db.worker() as tx:
            await feed.open_shards(tx, NUMBERS, 1)

    def note(self) -> None:
        """Keeps the place; ask before you look at anything."""
        self._place = dict(self._db.pulse.heads(NUMBERS))

    async def wait(self, seconds: float) -> None:
        """Waits for a change after the place, or for so long."""
        await self._db.pulse.wait_beyond(NUMBERS, self._place, seconds)


async def ring(tx: Transaction) -> None:
    """Says within a transaction, as its last statement, that an export changed."""
    await feed.advance(tx, NUMBERS, {0: 1})


def told(db: Database) -> None:
    """After the commit of a transaction that rang: others need not find it by themselves."""
    db.pulse.saw(NUMBERS, {})


def _key(claim: Claim) -> tuple[str, str, int]:
    return claim.tenant, claim.export.export_id, claim.epoch


def _export(row: Any) -> Export:
    order = Order(
        row["period_start"],
        row["period_end"],
        Dimension(row["dimension"]),
        Format(row["format"]),
    )
    return Export(
        row["export_id"],
        order,
        row["create_time"],
        State(row["state"]),
        row["end_time"],
        row["failure"],
        row["content"] or b"",
    )
