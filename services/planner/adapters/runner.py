"""The runner: takes optimizations from the queue, one per solver of its lane, for ever."""

from __future__ import annotations

import asyncio

import structlog

from meshkit.errors import MeshError
from services.planner.ports import Claim
from services.planner.usecases.work import Means, work

IDLE_SECONDS = 2.0  # between two looks for leases that ran out: nobody rings for those
AWAY_SECONDS = 1.0  # between two tries while the store is away

log = structlog.get_logger()


class Runner:
    """Works on optimizations. `run` is one of `serve`'s loops."""

    def __init__(self, means: Means, workers: int) -> None:
        self._means, self._workers = means, workers

    async def run(self) -> None:
        """Works until cancelled; what it is at then goes back into the queue."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._work())

    async def _work(self) -> None:
        while True:
            try:
                claim = await self._means.queue.claim()
                if claim is None:
                    await self._means.queue.wait(IDLE_SECONDS)
                else:
                    await self._work_on(claim)
            except MeshError as error:
                log.warning("runner_waits", reason=error.reason)
                await asyncio.sleep(AWAY_SECONDS)

    async def _work_on(self, claim: Claim) -> None:
        named = {"optimization_id": claim.optimization_id, "tenant": claim.tenant}
        log.info("optimization_claimed", epoch=claim.epoch, **named)
        try:
            await work(self._means, claim)
        except MeshError:
            raise
        except Exception:  # a fault of ours ends this optimization, not the runner
            log.exception("optimization_broke", **named)
            await self._means.queue.fail(claim, "INTERNAL", self._means.clock.now())
