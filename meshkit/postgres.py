"""
PostgreSQL for a service: bounded pools, transactions that know their tenant, errors with a meaning.

A service connects as two roles and never as a superuser. `transaction(tenant)` runs as X_app, whom
row-level security shows one tenant only. `worker()` runs as X_worker, who sees every tenant, for
ticks, ingest, the feed and retention: there, each statement names its tenant.

The store's failures leave a block as errors of `meshkit.errors`: a lost connection or a restarting
server is Unavailable, a full pool or a slow statement Exhausted, a lost race Conflict. Inside the
block a statement raises asyncpg's own error, so that an adapter can tell constraints apart. When
the connection dies during the commit, nobody knows whether it happened: the caller sees Unavailable
and repeats the request with its request id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from meshkit import cursor, feed
from meshkit.clock import Clock, SystemClock
from meshkit.errors import NotReady
from meshkit.feed import Draft
from meshkit.pools import Limits, Pool, connect
from meshkit.pulse import Pulse
from meshkit.traces import current_traceparent

__all__ = ["Database", "Limits", "Snapshot", "Transaction"]

Connect = Callable[[], Awaitable[Any]]

SET_TENANT = "SELECT set_config('doorstep.tenant', $1, true)"  # true: for this transaction only
IS_MIGRATED = "SELECT to_regclass('feed_head') IS NOT NULL"


class Snapshot:
    """Reads of one moment. `cursor` is the feed's place at that moment: watch from there on."""

    def __init__(self, connection: Any, tenant: str | None, at: str = "") -> None:
        self._connection = connection
        self.tenant = tenant
        self.cursor = at

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """All rows of a query."""
        rows: list[Any] = await self._connection.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> Any | None:
        """The first row of a query, or None."""
        return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first value of the first row, or None."""
        return await self._connection.fetchval(sql, *args)


class Transaction(Snapshot):
    """A transaction under way: when its block ends without an error all of it happens."""

    def __init__(self, connection: Any, tenant: str | None) -> None:
        super().__init__(connection, tenant)
        self.drafts: list[Draft] = []

    async def execute(self, sql: str, *args: Any) -> int:
        """Runs a statement and tells how many rows it touched (0 for a kind that touches none)."""
        last_word = str(await self._connection.execute(sql, *args)).rpartition(" ")[2]
        return int(last_word) if last_word.isdigit() else 0

    async def executemany(self, sql: str, rows: Any) -> None:
        """Runs a statement once per row; one statement over `unnest` is several times as fast."""
        await self._connection.executemany(sql, rows)

    def append(self, *drafts: Draft) -> None:
        """Puts changes into the service's feed, when and only when this transaction commits."""
        self.drafts.extend(self._owned(draft) for draft in drafts)

    def _owned(self, draft: Draft) -> Draft:
        tenant = draft.tenant or self.tenant
        if not tenant or (self.tenant and tenant != self.tenant):
            raise ValueError(f"{draft.type}: a change of {draft.tenant!r} inside {self.tenant!r}")
        return replace(draft, tenant=tenant, traceparent=current_traceparent())


class Database:
    """A service's schema. Open it once per process; everything may be used concurrently."""

    def __init__(
        self, schema: str, app: Pool, worker: Pool, connect: Connect, shards: int, clock: Clock
    ) -> None:
        self.schema = schema
        self.connect = connect  # one connection as the worker, outside of the pools
        self.pulse = Pulse(schema, connect)
        self.clock = clock
        self._app = app
        self._worker = worker
        self._shards = shards
        self.watchers = 0  # open watches of this process; `meshkit.watch` counts them

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        schema: str,
        *,
        app_url: str,
        worker_url: str,
        shards: int = feed.SHARDS_DEFAULT,
        clock: Clock | None = None,
        limits: Limits | None = None,
    ) -> AsyncIterator[Database]:
        """
        Connects as both roles, for as long as the block runs; `shards` are those of the event feed.

        Raises Unavailable when no server answers, NotReady when the schema was never migrated.
        """
        limits = limits or Limits()
        async with AsyncExitStack() as stack:
            app, worker = [
                await stack.enter_async_context(Pool.open(url, schema, size, limits))
                for url, size in (
                    (app_url, limits.app_connections),
                    (worker_url, limits.worker_connections),
                )
            ]
            direct = partial(connect, worker_url, schema, limits)
            database = cls(schema, app, worker, direct, shards, clock or SystemClock())
            await database._prepare()
            await stack.enter_async_context(_running(database.pulse))
            yield database

    @asynccontextmanager
    async def transaction(self, tenant: str) -> AsyncIterator[Transaction]:
        """A transaction that sees and writes one tenant's rows. Await no rpc inside."""
        if not tenant:
            raise ValueError("a transaction needs a tenant")
        async with self._begun(self._app, tenant) as tx:
            yield tx

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Transaction]:
        """A transaction that sees every tenant: each of its statements must name the tenant."""
        async with self._begun(self._worker, None) as tx:
            yield tx

    @asynccontextmanager
    async def snapshot(self, tenant: str | None) -> AsyncIterator[Snapshot]:
        """
        Reads of one moment, and the feed's cursor at that moment. None reads as the worker.

        What a reader lists here, and what `watch` tells after `cursor`, is everything, once.
        """
        pool = self._app if tenant else self._worker
        mode = {"isolation": "repeatable_read", "readonly": True}
        async with pool.transaction(mode) as connection:
            if tenant:
                await connection.execute(SET_TENANT, tenant)
            at = cursor.pack(self.schema, await feed.heads(connection))
            yield Snapshot(connection, tenant, at)

    async def ping(self) -> None:
        """Asks the store for a sign of life: what `serve(ready=...)` wants."""
        async with self.worker() as tx:
            await tx.fetchval("SELECT 1")

    @asynccontextmanager
    async def _begun(self, pool: Pool, tenant: str | None) -> AsyncIterator[Transaction]:
        async with pool.transaction({}) as connection:
            if tenant:
                await connection.execute(SET_TENANT, tenant)
            tx = Transaction(connection, tenant)
            yield tx
            heads = await self._append(tx)
        if heads:
            self.pulse.saw(feed.EVENTS, heads)

    async def _append(self, tx: Transaction) -> dict[int, int]:
        if not tx.drafts:
            return {}
        return await feed.append(tx, tx.drafts, self._shards, self.clock.now())

    async def _prepare(self) -> None:
        async with self._app.transaction({}):
            pass  # both roles must get in, or the process need not start
        async with self.worker() as tx:
            if not await tx.fetchval(IS_MIGRATED):
                raise NotReady(
                    "SCHEMA_NOT_MIGRATED", f"schema {self.schema!r} is empty: run meshkit.migrate"
                )
            await feed.open_shards(tx, feed.EVENTS, self._shards)


@asynccontextmanager
async def _running(pulse: Pulse) -> AsyncIterator[None]:
    task = asyncio.create_task(pulse.run())
    task.add_done_callback(pulse.ended)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
