"""
How long there is left.

gRPC does not pass a deadline on: a service that is asked with 2 s left would ask the next one for
ever. So the time left is kept beside the call, and `meshkit.client` passes on a little less.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from meshkit.caller import MESH_DOMAIN
from meshkit.errors import TooLate

FLOOR_SECONDS = 0.005  # less than any answer takes: beginning would only waste both sides' time
MARGIN_SECONDS = 0.020  # kept back at each hop, to turn the answer or the failure around

_until: ContextVar[float | None] = ContextVar("deadline", default=None)  # monotonic


def remaining() -> float | None:
    """Seconds left to answer the present call; None when nothing limits it."""
    until = _until.get()
    return None if until is None else until - time.monotonic()


def onward(asked: float | None = None) -> float | None:
    """
    The timeout for a call made now: what is left less the margin, and no more than `asked`.

    Raises TooLate when that is too little to begin with.
    """
    left = remaining()
    return _least(asked, None if left is None else left - MARGIN_SECONDS)


@asynccontextmanager
async def limited(asked: float | None, seconds_max: float | None) -> AsyncIterator[None]:
    """
    Runs a block for as long as the caller asked, or the method's maximum, whichever is less.

    The caller's own deadline is gRPC's to end; the maximum is ours, and ends as TooLate.
    """
    seconds = _least(asked, seconds_max)
    if seconds is None:
        yield
        return
    _until.set(time.monotonic() + seconds)  # never reset: a call has its task for itself
    ours = asyncio.timeout(None if seconds == asked else seconds)
    try:
        async with ours:
            yield
    except TimeoutError as error:
        if not ours.expired():
            raise
        late = f"no answer within {seconds:.3g} s"
        raise TooLate("DEADLINE_EXCEEDED", late, domain=MESH_DOMAIN) from error


def _least(*limits: float | None) -> float | None:
    """The tightest limit, None without one; raises TooLate when it is not worth beginning."""
    seconds = min((limit for limit in limits if limit is not None), default=None)
    if seconds is not None and seconds < FLOOR_SECONDS:
        late = f"{max(seconds, 0):.3f} s are left"
        raise TooLate("DEADLINE_TOO_SHORT", late, domain=MESH_DOMAIN)
    return seconds
