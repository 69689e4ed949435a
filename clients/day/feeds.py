"""Reading a feed from its beginning to its present end: every sequence number follows the last."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any

from clients.day.stopped import Stopped


async def gaps(watch: AsyncIterable[Any]) -> int:
    """How many changes are missing or out of order, up to the first heartbeat."""
    last: dict[int, int] = {}
    missing = 0
    async for page in watch:
        if not page.changes:
            return missing
        for change in page.changes:
            before = last.get(change.shard)
            if before is not None and change.sequence != before + 1:
                missing += 1
            last[change.shard] = change.sequence
    raise Stopped("the feed ended before its first heartbeat: what is missing is unknown")
