"""
The slow beat: each tenant is looked at every minute, and its past run over when that is due.

A process claims tenants by moving their `looked_at`, so two processes do not take the same one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from meshkit.errors import MeshError
from meshkit.postgres import Database, Transaction
from services.tracking.adapters.heavy_process import WorkLost
from services.tracking.domain.learned import Version
from services.tracking.learning_ports import PastTexts, PlaceText

TENANTS_AT_ONCE = 20

NEW = """
    INSERT INTO learning (tenant, version, stamp, body)
    SELECT DISTINCT tenant, 0, 0, '{}'::jsonb FROM routes WHERE state IN ('PUBLISHED', 'ACTIVE')
    ON CONFLICT DO NOTHING"""

CLAIM = """
    UPDATE learning l SET looked_at = clock_timestamp()
    FROM (
        SELECT tenant FROM learning
        WHERE looked_at < clock_timestamp() - make_interval(secs => $1)
        ORDER BY looked_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) due
    WHERE l.tenant = due.tenant RETURNING l.tenant"""

log = structlog.get_logger()

Run = Callable[[PastTexts, datetime], Awaitable[tuple[Version, Sequence[PlaceText]]]]


class Study(Protocol):
    """What a look and a run are; the use-cases of learning, bound to a transaction."""

    async def look(self, tx: Transaction) -> PastTexts | None:
        """One look; what a run takes in when one is due."""

    async def keep(
        self, tx: Transaction, version: Version, places: Sequence[PlaceText], changes: int
    ) -> Version:
        """Keeps what a run has learned."""

    def now(self) -> datetime:
        """Business time."""


class Learner:
    """Looks until cancelled. What fails for one tenant is logged, and tried again by the next."""

    def __init__(self, db: Database, study: Study, run: Run, *, seconds: float) -> None:
        self._db, self._study, self._run, self._seconds = db, study, run, seconds

    async def run(self) -> None:
        """One of the process's loops."""
        while True:
            try:
                await self.beat()
            except MeshError as error:
                log.warning("look_skipped", reason=error.reason)
            await asyncio.sleep(self._seconds / 4)

    async def beat(self) -> int:
        """Looks at every tenant that is due, and tells how many."""
        async with self._db.worker() as tx:
            await tx.execute(NEW)
            due = [row["tenant"] for row in await tx.fetch(CLAIM, self._seconds, TENANTS_AT_ONCE)]
        for tenant in due:
            await self._look_at(tenant)
        return len(due)

    async def _look_at(self, tenant: str) -> None:
        try:
            async with self._db.transaction(tenant) as tx:
                material = await self._study.look(tx)
            if material is not None:
                await self._learn(tenant, material)
        except (MeshError, WorkLost) as error:
            log.warning("look_failed", tenant=tenant, told=str(error))
        except Exception:  # a bug with one tenant's past must not stop the others
            log.exception("look_failed", tenant=tenant)

    async def _learn(self, tenant: str, material: PastTexts) -> None:
        version, places = await self._run(material, self._study.now())
        async with self._db.transaction(tenant) as tx:
            kept = await self._study.keep(tx, version, places, material.changes)
        stops = version.visits
        log.info("version_learned", tenant=tenant, version=kept.version, stop_count=stops)
