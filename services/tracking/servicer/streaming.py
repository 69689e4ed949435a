"""
One stream of batches: read ahead as far as the credit goes, answer in order, once durable.

The reader stops reading when as many batches wait as the device has credit, so HTTP/2 holds the
rest back on the device's side; memory per stream is bounded by the credit, per process by the
queue. When the server drains, reading ends; what was read is still answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

from meshkit.drain import current_drain
from services.tracking.domain.batch import Answer

Request = TypeVar("Request")
Taken = TypeVar("Taken")
Take = Callable[[Request], Awaitable[tuple[Taken, Awaitable[Answer]]]]


async def answered(
    requests: AsyncIterator[Request], take: Take[Request, Taken], credit: int
) -> AsyncGenerator[tuple[Taken, Answer], None]:
    """What `take` made of each request, and its answer, in order. What it raises ends all."""
    waiting: asyncio.Queue[tuple[Taken, Awaitable[Answer]] | None] = asyncio.Queue()
    free = asyncio.Semaphore(credit)
    reader = asyncio.create_task(_read(requests, take, waiting, free))
    reader.add_done_callback(lambda _: waiting.put_nowait(None))
    drained = asyncio.create_task(current_drain().wait())
    drained.add_done_callback(lambda _: reader.cancel())
    try:
        while (item := await waiting.get()) is not None:
            yield item[0], await item[1]
            free.release()
        if not reader.cancelled():
            reader.result()
    finally:
        drained.cancel()
        reader.cancel()
        await asyncio.wait({reader, drained})


async def _read(
    requests: AsyncIterator[Request],
    take: Take[Request, Taken],
    waiting: asyncio.Queue[tuple[Taken, Awaitable[Answer]] | None],
    free: asyncio.Semaphore,
) -> None:
    await free.acquire()
    async for request in requests:
        waiting.put_nowait(await take(request))
        await free.acquire()
