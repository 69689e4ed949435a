"""The runner: takes exports from the queue, one at a time, for ever."""

from __future__ import annotations

import asyncio
import time

import structlog

from meshkit.errors import MeshError
from services.compliance.adapters.postgres_exports import ExportBell, PostgresExportQueue
from services.compliance.report_ports import Claim
from services.compliance.usecases.exports import Desk, write

IDLE_SECONDS = 5.0  # between two looks for leases that ran out: nobody rings for those
AWAY_SECONDS = 1.0  # between two tries while the store is away
FORGET_SECONDS = 3_600.0

log = structlog.get_logger()


class ExportRunner:
    """Writes exports. `run` is one of `serve`'s loops."""

    def __init__(self, desk: Desk, queue: PostgresExportQueue, bell: ExportBell) -> None:
        self._desk, self._queue, self._bell = desk, queue, bell
        self._forget_at = 0.0

    async def run(self) -> None:
        """Works until cancelled; what it is at then goes back into the queue."""
        while True:
            try:
                await self._bell.open()
                await self._work()
            except MeshError as error:
                log.warning("export_runner_waits", reason=error.reason)
                await asyncio.sleep(AWAY_SECONDS)

    async def _work(self) -> None:
        while True:
            self._bell.note()
            claim = await self._queue.claim()
            if claim is None:
                await self._forget()
                await self._bell.wait(IDLE_SECONDS)
            else:
                await self._write(claim)

    async def _write(self, claim: Claim) -> None:
        named = {"export_id": claim.export.export_id, "tenant": claim.tenant}
        log.info("export_claimed", epoch=claim.epoch, **named)
        try:
            await write(self._desk, claim)
        except MeshError:
            raise
        except Exception:  # a fault of ours ends this export, not the runner
            log.exception("export_broke", **named)
            why = "a fault of the service; its log says more"
            await self._queue.fail(claim, why, self._desk.clock.now())

    async def _forget(self) -> None:
        if time.monotonic() < self._forget_at:
            return
        while await self._queue.forget():
            pass
        self._forget_at = time.monotonic() + FORGET_SECONDS
