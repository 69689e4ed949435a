"""
The beat: which routes are due, and one tick for each, shared among all processes of the service.

A process claims due routes by moving their `ticked_at`, so two processes never take the same ones;
one that dies after the claim leaves them to the next beat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog

from meshkit.errors import MeshError
from meshkit.postgres import Database, Transaction
from services.tracking.domain.fact import Fact
from services.tracking.domain.retiming import Wish

CLAIM = """
    UPDATE routes r SET ticked_at = clock_timestamp()
    FROM (
        SELECT tenant, route_id FROM routes
        WHERE state IN ('PUBLISHED', 'ACTIVE')
          AND ticked_at < clock_timestamp() - make_interval(secs => $1)
        ORDER BY ticked_at LIMIT $2 FOR UPDATE SKIP LOCKED
    ) due
    WHERE r.tenant = due.tenant AND r.route_id = due.route_id
    RETURNING r.tenant, r.route_id"""

OVERDUE_TENANTS = """
    SELECT DISTINCT tenant FROM facts
    WHERE status = 'PENDING' AND stored_at < clock_timestamp() - make_interval(secs => $1)
    UNION SELECT tenant FROM proofs_owed
    WHERE since < clock_timestamp() - make_interval(secs => $1)"""

TickRoute = Callable[[Transaction, str], Awaitable[Wish | None]]
Ask = Callable[[str, Wish], None]  # of a tenant
Overdue = Callable[[Transaction], Awaitable[Sequence[Fact]]]
JudgeFact = Callable[[Transaction, Fact], Awaitable[None]]
Claim = Callable[[Transaction], Awaitable[int]]

log = structlog.get_logger()


class Ticker:
    """Ticks until cancelled. What fails for one route is logged, and tried again by the next."""

    def __init__(
        self,
        db: Database,
        tick: TickRoute,
        *,
        seconds: float,
        routes_max: int,
        ask: Ask | None = None,
    ) -> None:
        self._db = db
        self._tick = tick
        self._seconds = seconds
        self._routes_max = routes_max
        self._ask = ask

    async def run(self) -> None:
        """One of the process's loops."""
        while True:
            try:
                await self.beat()
            except MeshError as error:
                log.warning("tick_skipped", reason=error.reason)
            await asyncio.sleep(self._seconds / 2)

    async def beat(self) -> int:
        """Ticks every route that is due, and tells how many."""
        async with self._db.worker() as tx:
            due = await tx.fetch(CLAIM, self._seconds, self._routes_max)
        for row in due:
            await self._tick_one(row["tenant"], row["route_id"])
        return len(due)

    async def _tick_one(self, tenant: str, route_id: str) -> None:
        try:
            async with self._db.transaction(tenant) as tx:
                wish = await self._tick(tx, route_id)
            if wish is not None and self._ask is not None:
                self._ask(tenant, wish)
        except MeshError as error:
            log.warning("route_tick_failed", route_id=route_id, reason=error.reason)
        except Exception:  # a bug in one route must not stop the others
            log.exception("route_tick_failed", route_id=route_id)


class Judge:
    """
    Ends the waiting of facts whose task or route never came, and for proofs that did not. Each fact
    is judged in a transaction of its own: one that fails stops neither the others nor the process.
    """

    def __init__(
        self,
        db: Database,
        overdue: Overdue,
        judge: JudgeFact,
        claim: Claim,
        *,
        grace_seconds: float,
    ) -> None:
        self._db = db
        self._overdue = overdue
        self._judge = judge
        self._claim = claim
        self._grace = grace_seconds

    async def run(self) -> None:
        """One of the process's loops."""
        while True:
            try:
                await self.beat()
            except MeshError as error:
                log.warning("judging_skipped", reason=error.reason)
            await asyncio.sleep(self._grace / 10)

    async def beat(self) -> int:
        """Judges what is overdue, and tells how many."""
        async with self._db.worker() as tx:
            tenants = [row["tenant"] for row in await tx.fetch(OVERDUE_TENANTS, self._grace)]
        judged = 0
        for tenant in tenants:
            with _going_on(tenant):
                async with self._db.transaction(tenant) as tx:
                    judged += await self._claim(tx)
            with _going_on(tenant):
                judged += await self._facts(tenant)
        return judged

    async def _facts(self, tenant: str) -> int:
        async with self._db.transaction(tenant) as tx:
            overdue = await self._overdue(tx)
        for fact in overdue:
            with _going_on(tenant, fact.event_id):
                async with self._db.transaction(tenant) as tx:
                    await self._judge(tx, fact)
        return len(overdue)


@contextmanager
def _going_on(tenant: str, event_id: str = "") -> Iterator[None]:
    """What fails is logged, and tried again by the next beat."""
    try:
        yield
    except MeshError as error:
        log.warning("judging_failed", tenant=tenant, event_id=event_id, reason=error.reason)
    except Exception:  # a bug about one fact must not stop the others
        log.exception("judging_failed", tenant=tenant, event_id=event_id)
