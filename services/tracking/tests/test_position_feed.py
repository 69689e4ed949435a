"""
The feed of positions, over a real server and by itself.

Goal: whoever watches sees every position of its tenant once, from any cursor on, whether it stands
at the head or far behind; a watcher that stands still costs little; what was forgotten is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from doorstep.tracking.v1 import tracking_service_pb2 as pb
from meshkit import feed
from meshkit.errors import Exhausted, Gone, Invalid
from meshkit.postgres import Database
from meshkit.testing import TENANT, Role, TestMesh
from services.tracking.adapters import position_feed
from services.tracking.adapters.ingest import POSITIONS, SHARDS, Partitions
from services.tracking.adapters.position_feed import PositionFeed, Read, Tail, Told
from services.tracking.convert.chunks import chunk_to_wire
from services.tracking.tests.calls import tracking_of
from services.tracking.tests.test_ingest import batch, opened, positions, sent

pytestmark = pytest.mark.pg

PHONES = tuple(f"phone-{n}" for n in range(6))


async def driven(mesh: TestMesh, first: int, last: int, each: int = 10) -> set[tuple[str, int]]:
    """Every phone sends positions in small batches; tells what there is to see."""
    for name in PHONES:
        epoch = await opened(mesh, name)
        runs = range(first, last + 1, each)
        await sent(mesh, [batch(epoch, positions(n, n + each - 1), name) for n in runs])
    return {(name, n) for name in PHONES for n in range(first, last + 1)}


def seen(read: Read) -> list[tuple[str, int]]:
    """The positions of a piece."""
    told = pb.WatchPositionsResponse.FromString(b"".join(read.positions)).positions
    return [(one.device_id, one.position.sequence) for one in told]


async def pieces(
    reader: PositionFeed, cursor: str = "", tenant: str = TENANT, device_ids: Any = ()
) -> AsyncIterator[Read]:
    """Piece after piece until nothing more is there."""
    read = await reader.start(cursor, at_head=False)
    while (read := await reader.next(read.place, tenant, device_ids, 0.3)).positions:
        yield read


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a few chunks, and a memory of a few more."""
    monkeypatch.setattr(position_feed, "BYTES_MAX", 4_000)
    monkeypatch.setattr(position_feed, "TAIL_BYTES_MAX", 30_000)
    monkeypatch.setattr(position_feed, "CHUNKS_MAX", 5)
    monkeypatch.setattr(position_feed, "CHUNKS_BEHIND_MAX", 2)


@pytest.mark.usefixtures("small")
async def test_every_piece_ends_where_the_next_begins_from_any_cursor_on(
    mesh: TestMesh, db: Database
) -> None:
    everything = await driven(mesh, 1, 100)
    reader = PositionFeed(db, chunk_to_wire)
    found = [(read.cursor, seen(read)) async for read in pieces(reader)]

    told = [one for _, part in found for one in part]
    assert len(told) == len(set(told)) == len(everything) == 600
    assert len(found) > 10
    for number in range(0, len(found), 7):
        rest = [one async for read in pieces(reader, found[number][0]) for one in seen(read)]
        assert sorted(rest) == sorted(one for _, part in found[number + 1 :] for one in part)


@pytest.mark.usefixtures("small")
async def test_readers_at_the_head_and_far_behind_see_the_same(
    mesh: TestMesh, db: Database
) -> None:
    reader = PositionFeed(db, chunk_to_wire)
    head = (await reader.start("", at_head=True)).cursor
    everything = await driven(mesh, 1, 60)

    async def all_of(cursor: str, pause: float) -> list[tuple[str, int]]:
        found = list[tuple[str, int]]()
        async for read in pieces(reader, cursor):
            found += seen(read)
            await asyncio.sleep(pause)
        return found

    readers = [("", 0.0), (head, 0.0), ("", 0.01), (head, 0.02)]
    for found in await asyncio.gather(*(all_of(*one) for one in readers)):
        assert sorted(found) == sorted(everything)


async def test_what_all_watch_is_read_and_encoded_once(mesh: TestMesh, db: Database) -> None:
    encoded = []

    def encode(chunk: Any) -> bytes:
        encoded.append(chunk)
        return chunk_to_wire(chunk)

    reader = PositionFeed(db, encode)
    place = (await reader.start("", at_head=True)).place
    everything = await driven(mesh, 1, 10)

    async def watched() -> list[tuple[str, int]]:
        at, found = place, list[tuple[str, int]]()
        while len(found) < len(everything):
            read = await reader.next(at, TENANT, (), 5)
            at, found = read.place, found + seen(read)
        return found

    for found in await asyncio.gather(*(watched() for _ in range(20))):
        assert sorted(found) == sorted(everything)
    assert len(encoded) == len(PHONES)


async def test_a_tenant_and_a_filter_see_their_own_and_still_move_on(
    mesh: TestMesh, db: Database
) -> None:
    await driven(mesh, 1, 20)
    reader = PositionFeed(db, chunk_to_wire)
    mine = [one async for read in pieces(reader, device_ids={"phone-3"}) for one in seen(read)]
    start = await reader.start("", at_head=False)
    other = await reader.next(start.place, "bolt", (), 0.2)

    assert sorted(mine) == [("phone-3", n) for n in range(1, 21)]
    assert not other.positions
    async with db.worker() as tx:
        assert dict(other.place) == await feed.heads(tx, POSITIONS)


