"""
The feed, one batch at a time: order, filters, bounds, retention.

Method: changes are appended in real transactions; what a reader gets is compared with what was
appended, by the names of the entries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from meshkit import cursor, feed
from meshkit.clock import StoppedClock
from meshkit.errors import Gone
from meshkit.feed import Batch, Draft
from meshkit.pgtest import PostgresForTests, opened
from meshkit.postgres import Database
from meshkit.tests.conftest import MIGRATIONS
from meshkit.tests.journal import NOON, pb, write, write_and_fail, write_each, written

pytestmark = pytest.mark.pg

START = dict.fromkeys(range(4), 0)
ERASED = Draft("entry_erased", "a", NOON, b"")


async def read(db: Database, after: Any = None, **options: Any) -> Batch:
    async with db.worker() as tx:
        return await feed.read(tx, db.schema, START if after is None else after, **options)


def subjects(batch: Batch) -> list[str]:
    return [change.subject for change in batch.changes]


async def test_changes_come_in_the_order_of_their_commits(db: Database) -> None:
    async with db.transaction("acme") as slow:
        await write(slow, "begun-first")
        await write_each(db, "acme", "committed-first")
    batch = await read(db)

    assert subjects(batch) == ["committed-first", "begun-first"]
    assert [change.sequence for change in batch.changes] == [1, 2]


async def test_a_rolled_back_transaction_leaves_no_gap(db: Database) -> None:
    await write_each(db, "acme", "a")
    with pytest.raises(LookupError):
        await write_and_fail(db, "acme", "b")
    await write_each(db, "acme", "c")

    assert [change.sequence for change in (await read(db)).changes] == [1, 2]


async def test_a_change_tells_what_was_appended(postgres: PostgresForTests) -> None:
    recorded = NOON + timedelta(minutes=3)
    clock = StoppedClock(recorded)
    async with postgres.fresh("journal", MIGRATIONS, clock=clock) as db:
        async with db.transaction("acme") as tx:
            tx.append(written("a", "hello"))
        (change,) = (await read(db)).changes

    assert (change.tenant, change.type, change.subject) == ("acme", "entry_written", "a")
    assert change.event_id.startswith("evt_")
    assert (change.event_time, change.record_time) == (NOON, recorded)
    assert pb.EntryWritten.FromString(change.payload) == pb.EntryWritten(entry_id="a", text="hello")


async def test_each_cursor_resumes_right_after_its_change(db: Database) -> None:
    await write_each(db, "acme", "a", "b", "c")
    await write_each(db, "bolt", "d")
    changes = (await read(db)).changes

    for index, change in enumerate(changes):
        rest = await read(db, cursor.unpack(db.schema, change.cursor))
        assert rest.changes == tuple(changes[index + 1 :])


async def test_a_worker_appends_for_several_tenants_at_once(db: Database) -> None:
    async with db.worker() as tx:
        tx.append(*(written(tenant, tenant=tenant) for tenant in ("acme", "bolt", "cade", "acme")))

    assert sorted(subjects(await read(db))) == ["acme", "acme", "bolt", "cade"]


@pytest.mark.parametrize(("within", "named"), [("acme", "bolt"), (None, "")])
async def test_a_change_belongs_to_the_tenant_of_its_transaction(
    db: Database, within: str | None, named: str
) -> None:
    block = db.transaction(within) if within else db.worker()
    with pytest.raises(ValueError, match="entry_written"):
        async with block as tx:
            tx.append(written("a", tenant=named))


async def test_a_reader_gets_the_types_and_the_tenant_it_asks_for(db: Database) -> None:
    await write_each(db, "acme", "a")
    await write_each(db, "bolt", "b")
    async with db.transaction("acme") as tx:
        tx.append(ERASED)

    assert sorted(subjects(await read(db, types={"entry_written"}))) == ["a", "b"]
    assert subjects(await read(db, tenant="bolt")) == ["b"]
    assert subjects(await read(db, types={"entry_erased"}, tenant="bolt")) == []


async def test_a_reader_moves_past_what_it_did_not_ask_for(db: Database) -> None:
    await write_each(db, "acme", "a", "b")
    batch = await read(db, types={"entry_erased"})

    assert batch.changes == ()
    assert sum(batch.positions.values()) == 2


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_batches_of_any_size_add_up_to_everything_once(db: Database, limit: int) -> None:
    async with db.worker() as tx:
        tx.append(*(written(f"e{i}", tenant=f"t{i % 5}") for i in range(23)))

    seen = await _read_through(db, limit=limit)

    assert sorted(seen) == sorted(f"e{i}" for i in range(23))


async def test_filtered_batches_add_up_too(db: Database) -> None:
    async with db.worker() as tx:
        for i in range(30):
            tx.append(
                written(f"e{i}", tenant="acme"), Draft("entry_erased", "x", NOON, b"", "acme")
            )

    assert await _read_through(db, limit=4, types={"entry_written"}) == [f"e{i}" for i in range(30)]


async def test_a_batch_is_bounded_in_bytes_and_one_large_change_still_passes(db: Database) -> None:
    large = "x" * (feed.BATCH_BYTES_MAX - 100)
    async with db.transaction("acme") as tx:
        tx.append(written("a"), written("b", large), written("c", large + large), written("d"))
    sizes, place = [], dict(START)
    for _ in range(9):
        shard = feed.shard_of("acme", 4)
        batch = await read(db, place, among=[shard])
        sizes.append(subjects(batch))
        place = dict(batch.positions)

    assert [names for names in sizes if names] == [["a", "b"], ["c"], ["d"]]


async def test_one_read_looks_at_a_bounded_window(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "WINDOW_MAX", 10)
    async with db.transaction("acme") as tx:
        tx.append(*[ERASED] * 25, written("a"))

    first = await read(db, types={"entry_written"})
    assert first.changes == ()
    assert sum(first.positions.values()) == 10
    assert await _read_through(db, types={"entry_written"}) == ["a"]


async def test_forgotten_changes_are_gone_and_say_where_to_go_on(db: Database) -> None:
    await write_each(db, "acme", "a", "b")
    async with db.worker() as tx:
        assert await feed.compact(tx, timedelta(0)) == 2
        assert await feed.compact(tx, timedelta(0)) == 0
    await write_each(db, "acme", "c")

    with pytest.raises(Gone) as caught:
        await read(db)
    assert caught.value.reason == "CURSOR_COMPACTED"
    place = cursor.unpack(db.schema, caught.value.metadata["oldest_cursor"])
    assert subjects(await read(db, place)) == ["c"]


async def test_young_changes_are_kept(db: Database) -> None:
    await write_each(db, "acme", "a")
    async with db.worker() as tx:
        assert await feed.compact(tx, timedelta(hours=1)) == 0

    assert subjects(await read(db)) == ["a"]


async def test_the_app_cannot_change_or_remove_what_the_feed_has_told(db: Database) -> None:
    await write_each(db, "acme", "a")
    for attempt in ("UPDATE feed SET subject = 'b'", "DELETE FROM feed"):
        with pytest.raises(Exception, match="permission denied"):
            async with db.transaction("acme") as tx:
                await tx.execute(attempt)


async def test_numbers_for_a_table_of_ones_own_are_gapless_and_apart(db: Database) -> None:
    async with db.worker() as tx:
        await feed.open_shards(tx, "positions", 2)
    async with db.worker() as tx:
        assert await feed.advance(tx, "positions", {1: 10, 0: 5}) == {0: 1, 1: 1}
    async with db.worker() as tx:
        assert await feed.advance(tx, "positions", {1: 1}) == {1: 11}
        assert await feed.heads(tx) == START


async def test_transactions_over_the_same_shards_never_deadlock(db: Database) -> None:
    async def work(tenants: Iterable[str]) -> None:
        for _ in range(10):
            async with db.worker() as tx:
                tx.append(*(written("e", tenant=tenant) for tenant in tenants))

    tenants = [f"t{i}" for i in range(8)]
    await asyncio.gather(work(tenants), work(tenants[::-1]), work(tenants[::2]))

    async with db.worker() as tx:
        assert sum((await feed.heads(tx)).values()) == 200


async def test_a_feed_may_get_more_shards(postgres: PostgresForTests) -> None:
    async with postgres.access("journal", MIGRATIONS) as access:
        for shards in (1, 4):
            async with opened(access, shards=shards) as db:
                async with db.worker() as tx:
                    tx.append(*(written(f"{shards}", tenant=f"t{i}") for i in range(9)))
                read_all = await _read_through(db, dict.fromkeys(range(shards), 0))

    assert sorted(read_all) == ["1"] * 9 + ["4"] * 9


def test_a_tenant_has_the_same_shard_in_every_release() -> None:
    assert [feed.shard_of(tenant, 4) for tenant in ("acme", "bolt", "cade")] == [1, 3, 0]


async def _read_through(db: Database, place: Any = None, **options: Any) -> list[str]:
    seen: list[str] = []
    place = START if place is None else place
    for _ in range(100):
        batch = await read(db, place, **options)
        seen += subjects(batch)
        if batch.positions == place:
            return seen
        place = batch.positions
    raise AssertionError("no end")
