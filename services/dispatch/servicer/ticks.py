"""
What dispatch does by itself, at its own pace: offers run out, silences are told, old answers go.

One replica at a time, by a lease. Each step has a bound: a backlog is worked off tick by tick.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog

from meshkit import feed, idempotency
from meshkit.errors import MeshError
from meshkit.lease import Lease, leased
from services.dispatch.servicer.tools import Tools
from services.dispatch.usecases import silence, tenders

ROWS_MAX = 200  # taken up in one tick
HOUSEKEEPING_SECONDS = 600.0  # real time: it guards the disk, not promises
FEED_KEPT = timedelta(days=7)

RUN_OUT = """
    SELECT tenant, tender_id FROM tenders WHERE state = 'OFFERED' AND expire_time <= $1
    ORDER BY expire_time LIMIT $2"""
SILENT = """
    SELECT r.tenant, r.route_id, r.revision FROM routes r
    WHERE r.state IN ('PUBLISHED', 'ACTIVE') AND r.acknowledged_revision < r.revision
      AND r.driver_id <> '' AND (r.body ->> 'revise_time')::timestamptz <= $1
      AND EXISTS (SELECT 1 FROM shifts s WHERE s.tenant = r.tenant AND s.shift_id = r.shift_id
                  AND s.state IN ('STARTED', 'ON_BREAK'))
      AND NOT EXISTS (SELECT 1 FROM silences q WHERE q.tenant = r.tenant
                      AND q.route_id = r.route_id AND q.revision = r.revision)
    ORDER BY r.route_id LIMIT $2"""
NOTE_SILENCE = """
    INSERT INTO silences (tenant, route_id, revision) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"""

log = structlog.get_logger()


class Ticks:
    """The loops of `serve`."""

    def __init__(self, tools: Tools, *, seconds: float, acknowledge_within: timedelta) -> None:
        self._tools = tools
        self._seconds = seconds
        self._acknowledge_within = acknowledge_within

    async def run(self) -> None:
        """Offers and silences, every tick."""
        await self._forever("dispatch.ticks", self._seconds, self.tick)

    async def housekeep(self) -> None:
        """Forgets answers and changes that are older than what was promised."""
        await self._forever("dispatch.housekeeping", HOUSEKEEPING_SECONDS, self._forget)

    async def tick(self) -> None:
        """One round."""
        await self.expire_tenders()
        await self.tell_silences()

    async def expire_tenders(self) -> None:
        """Closes offers that ran out; a sequential tender goes to the next carrier."""
        for row in await self._due(RUN_OUT, self._tools.now()):
            async with self._tools.db.transaction(row["tenant"]) as tx:
                stores = self._tools.stores(tx)
                await tenders.expire(stores, row["tender_id"], self._tools.now())

    async def tell_silences(self) -> None:
        """Tells of each revision that its driver, on a started shift, did not acknowledge."""
        for row in await self._due(SILENT, self._tools.now() - self._acknowledge_within):
            async with self._tools.db.transaction(row["tenant"]) as tx:
                named = (row["tenant"], row["route_id"], row["revision"])
                if await tx.execute(NOTE_SILENCE, *named):
                    stores = self._tools.stores(tx)
                    await silence.tell(stores, *named[1:], self._tools.now())

    async def _due(self, sql: str, until: Any) -> list[Any]:
        async with self._tools.db.worker() as tx:
            return await tx.fetch(sql, until, ROWS_MAX)

    async def _forget(self) -> None:
        await idempotency.prune(self._tools.db)
        async with self._tools.db.worker() as tx:
            await feed.compact(tx, FEED_KEPT)

    async def _forever(
        self, name: str, seconds: float, step: Callable[[], Awaitable[None]]
    ) -> None:
        """Steps while the lease holds; what fails for now is tried again with the next tick."""
        while True:
            try:
                async with leased(self._tools.db, name) as lease:
                    await _steps(lease, seconds, step)
            except MeshError as error:
                log.warning("tick_interrupted", tick=name, reason=error.reason)
            await asyncio.sleep(seconds)  # the pace; a lost lease is asked for again


async def _steps(lease: Lease, seconds: float, step: Callable[[], Awaitable[None]]) -> None:
    while True:
        lease.check()
        try:
            await step()
        except MeshError as error:
            log.warning("tick_failed", reason=error.reason)
        await asyncio.sleep(seconds)  # the pace of the tick