async def test_the_cursor_of_a_quiet_watch_stays(mesh: TestMesh, db: Database) -> None:
    reader = PositionFeed(db, chunk_to_wire)
    start = await reader.start("", at_head=True)

    assert await reader.next(start.place, TENANT, (), 0.05) == start


async def test_what_was_forgotten_in_the_meantime_is_said(mesh: TestMesh, db: Database) -> None:
    await driven(mesh, 1, 20)
    reader = PositionFeed(db, chunk_to_wire)
    begin = await reader.start("", at_head=False)
    await _all_forgotten(db)

    with pytest.raises(Gone) as under_way:
        await reader.next(begin.place, TENANT, (), 1)
    with pytest.raises(Gone) as anew:
        await reader.start(begin.cursor, at_head=False)

    assert under_way.value.reason == anew.value.reason == "CURSOR_COMPACTED"
    oldest = under_way.value.metadata["oldest_cursor"]
    everything = await driven(mesh, 1, 10)
    found = [one async for read in pieces(reader, oldest) for one in seen(read)]
    assert sorted(found) == sorted(everything)


async def _all_forgotten(db: Database) -> None:
    """As after five weeks: today's partition is dropped, and made anew."""
    async with db.worker() as tx:
        await tx.fetchval(
            "SELECT positions_forget($1)", datetime.now(UTC).date() + timedelta(days=9)
        )
    await Partitions(db).prepare()


@pytest.mark.parametrize("cursor", ["nonsense", "AQAACA"])
async def test_a_cursor_of_somebody_else_is_refused(mesh: TestMesh, cursor: str) -> None:
    stub = tracking_of(mesh, Role.PLATFORM)

    with pytest.raises(Invalid) as caught:
        await anext(aiter(stub.WatchPositions(pb.WatchPositionsRequest(cursor=cursor))))

    assert caught.value.reason == "CURSOR_INVALID"


async def test_the_first_answer_of_a_watch_says_where_it_begins(mesh: TestMesh) -> None:
    await driven(mesh, 1, 10)
    stub = tracking_of(mesh, Role.PLATFORM)
    first = await anext(aiter(stub.WatchPositions(pb.WatchPositionsRequest(start_at_head=True))))
    await driven(mesh, 11, 20)

    rest = stub.WatchPositions(pb.WatchPositionsRequest(cursor=first.cursor))
    found: list[tuple[str, int]] = []
    async for answer in rest:
        found += [(one.device_id, one.position.sequence) for one in answer.positions]
        if len(found) >= 60:
            break

    assert not first.positions
    assert sorted(found) == [(name, n) for name in PHONES for n in range(11, 21)]


async def test_two_hundred_watchers_that_stand_still_hold_nobody_up(mesh: TestMesh) -> None:
    stub = tracking_of(mesh, Role.PLATFORM)
    ask = pb.WatchPositionsRequest(start_at_head=True)
    stuck = [aiter(stub.WatchPositions(ask)) for _ in range(200)]
    await asyncio.gather(*(anext(one) for one in stuck))
    live = aiter(stub.WatchPositions(ask))
    await anext(live)
    everything = await driven(mesh, 1, 500, each=500)

    found: set[tuple[str, int]] = set()
    async with asyncio.timeout(60):
        while found < everything:
            answer = await anext(live)
            found |= {(one.device_id, one.position.sequence) for one in answer.positions}

    assert found == everything


async def test_more_watchers_than_may_be_are_told_to_come_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(position_feed, "WATCHERS_MAX", 1)
    reader = PositionFeed(db, chunk_to_wire)

    with reader.watched(), pytest.raises(Exhausted) as caught, reader.watched():
        raise AssertionError("there was no place")
    with reader.watched():
        pass

    assert caught.value.reason == "WATCHERS_EXHAUSTED"


# The memory of what all watch.


def told(sequence: int, shard: int = 0, size: int = 10) -> Told:
    """A chunk of a shard."""
    return Told(shard, sequence, TENANT, "phone-1", 1, b"x" * size)


def test_the_tail_gives_what_comes_after_a_place_and_nothing_with_a_gap() -> None:
    tail = Tail()
    for sequence in (5, 6, 7):
        tail.add(told(sequence))

    assert [[one.sequence for one in tail.after(0, at)] for at in (3, 4, 5, 7, 8)] == [
        [], [5, 6, 7], [6, 7], [], []
    ]  # fmt: skip
    assert [tail.is_past(0, at) for at in (3, 6, 7)] == [True, True, False]


def test_a_tail_that_missed_something_begins_anew_and_never_goes_back() -> None:
    tail = Tail()
    for sequence in (5, 6, 9, 4):
        tail.add(told(sequence))

    assert [one.sequence for one in tail.after(0, 8)] == [9]
    assert tail.after(0, 4) == []


def test_the_tail_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(position_feed, "TAIL_BYTES_MAX", 100)
    tail = Tail()
    for sequence in range(1, 50):
        for shard in range(SHARDS):
            tail.add(told(sequence, shard))

    kept = [tail.after(shard, at) for shard in range(SHARDS) for at in range(40, 49)]
    assert sum(len(one.encoded) for one in max(kept, key=len)) <= 100
    assert sum(len(max((tail.after(s, a) for a in range(49)), key=len)) for s in range(8)) <= 10
