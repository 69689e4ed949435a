"""
The feed of positions: every one of them once, in the order of the commits of its shard.

A cursor is the vector of the chunks read per shard; the chunks are numbered without gaps, so a
reader that was given 7 has seen everything up to 7.

What is new is read and encoded once for all watchers of this process and kept for a while, so many
who stand at the head cost little more than one. One that lags behind reads for itself. A watcher is
given one bounded piece at a time, and the next when it has taken that: one that stands still holds
one piece, whatever comes in.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from meshkit import cursor as cursors
from meshkit import feed, pg_errors
from meshkit.caller import MESH_DOMAIN
from meshkit.errors import Exhausted
from meshkit.postgres import Database
from services.tracking.adapters import chunks
from services.tracking.adapters.ingest import POSITIONS
from services.tracking.domain.batch import Chunk

NAME = "tracking.positions"  # marks cursors, so that one of another feed is refused
ROWS_MAX = 5_000  # of one answer; the contract states it
WATCHERS_MAX = 250  # of one process; each holds at most one answer
BYTES_MAX = 256 << 10  # of one answer, unless one chunk alone is larger
CHUNKS_MAX = 50  # of one shard, read at once for everybody at the head
CHUNKS_BEHIND_MAX = 4  # the same for one reader who is far behind
TAIL_BYTES_MAX = 16 << 20  # kept encoded, of all shards
ENCODED_AT_ONCE = 16  # chunks, about 3 ms; then others may have their turn

READ = f"""
    SELECT c.shard, c.feed_sequence, c.tenant, c.device_id, c.epoch, c.record_time,
           c.first_sequence, c.last_sequence, {", ".join(f"c.{name}" for name in chunks.ARRAYS)},
           e.vehicle_id, e.driver_id
    FROM unnest($1::integer[], $2::bigint[]) AS a (shard, after)
    CROSS JOIN LATERAL (
        SELECT * FROM position_chunks
        WHERE shard = a.shard AND feed_sequence > a.after ORDER BY feed_sequence LIMIT $3
    ) c
    JOIN epochs e USING (tenant, device_id, epoch)
    ORDER BY c.shard, c.feed_sequence"""  # noqa: S608 - constants

Encode = Callable[[Chunk], bytes]
Place = Mapping[int, int]  # shard -> the last chunk read


@dataclass(frozen=True, slots=True)
class Told:
    """A chunk as it goes to watchers."""

    shard: int
    sequence: int
    tenant: str
    device_id: str
    rows: int
    encoded: bytes


@dataclass(frozen=True, slots=True)
class Read:
    """Positions, encoded, and the place after them."""

    positions: Sequence[bytes]
    place: Place
    cursor: str


class Tail:
    """The newest chunks of each shard, without gaps; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._kept: dict[int, deque[Told]] = {}
        self._bytes = 0

    def after(self, shard: int, sequence: int) -> list[Told]:
        """What is kept after a place; nothing when something between them is not kept."""
        kept = self._kept.get(shard)
        if not kept or sequence + 1 < kept[0].sequence or sequence >= kept[-1].sequence:
            return []
        return [kept[n] for n in range(sequence + 1 - kept[0].sequence, len(kept))]

    def is_past(self, shard: int, sequence: int) -> bool:
        """Whether others have come further than this place."""
        kept = self._kept.get(shard)
        return kept is not None and sequence < kept[-1].sequence

    def add(self, told: Told) -> None:
        """Keeps the next of a shard; where some were left out between, it begins anew."""
        kept = self._kept.setdefault(told.shard, deque())
        if kept and told.sequence <= kept[-1].sequence:
            return
        if kept and told.sequence > kept[-1].sequence + 1:
            self._bytes -= sum(len(one.encoded) for one in kept)
            kept.clear()
        kept.append(told)
        self._bytes += len(told.encoded)
        while self._bytes > TAIL_BYTES_MAX:
            longest = max(self._kept.values(), key=len)
            self._bytes -= len(longest.popleft().encoded)


