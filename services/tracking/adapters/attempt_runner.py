"""
The runner of imports of past attempts: one at a time in this process, for ever.

Whoever works on one holds a lease by the database's clock and a number, the epoch. Whoever finds
the lease run out claims it with the next epoch, and what the first one writes then is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from meshkit.errors import MeshError
from meshkit.postgres import Database, Transaction
from services.tracking.adapters.codec import pack, unpack
from services.tracking.domain.attempt_import import AttemptImport, ImportState
from services.tracking.learning_ports import ReadFile

LOOK_SECONDS = 1.0
LEASE = timedelta(seconds=180)  # longer than the reading process may take
BEGUN_MAX = 5  # times: then it is the file that ends the processes

CLAIM = """
    UPDATE attempt_imports i
    SET epoch = i.epoch + 1, lease_until = clock_timestamp() + $1::interval, state = 'RUNNING'
    FROM (
        SELECT tenant, import_id FROM attempt_imports
        WHERE state IN ('QUEUED', 'RUNNING')
          AND (lease_until IS NULL OR lease_until < clock_timestamp())
        ORDER BY queued_at LIMIT 1 FOR UPDATE SKIP LOCKED
    ) next
    WHERE i.tenant = next.tenant AND i.import_id = next.import_id
    RETURNING i.tenant, i.epoch, i.body"""

BEGIN = "UPDATE attempt_imports SET body = $3 WHERE tenant = $1 AND import_id = $2"

CONTENT = "SELECT content FROM attempt_import_files WHERE tenant = $1 AND import_id = $2"

IS_OURS = """
    SELECT 1 FROM attempt_imports
    WHERE import_id = $1 AND epoch = $2 AND state = 'RUNNING' FOR UPDATE"""

Read = Callable[[AttemptImport, bytes], Awaitable[ReadFile]]
Finish = Callable[[Transaction, AttemptImport, ReadFile], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Claim:
    tenant: str
    own: AttemptImport
    epoch: int
    content: bytes


class AttemptRunner:
    """Works on imports until cancelled."""

    def __init__(self, db: Database, read: Read, finish: Finish) -> None:
        self._db, self._read, self._finish = db, read, finish

    async def run(self) -> None:
        """One of the process's loops."""
        while True:
            try:
                worked = await self.work_once()
            except MeshError as error:
                log.warning("attempt_runner_waits", reason=error.reason)
                worked = False
            except Exception:  # a bug about one file must not end the process: its lease runs out
                log.exception("attempt_runner_failed")
                worked = False
            if not worked:
                await asyncio.sleep(LOOK_SECONDS)

    async def work_once(self) -> bool:
        """Works on one import, if one waits."""
        claim = await self._claimed()
        if claim is None:
            return False
        own = claim.own
        log.info("attempt_import_claimed", import_id=own.import_id, format=own.format.value)
        found = await self._read(own, claim.content)
        async with self._db.transaction(claim.tenant) as tx:
            if await tx.fetchval(IS_OURS, own.import_id, claim.epoch) is not None:
                await self._finish(tx, own, found)
        return True

    async def _claimed(self) -> _Claim | None:
        async with self._db.worker() as tx:
            row = await tx.fetchrow(CLAIM, LEASE)
            if row is None:
                return None
            own = replace(unpack(row["body"], AttemptImport), state=ImportState.RUNNING)
            key = (row["tenant"], own.import_id)
            await tx.execute(BEGIN, *key, pack(own))
            content = await tx.fetchval(CONTENT, *key)
        empty = content is None or row["epoch"] > BEGUN_MAX
        return _Claim(row["tenant"], own, row["epoch"], b"" if empty else content)
