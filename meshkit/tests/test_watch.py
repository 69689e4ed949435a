"""
Watching: nothing missed, nothing twice, bounded in time and memory, resumable anywhere.

Method: a watcher runs beside writers on a real server; it is compared with what was written.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from meshkit import feed, pulse
from meshkit import watch as watching
from meshkit.embedded import EmbeddedPostgres
from meshkit.errors import Exhausted, Gone, Invalid, Unavailable
from meshkit.feed import Batch
from meshkit.migrate import migrate
from meshkit.pgtest import PostgresForTests, open_folder, opened
from meshkit.postgres import Database
from meshkit.roles import provision
from meshkit.tests.conftest import MIGRATIONS
from meshkit.tests.journal import entry_ids, pb, write_each
from meshkit.watch import serve_watch, watch

pytestmark = pytest.mark.pg


async def subjects_of(batches: AsyncGenerator[Batch, None], count: int) -> list[str]:
    """The subjects of so many changes, then stops watching."""
    seen: list[str] = []
    async with asyncio.timeout(10), aclosing(batches):
        async for batch in batches:
            seen += [change.subject for change in batch.changes]
            if len(seen) >= count:
                break
    return seen


async def first(batches: AsyncGenerator[Any, None]) -> Any:
    """The first batch, then stops watching."""
    async with asyncio.timeout(10), aclosing(batches):
        return await anext(batches)


async def test_a_watcher_gets_what_was_and_what_comes(db: Database) -> None:
    await write_each(db, "acme", "a", "b")
    seen = asyncio.create_task(subjects_of(watch(db), 4))
    await write_each(db, "acme", "c", "d")

    assert await seen == ["a", "b", "c", "d"]


async def test_a_change_wakes_the_watchers_of_its_own_process_at_once(db: Database) -> None:
    seen = asyncio.create_task(subjects_of(watch(db), 1))
    await asyncio.sleep(0.05)  # let it come to wait
    await write_each(db, "acme", "a")
    begun = time.monotonic()
    await seen

    assert time.monotonic() - begun < pulse.POLL_SECONDS / 4


async def test_a_change_wakes_the_watchers_of_another_process(postgres: PostgresForTests) -> None:
    async with (
        postgres.access("journal", MIGRATIONS) as access,
        opened(access) as here,
        opened(access) as there,
    ):
        seen = asyncio.create_task(subjects_of(watch(there), 1))
        await asyncio.sleep(0.1)  # let it come to wait, and its pulse to listen
        begun = time.monotonic()
        await write_each(here, "acme", "a")

        assert await seen == ["a"]
        assert time.monotonic() - begun < pulse.POLL_SECONDS / 2


async def test_a_lost_wake_up_costs_a_second_and_nothing_else(
    postgres: PostgresForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "NOTIFY", "SELECT $1::text")
    async with (
        postgres.access("journal", MIGRATIONS) as access,
        opened(access) as here,
        opened(access) as there,
    ):
        await write_each(here, "acme", "a")

        assert await subjects_of(watch(there), 1) == ["a"]


async def test_a_watch_resumes_after_any_cursor(db: Database) -> None:
    await write_each(db, "acme", "a", "b", "c")
    batch = await first(watch(db))

    for index, change in enumerate(batch.changes[:-1]):
        rest = await first(watch(db, cursor=change.cursor))
        assert rest.changes == batch.changes[index + 1 :]


async def test_a_watch_from_the_head_tells_only_what_comes(db: Database) -> None:
    await write_each(db, "acme", "a")
    seen = asyncio.create_task(subjects_of(watch(db, start_at_head=True), 1))
    await asyncio.sleep(0.1)  # let it read the head
    await write_each(db, "acme", "b")

    assert await seen == ["b"]


async def test_a_snapshot_and_the_watch_after_it_are_everything_once(db: Database) -> None:
    names = [f"e{i:03}" for i in range(60)]
    writing = asyncio.create_task(write_each(db, "acme", *names))
    await asyncio.sleep(0.02)  # somewhere in the middle
    async with db.snapshot("acme") as now:
        listed = [row["entry_id"] for row in await now.fetch("SELECT entry_id FROM entries")]
    await writing
    told = await subjects_of(watch(db, cursor=now.cursor), len(names) - len(listed))

    assert sorted(listed + told) == names


async def test_an_idle_watch_beats(db: Database) -> None:
    begun = time.monotonic()
    batch = await first(watch(db, heartbeat_seconds=0.2))

    assert batch.changes == ()
    assert 0.15 < time.monotonic() - begun < 2


async def test_a_heartbeat_moves_the_cursor_past_what_was_not_asked_for(db: Database) -> None:
    await write_each(db, "acme", "a", "b")
    batch = await first(watch(db, types={"entry_erased"}, heartbeat_seconds=0.2))

    assert batch.changes == ()
    assert sum(batch.positions.values()) == 2


async def test_a_tenants_watch_tells_of_that_tenant_only(db: Database) -> None:
    await write_each(db, "acme", "a")
    await write_each(db, "bolt", "b")

    assert await subjects_of(watch(db, tenant="bolt"), 1) == ["b"]


async def test_a_cursor_that_is_no_longer_kept_is_gone(db: Database) -> None:
    await write_each(db, "acme", "a", "b")
    old = (await first(watch(db))).changes[0].cursor
    async with db.worker() as tx:
        await feed.compact(tx, timedelta(0))
    await write_each(db, "acme", "c")

    with pytest.raises(Gone) as caught:
        await first(watch(db, cursor=old))
    oldest = caught.value.metadata["oldest_cursor"]
    assert await subjects_of(watch(db, cursor=oldest), 1) == ["c"]
    assert await subjects_of(watch(db), 1) == ["c"]  # no cursor: from the oldest kept


async def test_a_cursor_ahead_of_the_feed_is_refused(db: Database) -> None:
    await write_each(db, "acme", "a")
    ahead = (await first(watch(db))).cursor
    async with db.worker() as tx:
        await tx.execute("UPDATE feed_head SET sequence = 0")  # as after a restored backup

    with pytest.raises(Invalid) as caught:
        await first(watch(db, cursor=ahead))
    assert caught.value.reason == "CURSOR_INVALID"


async def test_watchers_are_bounded_in_number_and_free_their_place(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "WATCHERS_MAX", 1)
    await write_each(db, "acme", "a")
    batches = watch(db)
    await anext(batches)

    with pytest.raises(Exhausted):
        await first(watch(db))
    await batches.aclose()
    assert await subjects_of(watch(db), 1) == ["a"]


async def test_a_watcher_that_stands_still_holds_nobody_up(db: Database) -> None:
    await write_each(db, "acme", "a")
    stuck = [watch(db) for _ in range(20)]  # more than there are connections
    for batches in stuck:
        await anext(batches)
    await write_each(db, "acme", "b")

    assert await subjects_of(watch(db), 2) == ["a", "b"]
    assert await entry_ids(db, "acme") == ["a", "b"]
    for batches in stuck:
        await batches.aclose()


async def test_a_pulse_that_knows_only_some_shards_yet_does_no_harm(db: Database) -> None:
    await write_each(db, "acme", "a")
    (known,) = [s for s, head in db.pulse.heads(feed.EVENTS).items() if head] or [1]
    db.pulse._heads = {feed.EVENTS: {known: 1}}

    assert (await first(watch(db))).positions == {0: 0, 1: 1, 2: 0, 3: 0}


async def test_a_feed_that_went_back_ends_the_watch(db: Database) -> None:
    await write_each(db, "acme", "a")
    batches = watch(db)
    place = (await anext(batches)).positions
    db.pulse.saw(feed.EVENTS, {shard: last + 5 for shard, last in place.items()})  # then restored

    with pytest.raises(Unavailable):
        await anext(batches)


async def test_a_watch_lives_through_a_restart_and_ends_when_the_store_stays_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_folder() as folder, EmbeddedPostgres(folder / "pg") as server:
        access = await provision(server.admin_url, "journal")
        await migrate(server.admin_url, "journal", MIGRATIONS)
        async with opened(access) as db:
            batches = watch(db)
            seen = asyncio.create_task(anext(batches))
            await asyncio.sleep(0.1)  # let it come to wait
            await asyncio.to_thread(_crash, server)
            await write_each(db, "acme", "a")
            assert [change.subject for change in (await seen).changes] == ["a"]

            monkeypatch.setattr(pulse, "LOST_SECONDS", 0.3)
            server.stop()
            async with asyncio.timeout(5):
                with pytest.raises(Unavailable):
                    await anext(batches)


def _crash(server: EmbeddedPostgres) -> None:
    server.kill()
    server.start()


async def test_the_contracts_messages_carry_the_whole_change(db: Database) -> None:
    await write_each(db, "acme", "a")
    request = pb.WatchEventsRequest(types=["entry_written"])
    answer = await first(serve_watch(db, request, pb.WatchEventsResponse, tenant=None))
    (change,) = answer.changes

    assert change.WhichOneof("event") == "entry_written"
    assert change.entry_written.entry_id == "a"
    assert (change.tenant, change.subject, change.sequence) == ("acme", "a", 1)
    assert answer.cursor == change.cursor
    assert answer.server_time.ToDatetime().year >= 2026


async def test_an_unknown_type_is_refused_and_named(db: Database) -> None:
    request = pb.WatchEventsRequest(types=["entry_written", "sequence"])

    with pytest.raises(Invalid) as caught:
        await first(serve_watch(db, request, pb.WatchEventsResponse, tenant=None))
    assert [violation.field for violation in caught.value.violations] == ["types[1]"]
