"""
The runner of imports: one at a time, for ever.

The reading of one that was cancelled, or that somebody else works on, is ended. A drain gives the
work back; a killed process loses its lease; either way somebody begins anew, and nothing was
written before the last transaction.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog

from meshkit.clock import Clock
from meshkit.errors import MeshError
from services.compliance.domain.zone_import import Harvest
from services.compliance.ports import FileReader, ImportClaim, ImportQueue

IDLE_SECONDS = 2.0  # between two looks for leases that ran out: nobody rings for those
RENEW_SECONDS = 4.0  # a quarter of the lease: three may be lost; a cancel ends the reading by then
BEGUN_MAX = 20  # times: then it is the file that ends the processes
AWAY_SECONDS = 1.0  # between two tries while the store is away
BROKEN = "the import broke here; its operator finds why in the log under this import's id"

log = structlog.get_logger()


class ImportRunner:
    """Works on imports. `run` is one of `serve`'s loops."""

    def __init__(
        self,
        queue: ImportQueue,
        reader: FileReader,
        clock: Clock,
        renew_seconds: float = RENEW_SECONDS,
    ) -> None:
        self._queue, self._reader, self._clock = queue, reader, clock
        self._renew_seconds = renew_seconds

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
        reading = asyncio.create_task(self._reader.read(claim.own, claim.content))
        try:
            while not reading.done():
                await asyncio.wait((reading,), timeout=self._renew_seconds)
                if not reading.done() and not await self._queue.renew(claim):
                    return None
        finally:
            reading.cancel()
            await asyncio.wait((reading,))
        try:
            return reading.result()
        except Exception:  # a fault of ours ends this import, not the runner
            log.exception("import_broke", import_id=claim.own.import_id, tenant=claim.tenant)
            return _lost()


def _lost() -> Harvest:
    harvest = Harvest()
    harvest.fault("", BROKEN)
    return harvest
