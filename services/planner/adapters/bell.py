"""
The bell: who waits for an optimization, in this process or another, hears at once that it changed.

It counts, in a feed without rows: a transaction that changes an optimization takes a number of its
shard, and whoever waits behind the number it saw looks again. The pulse carries numbers to other
processes by NOTIFY, and finds within a second what NOTIFY lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from meshkit import feed
from meshkit.postgres import Database, Transaction

NUMBERS = "optimizations"
SUBJECT_SHARDS = 8  # subjects that share a shard wake each other in vain, no worse
QUEUE_SHARD = SUBJECT_SHARDS  # rung when something waits for a worker
NEVER = 1 << 62

Place = Mapping[int, int]


class Bell:
    """Rings and waits."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def open(self) -> None:
        """Once, before anything else."""
        async with self._db.worker() as tx:
            await feed.open_shards(tx, NUMBERS, SUBJECT_SHARDS + 1)

    def rung(self) -> None:
        """After the commit of a transaction that rang: others need not find it by themselves."""
        self._db.pulse.saw(NUMBERS, {})

    def place(self, subject: str) -> Place:
        """How far a subject is now; ask before you look at it."""
        return self._place_of(shard_of(subject))

    def queue_place(self) -> Place:
        """How far the queue is now."""
        return self._place_of(QUEUE_SHARD)

    async def wait(self, place: Place, seconds: float) -> bool:
        """Waits for something after a place; False when so much time passed without."""
        return await self._db.pulse.wait_beyond(NUMBERS, place, seconds)

    async def pause(self, seconds: float) -> None:
        """Waits for nothing in particular: the store is away, and says nothing."""
        await asyncio.sleep(seconds)

    def _place_of(self, shard: int) -> Place:
        others = dict.fromkeys(range(SUBJECT_SHARDS + 1), NEVER)
        return others | {shard: self._db.pulse.heads(NUMBERS).get(shard, 0)}


def shard_of(subject: str) -> int:
    """The shard of an optimization that stands by itself, or of a batch with its parts."""
    return feed.shard_of(subject, SUBJECT_SHARDS)


async def ring(tx: Transaction, *subjects: str, queue: bool = False) -> None:
    """Says within a transaction, as its last statement, that subjects changed."""
    shards = {shard_of(subject) for subject in subjects} | ({QUEUE_SHARD} if queue else set())
    if shards:
        await feed.advance(tx, NUMBERS, dict.fromkeys(shards, 1))
