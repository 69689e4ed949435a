"""Work that takes long enough to be felt is done in a thread: the event loop waits for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")

INLINE_MAX = 8  # presences or legs: below a millisecond or two of work


async def offloaded(
    size: int, work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
) -> Result:
    """What `work` returns; worked out here when it is about few things, else in a thread."""
    if size <= INLINE_MAX:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
