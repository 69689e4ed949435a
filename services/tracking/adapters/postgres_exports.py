"""
Exports in PostgreSQL: a tenant's own as X_app, and the queue of all tenants as the worker.

Whoever finds a lease run out claims the export with the next epoch, and from then on nothing
arrives of what the first one does.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from meshkit.postgres import Database, Transaction
from services.tracking.adapters.codec import pack, unpack
from services.tracking.analytics_ports import Claim
from services.tracking.domain.redelivery import WorkState
from services.tracking.domain.report import ReportExport

LEASE = timedelta(seconds=10)  # real time; so long after its maker was lost, it is taken over
KEPT = timedelta(days=7)  # real time, after the end; ErrorReason WORK_UNKNOWN says so
FORGOTTEN_ROWS_MAX = 2_000  # in one transaction

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('report_exports.' || $1, 0))"

OPEN = "SELECT count(*) FROM report_exports WHERE state IN ('QUEUED', 'RUNNING')"

ADD = "INSERT INTO report_exports (export_id, state, body) VALUES ($1, $2, $3)"

GET = """
    SELECT state, progress, sha256, failure, end_time, body FROM report_exports
    WHERE export_id = $1"""

CANCEL = """
    UPDATE report_exports
    SET state = 'CANCELLED', end_time = $2, lease_until = NULL, over_at = clock_timestamp()
    WHERE export_id = $1 AND state IN ('QUEUED', 'RUNNING')"""

# Tenants with the least at work first, then who waits longest.
CLAIM = """
    WITH next AS (
        SELECT c.tenant, c.export_id FROM report_exports c
        WHERE c.state IN ('QUEUED', 'RUNNING')
          AND (c.lease_until IS NULL OR c.lease_until < clock_timestamp())
        ORDER BY (
            SELECT count(*) FROM report_exports r
            WHERE r.tenant = c.tenant AND r.state = 'RUNNING'
              AND r.lease_until >= clock_timestamp()
        ), c.queued_at
        LIMIT 1 FOR UPDATE OF c SKIP LOCKED
    )
    UPDATE report_exports e
    SET state = 'RUNNING', epoch = e.epoch + 1, lease_until = clock_timestamp() + $1::interval,
        lost_count = e.lost_count + (e.lease_until IS NOT NULL)::integer
    FROM next n WHERE e.tenant = n.tenant AND e.export_id = n.export_id
    RETURNING e.tenant, e.state, e.progress, e.sha256, e.failure, e.end_time, e.body, e.epoch,
              e.lost_count"""

RENEW = """
    UPDATE report_exports SET lease_until = clock_timestamp() + $4::interval, progress = $5
    WHERE tenant = $1 AND export_id = $2 AND epoch = $3 AND state = 'RUNNING'"""

END = """
    UPDATE report_exports
    SET state = $4, sha256 = $5, failure = $6, end_time = $7, lease_until = NULL,
        progress = CASE WHEN $5 = '' THEN progress ELSE 1000 END, over_at = clock_timestamp()
    WHERE tenant = $1 AND export_id = $2 AND epoch = $3 AND state = 'RUNNING'"""

RELEASE = """
    UPDATE report_exports SET lease_until = NULL, state = 'QUEUED'
    WHERE tenant = $1 AND export_id = $2 AND epoch = $3 AND state = 'RUNNING'"""

FORGET = """
    DELETE FROM report_exports WHERE (tenant, export_id) IN (
        SELECT tenant, export_id FROM report_exports
        WHERE over_at < clock_timestamp() - $1::interval ORDER BY over_at LIMIT $2)"""


class PostgresExports:
    """Implements `analytics_ports.Exports` in one transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    async def open_count(self) -> int:
        """How many are not over; until the end of the transaction nobody else starts one."""
        await self._tx.fetchval(LOCK, self._tx.tenant)
        return int(await self._tx.fetchval(OPEN))

    async def add(self, export: ReportExport) -> None:
        """Keeps a new one."""
        await self._tx.execute(ADD, export.export_id, export.state.value, pack(export))

    async def get(self, export_id: str) -> ReportExport | None:
        """One export."""
        row = await self._tx.fetchrow(GET, export_id)
        return None if row is None else _export(row)

    async def cancel(self, export_id: str, at: datetime) -> None:
        """Ends one that is not over."""
        await self._tx.execute(CANCEL, export_id, at)


class PostgresQueue:
    """Implements `analytics_ports.Queue`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim(self) -> Claim | None:
        """The next one that nobody makes."""
        async with self._db.worker() as tx:
            row = await tx.fetchrow(CLAIM, LEASE)
        if row is None:
            return None
        return Claim(row["tenant"], _export(row), row["epoch"], row["lost_count"])

    async def renew(self, claim: Claim, permille: int) -> bool:
        """Says that it is still being made, and how far it is."""
        async with self._db.worker() as tx:
            return bool(await tx.execute(RENEW, *_key(claim), LEASE, permille))

    async def finish(self, claim: Claim, sha256: str, at: datetime) -> bool:
        """Names its file."""
        return await self._end(claim, WorkState.DONE, sha256, "", at)

    async def fail(self, claim: Claim, why: str, at: datetime) -> bool:
        """Ends it without a file."""
        return await self._end(claim, WorkState.FAILED, "", why, at)

    async def release(self, claim: Claim) -> None:
        """Gives it back."""
        async with self._db.worker() as tx:
            await tx.execute(RELEASE, *_key(claim))

    async def forget(self) -> int:
        """Forgets some that were over long ago; tells how many."""
        async with self._db.worker() as tx:
            return await tx.execute(FORGET, KEPT, FORGOTTEN_ROWS_MAX)

    async def _end(
        self, claim: Claim, state: WorkState, sha256: str, failure: str, at: datetime
    ) -> bool:
        async with self._db.worker() as tx:
            ended = (state.value, sha256, failure, at)
            return bool(await tx.execute(END, *_key(claim), *ended))


def _key(claim: Claim) -> tuple[str, str, int]:
    return claim.tenant, claim.export.export_id, claim.epoch


def _export(row: Any) -> ReportExport:
    return replace(
        unpack(row["body"], ReportExport),
        state=WorkState(row["state"]),
        progress_permille=row["progress"],
        sha256=row["sha256"],
        failure=row["failure"],
        end_time=row["end_time"],
    )
