"""
How fast the store is on this machine: run it by hand, read what it prints.

    .venv/bin/python -m pytest meshkit/tests/test_store_bench.py -m bench -s

Method: an embedded server with fsync on; eight writers for a few seconds per line; each transaction
inserts one row, as a use-case would, with or without a change appended to the feed.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pytest

from meshkit.idempotency import Call, commit_once
from meshkit.pgtest import PostgresForTests
from meshkit.postgres import Database, Limits
from meshkit.tests.conftest import MIGRATIONS
from meshkit.tests.journal import ADD, pb, write, write_request, written
from meshkit.tests.test_idempotency import ANA
from meshkit.watch import watch

pytestmark = [pytest.mark.pg, pytest.mark.bench]

WRITERS = 8
SECONDS = 3.0

Work = Callable[[Database, int], Awaitable[None]]


async def add(db: Database, number: int) -> None:
    """One row, no change."""
    async with db.transaction("acme") as tx:
        await tx.execute(ADD, f"e{number}", "")


async def add_and_tell(db: Database, number: int) -> None:
    """One row and one change, all on one shard: the worst case."""
    async with db.transaction("acme") as tx:
        await write(tx, f"e{number}")


async def add_and_tell_apart(db: Database, number: int) -> None:
    """The same, over eight tenants on four shards."""
    async with db.transaction(f"t{number % 8}") as tx:
        await write(tx, f"e{number}")


async def add_once(db: Database, number: int) -> None:
    """One row and one change under a request id."""
    request = write_request(f"e{number}")

    async def effect(tx: object) -> object:
        await write(tx, request.entry_id)  # type: ignore[arg-type]
        return pb.WriteResponse()

    await commit_once(db, Call.of(ANA, request), pb.WriteResponse, effect)


async def tell_a_hundred(db: Database, number: int) -> None:
    """A hundred changes in one transaction."""
    async with db.transaction("acme") as tx:
        tx.append(*(written(f"e{number}") for _ in range(100)))


@pytest.mark.parametrize(
    ("work", "changes"),
    [(add, 0), (add_and_tell, 1), (add_and_tell_apart, 1), (add_once, 1), (tell_a_hundred, 100)],
)
async def test_transactions_per_second(
    postgres: PostgresForTests, work: Work, changes: int
) -> None:
    async with postgres.fresh("journal", MIGRATIONS, limits=Limits(app_connections=8)) as db:
        numbers = itertools.count()
        until = time.monotonic() + SECONDS

        async def writer() -> None:
            while time.monotonic() < until:
                await work(db, next(numbers))

        await asyncio.gather(*(writer() for _ in range(WRITERS)))
        rate = next(numbers) / SECONDS
        print(f"\n{work.__name__}: {rate:.0f} transactions/s, {rate * changes:.0f} changes/s")


async def test_from_the_commit_to_a_watcher_and_through_a_backlog(db: Database) -> None:
    for number in range(200):
        await tell_a_hundred(db, number)
    begun, count = time.monotonic(), 0
    async with aclosing(watch(db)) as batches:
        async for batch in batches:
            count += len(batch.changes)
            if count >= 20_000:
                break
        backlog = count / (time.monotonic() - begun)
        delays = []
        for number in range(300):
            await add_and_tell(db, number)
            committed = time.monotonic()
            await anext(batches)
            delays.append(time.monotonic() - committed)
    p50, p99 = (sorted(delays)[int(len(delays) * part)] * 1000 for part in (0.5, 0.99))
    print(f"\nbacklog: {backlog:.0f} changes/s; commit to watcher: p50 {p50:.1f} p99 {p99:.1f} ms")
