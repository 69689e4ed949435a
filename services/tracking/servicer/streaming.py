"""
One stream of batches: read ahead as far as the credit goes, answer in order, once durable.

The reader stops reading when as many batches wait as the device has credit, so HTTP/2 holds the
rest back on the device's side; memory per stream is bounded by the credit, per process by the
queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from services.tracking.domain.batch import Answer

Request = TypeVar("Request")
Take = Callable[[Request], Awaitable[Awaitable[Answer]]]


class _End:
    """What the reader leaves behind: the end of the requests, or why it stopped."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


async def answered(
    requests: AsyncIterator[Request], take: Take[Request], credit: int
) -> AsyncIterator[tuple[Request, Answer]]:
    """Each request with its answer, in order. What `take` raises ends the stream."""
    waiting: asyncio.Queue[tuple[Request, Awaitable[Answer]] | _End] = asyncio.Queue(credit)
    reader = asyncio.create_task(_read(requests, take, waiting))
    try:
        while not isinstance(item := await waiting.get(), _End):
            yield item[0], await item[1]
        if item.error is not None:
            raise item.error
    finally:
        reader.cancel()
        with suppress(asyncio.CancelledError):
            await reader


async def _read(
    requests: AsyncIterator[Request],
    take: Take[Request],
    waiting: asyncio.Queue[tuple[Request, Awaitable[Answer]] | _End],
) -> None:
    end = _End()
    try:
        async for request in requests:
            await waiting.put((request, await take(request)))
    except Exception as error:
        end = _End(error)
    await waiting.put(end)
