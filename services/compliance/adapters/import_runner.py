"""
The runner of imports: one at a time in this process, read in a thread, for ever.

A drain gives the work back; a killed process loses its lease; either way somebody begins anew, and
nothing was written before the last transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from meshkit.clock import Clock
from meshkit.errors import MeshError
from services.compliance.domain.zone_import import Harvest, ZoneImport
from services.compliance.ports import ImportClaim, ImportQueue

IDLE_SECONDS = 2.0  # between two looks for leases that ran out: nobody rings for those
RENEW_SECONDS = 4.0  # a quarter of the lease: three signs of life may be lost
BEGUN_MAX = 20  # times: then it is the file that ends the processes
AWAY_SECONDS = 1.0  # between two tries while the store is away
BROKEN = "the import broke here; its operator finds why in the log under this import's id"

ReadFile = Callable[[ZoneImport, bytes], Harvest]

log = structlog.get_logger()


class ImportRunner:
    """Works on imports. `run` is one of `serve`'s loops."""

    def __init__(self, queue: ImportQueue, read: ReadFile, clock: Clock) -> None:
        self._queue, self._read, self._clock = queue, read, clock

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            try:
                if not await self.work_once():
                    await self._queue.wait(IDLE_SECONDS)
            except MeshError as error:
                log.warning("import_runner_waits", reason=error.reason)
                await asyncio.sleep(AWAY_SECONDS)

    async def work_once(self) -> bool:
        """Works on one import, if one waits."""
        claim = await self._queue.claim()
        if claim is None:
            return False
        named = {"import_id": claim.own.import_id, "tenant": claim.tenant}
        log.info("import_claimed", format=claim.own.format.value, epoch=claim.epoch, **named)
        try:
            harvest = _lost() if claim.epoch > BEGUN_MAX else await self._harvest(claim)
            if harvest is not None:
                await self._queue.finish(claim, harvest, self._clock.now())
        except asyncio.CancelledError:
            with suppress(MeshError):  # else its lease runs out
                await asyncio.shield(self._queue.release(claim))
            raise
        return True

    async def _harvest(self, claim: ImportClaim) -> Harvest | None:
        """What the file yields, with signs of life meanwhile; None when it is no longer ours."""
        reading = asyncio.create_task(asyncio.to_thread(self._read, claim.own, claim.content))
        is_ours = True
        while not reading.done():
            await asyncio.wait((reading,), timeout=RENEW_SECONDS)
            is_ours = reading.done() or (is_ours and await self._queue.renew(claim))
        try:
            harvest = reading.result()
        except Exception:  # a fault of ours ends this import, not the runner
            log.exception("import_broke", import_id=claim.own.import_id, tenant=claim.tenant)
            harvest = _lost()
        return harvest if is_ours else None


def _lost() -> Harvest:
    harvest = Harvest()
    harvest.fault("", BROKEN)
    return harvest
