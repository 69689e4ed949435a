"""
The pulse: how far the feeds have come, known by every process at the cost of one connection.

After a commit the process that appended tells its own watchers at once, and the others by NOTIFY. A
NOTIFY is a wake-up and nothing more: whoever misses one finds the new heads by polling within a
second. It is sent after the commit and apart from it, for a NOTIFY inside a transaction makes the
commits of the whole server wait for one another (PostgreSQL holds one lock until the end of each).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from meshkit import pg_errors
from meshkit.cursor import Positions

POLL_SECONDS = 1.0  # how late a watcher may be when a wake-up is lost
GAP_SECONDS = 0.005  # between two wake-ups: many commits share one
RECONNECT_SECONDS = 0.2  # plus as much again at random
LOST_SECONDS = 5.0  # without the store for so long, watchers end and their clients come again

HEADS = "SELECT feed, shard, sequence FROM feed_head"
NOTIFY = "SELECT pg_notify($1, '')"

Heads = dict[str, dict[int, int]]  # feed -> shard -> last sequence


class Pulse:
    """Follows the heads of a schema's feeds. `run` must be running; `Database.open` sees to it."""

    def __init__(self, schema: str, connect: Callable[[], Awaitable[Any]]) -> None:
        self._channel = f"feed_{schema}"
        self._connect = connect
        self._heads: Heads = {}
        self._unsent = False
        self._rung = asyncio.Event()
        self._moved = asyncio.Event()
        self._lost_since: float | None = None
        self._failure: BaseException | None = None

    def heads(self, feed: str) -> Positions:
        """The last sequences that this process knows of."""
        return self._heads.get(feed, {})

    def saw(self, feed: str, heads: Positions) -> None:
        """Tells of sequences that a transaction of this process has just committed."""
        self._unsent = True
        self._rung.set()
        self._learn(feed, heads)

    async def wait_beyond(self, feed: str, positions: Positions, seconds: float) -> bool:
        """
        Waits until some shard has more than `positions`; False when `seconds` passed without.

        Raises Unavailable when the store has been away for several seconds.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._is_beyond(feed, positions):
                    self._refuse_when_lost()
                    await self._moved.wait()
        return self._is_beyond(feed, positions)

    async def run(self) -> None:
        """Keeps one connection that listens, until cancelled."""
        while True:
            with suppress(*pg_errors.STORE_ERRORS):
                connection = await self._connect()
                try:
                    await self._attend(connection)
                finally:
                    connection.terminate()
            self._note_loss()
            await asyncio.sleep(RECONNECT_SECONDS * (1 + random.random()))  # noqa: S311 - jitter

    async def _attend(self, connection: Any) -> None:
        pid = connection.get_server_pid()
        await connection.add_listener(self._channel, lambda _c, by, *_: self._heard(by != pid))
        connection.add_termination_listener(lambda _: self._heard(True))
        while True:
            self._rung.clear()
            if self._unsent:
                self._unsent = False
                await connection.execute(NOTIFY, self._channel)
            for row in await connection.fetch(HEADS):
                self._learn(row["feed"], {row["shard"]: row["sequence"]})
            self._lost_since = None
            await asyncio.sleep(GAP_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._rung.wait()

    def _heard(self, from_another: bool) -> None:
        if from_another:
            self._rung.set()

    def _learn(self, feed: str, heads: Mapping[int, int]) -> None:
        known = self._heads.setdefault(feed, {})
        moved = {shard: head for shard, head in heads.items() if head > known.get(shard, -1)}
        if moved:
            known.update(moved)
            self._wake()

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    def _note_loss(self) -> None:
        self._unsent = True  # others may have missed a wake-up as well
        if self._lost_since is None:
            self._lost_since = asyncio.get_running_loop().time()
        self._wake()

    def ended(self, task: asyncio.Task[None]) -> None:
        """Told when `run` has ended: a bug there must not leave the watchers waiting."""
        if not task.cancelled():
            self._failure = task.exception()
            self._wake()

    def _refuse_when_lost(self) -> None:
        if self._failure is not None:
            raise RuntimeError("the pulse has stopped") from self._failure
        now = asyncio.get_running_loop().time()
        if self._lost_since is not None and now - self._lost_since > LOST_SECONDS:
            raise pg_errors.unavailable()

    def _is_beyond(self, feed: str, positions: Positions) -> bool:
        return any(head > positions.get(shard, 0) for shard, head in self.heads(feed).items())
