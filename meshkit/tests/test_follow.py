"""
Following a feed: each change has its effect once, whatever dies in between.

Method: one schema plays both sides; the effect of a change is a row of `taken`, whose key refuses a
second one. Failures are planted in the effect, in the stream and in the store.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from meshkit import follow as following
from meshkit import lease as leasing
from meshkit.caller import Role
from meshkit.client import raising
from meshkit.errors import Gone, NotFound, Unavailable
from meshkit.follow import Handle, follow, reset
from meshkit.pgtest import PostgresForTests, opened
from meshkit.postgres import Database, Transaction
from meshkit.testing import serving
from meshkit.tests.conftest import MIGRATIONS
from meshkit.tests.journal import JournalServicer, pb, pb_grpc, write_each, written
from meshkit.watch import serve_watch

pytestmark = pytest.mark.pg

CONSUMER = "here.journal"
TAKE = "INSERT INTO entries (tenant, entry_id, text) VALUES (doorstep_tenant(), $1, 'taken')"
TAKEN = "SELECT tenant, entry_id FROM entries WHERE text = 'taken' ORDER BY entry_id"
BURIED = "SELECT subject, error FROM feed_dead_letter ORDER BY subject"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same waits, a tenth as long."""
    monkeypatch.setattr(following, "TRY_SECONDS", 0.005)
    monkeypatch.setattr(following, "AWAY_SECONDS_MIN", 0.02)
    monkeypatch.setattr(following, "AWAY_SECONDS_MAX", 0.05)
    monkeypatch.setattr(leasing, "ASK_SECONDS", 0.1)


def told(db: Database, cursor: str) -> Any:
    """The feed as a peer would stream it."""
    request = pb.WatchEventsRequest(cursor=cursor)
    return serve_watch(db, request, pb.WatchEventsResponse, tenant=None)


async def take(tx: Transaction, change: Any) -> None:
    """The effect: it can happen once."""
    await tx.execute(TAKE, f"taken-{change.subject}")


async def offer(db: Database, *subjects: str, tenant: str = "acme") -> None:
    """Changes to follow, without entries of their own."""
    async with db.transaction(tenant) as tx:
        tx.append(*(written(subject) for subject in subjects))


async def taken(db: Database) -> list[str]:
    """What had its effect."""
    async with db.worker() as tx:
        return [row["entry_id"].removeprefix("taken-") for row in await tx.fetch(TAKEN)]


async def buried(db: Database) -> list[str]:
    """What could not have its effect."""
    async with db.worker() as tx:
        return [row["subject"] for row in await tx.fetch(BURIED)]


