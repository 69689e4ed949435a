"""
Stopping without breaking anything: what is running is told, and ends itself.

A watch (a server stream without a maximum time) is ended by the server as soon as a drain begins,
with Unavailable `SERVER_DRAINING`; every message it sent carried a cursor, so the client resumes
elsewhere. A handler that reads a stream of requests stops reading by `until_drained`, finishes what
it has, acknowledges and returns.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import TypeVar

from meshkit.caller import MESH_DOMAIN
from meshkit.errors import Unavailable

RETRY_AFTER = timedelta(milliseconds=100)  # another replica answers at once; a restart takes longer

Item = TypeVar("Item")


class Drain:
    """Whether the server is stopping; one per server."""

    def __init__(self) -> None:
        self._begun = asyncio.Event()
        self._watches: set[asyncio.Timeout] = set()

    @property
    def begun(self) -> bool:
        """Whether the server is stopping."""
        return self._begun.is_set()

    def begin(self) -> None:
        """Ends all watches and stops all readers."""
        self._begun.set()
        now = asyncio.get_running_loop().time()
        for watch in self._watches:
            watch.reschedule(now)

    async def wait(self) -> None:
        """Returns when the server is told to stop."""
        await self._begun.wait()

    @asynccontextmanager
    async def ending_watch(self) -> AsyncIterator[None]:
        """Ends the block when a drain begins, with Unavailable."""
        if self.begun:
            raise _draining()
        watch = asyncio.timeout(None)  # a timeout is the one safe way to cancel one's own block
        try:
            async with watch:
                self._watches.add(watch)
                yield
        except TimeoutError as error:
            if not watch.expired():
                raise
            raise _draining() from error
        finally:
            self._watches.discard(watch)


_drain: ContextVar[Drain | None] = ContextVar("drain", default=None)


def current_drain() -> Drain:
    """The drain of the server that answers the call; outside of a call one that never begins."""
    return _drain.get() or Drain()


def enter(drain: Drain) -> None:
    """Makes a drain the current one, for the rest of this call."""
    _drain.set(drain)


async def until_drained(items: AsyncIterator[Item]) -> AsyncIterator[Item]:
    """The items, until there are no more or the server is told to stop."""
    stop = asyncio.create_task(current_drain().wait())
    try:
        while (item := await _next(items, stop)) is not None:
            yield item[0]
    finally:
        stop.cancel()


async def _next(items: AsyncIterator[Item], stop: asyncio.Task[None]) -> tuple[Item] | None:
    reading = asyncio.ensure_future(anext(items))
    try:
        await asyncio.wait({reading, stop}, return_when=asyncio.FIRST_COMPLETED)
        return (reading.result(),) if reading.done() else None
    except StopAsyncIteration:
        return None
    finally:
        reading.cancel()


def _draining() -> Unavailable:
    return Unavailable(
        "SERVER_DRAINING",
        "the server is stopping; watch again from the last cursor",
        domain=MESH_DOMAIN,
        retry_after=RETRY_AFTER,
    )
