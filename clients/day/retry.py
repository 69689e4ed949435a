"""Trying again: what passes by itself is repeated with the same identity until it is answered."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from meshkit.errors import Exhausted, TooLate, Unavailable

RETRY_SECONDS = (0.2, 2.0)  # from, to; doubled each time, with jitter
TRIES_MAX = 120  # some minutes: a service that is not back by then does not come back
# Somebody restarts or is busy.
PASSING = (Unavailable, Exhausted, TooLate)

Answer = TypeVar("Answer")
Send = Callable[[], Awaitable[object]]


async def persist(send: Callable[[], Awaitable[Answer]], dice: random.Random) -> Answer:
    """Sends until it is answered; what cannot pass by itself is raised, and so is the last try."""
    for delay in backoff(dice):
        try:
            return await send()
        except PASSING:
            await asyncio.sleep(delay)
    return await send()


def backoff(dice: random.Random) -> Iterator[float]:
    """Seconds to wait before each further try."""
    delay, longest = RETRY_SECONDS
    for _ in range(TRIES_MAX):
        yield delay * dice.uniform(0.5, 1.0)
        delay = min(delay * 2, longest)