@asynccontextmanager
async def follower(
    db: Database, handle: Handle = take, watch: Callable[[str], Any] | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """A follower at work."""
    task = asyncio.create_task(follow(db, CONSUMER, watch or partial(told, db), handle))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def eventually(found: Callable[[], Awaitable[Any]], expected: Any) -> None:
    """Waits until it is so; fails with what it is instead."""
    for _ in range(200):
        if await found() == expected:
            return
        await asyncio.sleep(0.02)  # another task is at work, bounded by the loop
    assert await found() == expected


async def test_each_change_has_its_effect_once_and_in_its_tenant(db: Database) -> None:
    await offer(db, "a", "b")
    await offer(db, "c", tenant="bolt")
    async with follower(db):
        await eventually(partial(taken, db), ["a", "b", "c"])

    async with db.worker() as tx:
        owners = {row["entry_id"]: row["tenant"] for row in await tx.fetch(TAKEN)}
    assert owners == {"taken-a": "acme", "taken-b": "acme", "taken-c": "bolt"}


async def test_a_follower_goes_on_where_the_last_one_stopped(db: Database) -> None:
    await offer(db, "a")
    async with follower(db):
        await eventually(partial(taken, db), ["a"])
    await offer(db, "b")
    async with follower(db):
        await eventually(partial(taken, db), ["a", "b"])

    assert await buried(db) == []


async def test_a_poisonous_change_is_buried_and_the_rest_goes_on(db: Database) -> None:
    tries = Counter[str]()

    async def handle(tx: Transaction, change: Any) -> None:
        tries[change.subject] += 1
        await take(tx, change)
        if change.subject == "poison":
            raise NotFound("ENTRY_UNKNOWN", "no such entry")

    await offer(db, "a", "poison", "z")
    async with follower(db, handle):
        await eventually(partial(taken, db), ["a", "z"])

    assert await buried(db) == ["poison"]
    assert tries["poison"] == 1 + following.TRIES_MAX  # once with its neighbours, then alone


async def test_a_buried_change_is_kept_whole(db: Database) -> None:
    async def handle(tx: Transaction, change: Any) -> None:
        raise LookupError("no")

    await offer(db, "poison")
    async with follower(db, handle):
        await eventually(partial(buried, db), ["poison"])

    async with db.worker() as tx:
        (row,) = await tx.fetch("SELECT change, error FROM feed_dead_letter")
    assert pb.Change.FromString(row["change"]).entry_written.entry_id == "poison"
    assert row["error"] == "LookupError: no"


async def test_a_change_that_fails_at_first_is_not_buried(db: Database) -> None:
    failures = iter([True] * following.TRIES_MAX)

    async def handle(tx: Transaction, change: Any) -> None:
        await take(tx, change)
        if next(failures, False):
            raise LookupError

    await offer(db, "a")
    async with follower(db, handle):
        await eventually(partial(taken, db), ["a"])

    assert await buried(db) == []


async def test_what_is_away_is_waited_for_and_never_blamed_on_the_change(db: Database) -> None:
    failures = iter([True] * 3 * following.TRIES_MAX)

    async def handle(tx: Transaction, change: Any) -> None:
        if next(failures, False):
            raise Unavailable("PEER_UNREACHABLE", "away")
        await take(tx, change)

    await offer(db, "a")
    async with follower(db, handle):
        await eventually(partial(taken, db), ["a"])

    assert await buried(db) == []


async def test_a_stream_that_breaks_is_taken_up_again(db: Database) -> None:
    async def breaking(cursor: str) -> AsyncIterator[Any]:
        async for response in told(db, cursor):
            yield response
            raise Unavailable("PEER_UNREACHABLE", "the peer restarts")

    await offer(db, "a")
    async with follower(db, watch=breaking):
        await eventually(partial(taken, db), ["a"])
        await offer(db, "b")
        await eventually(partial(taken, db), ["a", "b"])


async def test_of_two_replicas_one_works_and_the_other_takes_over(
    postgres: PostgresForTests,
) -> None:
    async with (
        postgres.access("journal", MIGRATIONS) as access,
        opened(access) as one,
        opened(access) as two,
    ):
        async with follower(two):
            async with follower(one):
                await offer(one, *(f"e{i:02}" for i in range(40)))
                await eventually(partial(taken, one), [f"e{i:02}" for i in range(40)])
            await offer(one, "later")
            await eventually(lambda: _count(one), 41)

        assert await buried(one) == []


async def test_a_follower_without_the_lease_cannot_double_an_effect(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing, "TAKE", "SELECT $1 <> ''")  # everybody believes to have it
    await offer(db, *(f"e{i:02}" for i in range(40)))
    async with follower(db), follower(db), follower(db):
        await eventually(lambda: _count(db), 40)

    assert await buried(db) == []


async def test_a_feed_that_forgot_our_place_ends_the_follower_until_reset(db: Database) -> None:
    async def forgotten(cursor: str) -> AsyncIterator[Any]:
        if not cursor:
            raise Gone("CURSOR_COMPACTED", "gone")
        async for response in told(db, cursor):
            yield response

    async with follower(db, watch=forgotten) as task:
        with pytest.raises(Gone):
            await task
    await offer(db, "before")
    async with db.snapshot(None) as now, db.worker() as tx:
        await reset(tx, CONSUMER, now.cursor)
    await offer(db, "after")
    async with follower(db, watch=forgotten):
        await eventually(partial(taken, db), ["after"])


async def test_effects_continue_the_trace_of_the_change(db: Database) -> None:
    tracer = TracerProvider().get_tracer("test")
    seen: list[int] = []

    async def handle(tx: Transaction, change: Any) -> None:
        seen.append(trace.get_current_span().get_span_context().trace_id)
        await take(tx, change)

    with tracer.start_as_current_span("origin") as origin:
        await offer(db, "a")
    async with follower(db, handle):
        await eventually(partial(taken, db), ["a"])

    assert seen == [origin.get_span_context().trace_id]


async def test_a_feed_is_followed_over_the_wire(db: Database) -> None:
    await write_each(db, "acme", "a", "b")
    async with serving(JournalServicer(db), service="journal") as mesh:
        stub = raising(pb_grpc.JournalServiceStub(mesh.channel(Role.SERVICE)))

        def watch(cursor: str) -> Any:
            return stub.WatchEvents(pb.WatchEventsRequest(cursor=cursor))

        async with follower(db, watch=watch):
            await eventually(partial(taken, db), ["a", "b"])


async def _count(db: Database) -> int:
    return len(await taken(db))
