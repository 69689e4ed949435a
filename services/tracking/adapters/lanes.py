"""
Batches that wait for a commit: two lanes, each with so many places and no more.

Live batches go first. Of a commit's rows the buffers get what live ones leave, one batch at least
and a quarter at most: so a commit that empties buffers is over soon, and they still get on beside
any load.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from datetime import timedelta

from meshkit.errors import Exhausted
from services.tracking.domain.batch import Answer, Batch, Lane

Waiting = tuple[Batch, "asyncio.Future[Answer]"]

BACKFILL_SHARE = 4  # buffers get a quarter of a commit's rows
RETRY_AFTER = timedelta(seconds=1)


class Lanes:
    """What waits; the writer alone takes out."""

    def __init__(self, batches_max: int) -> None:
        self._waiting = {lane: deque[Waiting]() for lane in Lane}
        self._places = {lane: asyncio.Semaphore(batches_max) for lane in Lane}
        self._some = asyncio.Event()
        self._max = batches_max

    def free(self, lane: Lane) -> int:
        """Places that are left in a lane."""
        return self._max - len(self._waiting[lane])

    async def put(self, waiting: Waiting) -> None:
        """Puts a batch into its lane, as soon as there is a place."""
        lane = waiting[0].lane
        await self._places[lane].acquire()
        self._waiting[lane].append(waiting)
        self._some.set()

    async def offer(self, waiting: Waiting) -> None:
        """The same at once. Raises Exhausted `INGEST_BUSY` when there is no place."""
        if self._places[waiting[0].lane].locked():
            raise Exhausted(
                "INGEST_BUSY", "positions come faster than they are stored", retry_after=RETRY_AFTER
            )
        await self.put(waiting)

    async def gather(self, rows_max: int) -> list[Waiting]:
        """What the next commit stores: at least one batch, and no more rows than may be."""
        while not any(self._waiting.values()):
            self._some.clear()
            await self._some.wait()
        live = [*self._taken(Lane.LIVE, rows_max)]
        left = rows_max - sum(len(batch.columns) for batch, _ in live)
        return [*live, *self._taken(Lane.BACKFILL, min(left, rows_max // BACKFILL_SHARE))]

    def _taken(self, lane: Lane, rows_max: int) -> Iterator[Waiting]:
        """The first of a lane whose rows fit; a batch larger than that goes alone."""
        queue, rows = self._waiting[lane], 0
        while queue and (not rows or rows + len(queue[0][0].columns) <= rows_max):
            rows += len(queue[0][0].columns)
            self._places[lane].release()
            yield queue.popleft()