class PositionFeed:
    """Reads positions in commit order."""

    def __init__(self, db: Database, encode: Encode) -> None:
        self._db = db
        self._encode = encode
        self._tail = Tail()
        self._reading = asyncio.Lock()
        self._watchers = 0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Counts a watcher while it watches. Raises Exhausted `WATCHERS_EXHAUSTED`."""
        if self._watchers >= WATCHERS_MAX:
            raise Exhausted(
                "WATCHERS_EXHAUSTED",
                f"{WATCHERS_MAX} watches of positions are open here, the most there may be",
                domain=MESH_DOMAIN,
                retry_after=pg_errors.RETRY_AFTER,
            )
        self._watchers += 1
        try:
            yield
        finally:
            self._watchers -= 1

    async def start(self, cursor: str, *, at_head: bool) -> Read:
        """
        Where a reader begins: after its cursor, at the head, or at the oldest that is kept.

        Raises Invalid `CURSOR_INVALID` or Gone `CURSOR_COMPACTED`.
        """
        async with self._db.worker() as tx:
            heads = await feed.heads(tx, POSITIONS)
            oldest = await feed.oldest(tx, POSITIONS)
        if not cursor:
            return _at(heads if at_head else oldest)
        place = cursors.unpack(NAME, cursor)
        if any(sequence > heads.get(shard, 0) for shard, sequence in place.items()):
            raise cursors.invalid("it is ahead of the feed")
        if any(place.get(shard, 0) < before for shard, before in oldest.items()):
            raise feed.compacted(cursors.pack(NAME, oldest))
        return _at({shard: place.get(shard, 0) for shard in heads})

    async def next(
        self, place: Place, tenant: str, device_ids: Collection[str], seconds: float
    ) -> Read:
        """
        The next positions; none after so many seconds without any.

        Raises Gone `CURSOR_COMPACTED` when what comes next was forgotten in the meantime.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while await self._db.pulse.wait_beyond(POSITIONS, place, until - loop.time()):
            read = _piece(await self._after(place), place, tenant, device_ids)
            if read.positions or loop.time() >= until:
                return read
            place = read.place
        return _at(place)

    async def _after(self, place: Place) -> Iterable[Told]:
        """What comes after a place: of every shard that has more, its next at least."""
        heads = self._db.pulse.heads(POSITIONS)
        behind = {shard: at for shard, at in sorted(place.items()) if heads.get(shard, 0) > at}
        kept = self._kept(behind)
        far = {
            shard: at
            for shard, at in behind.items()
            if shard not in kept
            and (self._tail.is_past(shard, at) or heads[shard] - at > CHUNKS_MAX)
        }
        if far:
            kept |= await self._read(far, CHUNKS_BEHIND_MAX)
        if len(kept) < len(behind):
            kept |= await self._shared({s: at for s, at in behind.items() if s not in kept})
        return _in_turn(kept)

    async def _shared(self, place: Place) -> dict[int, list[Told]]:
        """Reads for everybody at the head: who waited for it finds what the one before has read."""
        async with self._reading:
            kept = self._kept(place)
            lacking = {shard: at for shard, at in place.items() if shard not in kept}
            if lacking:
                read = await self._read(lacking, CHUNKS_MAX)
                for told in (one for shard in read.values() for one in shard):
                    self._tail.add(told)
                kept |= read
        return kept

    def _kept(self, place: Place) -> dict[int, list[Told]]:
        found = {shard: self._tail.after(shard, at) for shard, at in place.items()}
        return {shard: told for shard, told in found.items() if told}

    async def _read(self, place: Place, limit: int) -> dict[int, list[Told]]:
        async with self._db.worker() as tx:
            rows = await tx.fetch(READ, list(place), list(place.values()), limit)
            oldest = await feed.oldest(tx, POSITIONS) if _has_gap(rows, place) else {}
        if oldest:
            raise feed.compacted(cursors.pack(NAME, oldest))
        read: dict[int, list[Told]] = {shard: [] for shard in place}
        for number, row in enumerate(rows, 1):
            read[row["shard"]].append(self._told(row))
            if number % ENCODED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return read

    def _told(self, row: Any) -> Told:
        return Told(
            row["shard"],
            row["feed_sequence"],
            row["tenant"],
            row["device_id"],
            len(row["times"]),
            self._encode(chunks.chunk(row)),
        )


def _at(place: Place, positions: Sequence[bytes] = ()) -> Read:
    return Read(positions, place, cursors.pack(NAME, place))


def _piece(coming: Iterable[Told], place: Place, tenant: str, device_ids: Collection[str]) -> Read:
    """As much of what comes as one answer holds, and the place after it."""
    moved, found, rows, size = dict(place), list[bytes](), 0, 0
    for told in coming:
        if told.tenant == tenant and (not device_ids or told.device_id in device_ids):
            rows, size = rows + told.rows, size + len(told.encoded)
            if found and (rows > ROWS_MAX or size > BYTES_MAX):
                break
            found.append(told.encoded)
        moved[told.shard] = told.sequence
    return _at(moved, found)


def _in_turn(kept: Mapping[int, Sequence[Told]]) -> Iterable[Told]:
    """One of each shard in turn, so that none waits for another."""
    for rank in range(max(map(len, kept.values()), default=0)):
        for told in kept.values():
            if rank < len(told):
                yield told[rank]


def _has_gap(rows: Sequence[Any], place: Place) -> bool:
    """Whether the numbers of a shard do not go on from its place: a partition was dropped."""
    numbers = {shard: [at] for shard, at in place.items()}
    for row in rows:
        numbers[row["shard"]].append(row["feed_sequence"])
    return any(
        len(found) == 1 or found != [*range(found[0], found[0] + len(found))]
        for found in numbers.values()
    )
