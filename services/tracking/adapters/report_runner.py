"""The runner: takes exports from the queue, one at a time, for ever."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime

import structlog

from meshkit.errors import MeshError
from meshkit.postgres import Database
from services.tracking.adapters.postgres_exports import PostgresQueue
from services.tracking.adapters.postgres_proofs import PostgresMedia
from services.tracking.analytics_ports import Claim
from services.tracking.proof_ports import Objects
from services.tracking.usecases.exports import Bench, make

IDLE_SECONDS = 1.0  # between two looks at the queue
FORGET_SECONDS = 3_600.0
PIECE_BYTES = 1 << 20

log = structlog.get_logger()


class ReportFiles:
    """Implements `analytics_ports.Files`: a report lies where the files of proofs lie."""

    def __init__(self, db: Database, objects: Objects | None) -> None:
        self._db = db
        self._objects = objects

    async def keep(
        self, tenant: str, sha256: str, content: bytes, content_type: str, at: datetime
    ) -> None:
        """Keeps a whole file by its hash; one that is there already stays."""
        if self._objects is not None:
            await self._objects.put(f"{tenant}/{sha256}", content)
        async with self._db.transaction(tenant) as tx:
            media, outside = PostgresMedia(tx), self._objects is not None
            known = await media.lock(sha256, len(content), content_type)
            if known.completed_at is not None:
                return
            for start in range(known.received_bytes, len(content), PIECE_BYTES):
                await media.add(sha256, start, content[start : start + PIECE_BYTES])
            await media.complete(sha256, at, outside=outside)


class ReportRunner:
    """Makes reports. `run` is one of `serve`'s loops."""

    def __init__(self, bench: Bench, queue: PostgresQueue) -> None:
        self._bench, self._queue = bench, queue
        self._forget_at = 0.0

    async def run(self) -> None:
        """Works until cancelled; what it is at then goes back into the queue."""
        while True:
            try:
                while await self.step():
                    pass
                await self._forget()
            except MeshError as error:
                log.warning("reports_wait", reason=error.reason)
            await asyncio.sleep(IDLE_SECONDS)

    async def step(self) -> bool:
        """One report; False when there is none to make."""
        claim = await self._queue.claim()
        if claim is not None:
            await self._make(claim)
        return claim is not None

    async def _make(self, claim: Claim) -> None:
        try:
            await make(self._bench, claim)
        except MeshError:
            raise
        except Exception:  # a fault of ours ends this export, not the runner
            named = {"export_id": claim.export.export_id, "tenant": claim.tenant}
            log.exception("report_export_broke", **named)
            why = "a fault of the service; its log says more"
            await self._queue.fail(claim, why, self._bench.clock.now())

    async def _forget(self) -> None:
        if time.monotonic() < self._forget_at:
            return
        while await self._queue.forget():
            pass
        self._forget_at = time.monotonic() + FORGET_SECONDS
