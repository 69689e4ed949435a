"""
Forgetting in time: old changes of the feed and old answers to request ids.

One of `serve`'s loops: `partial(forget_in_time, db)`. Of several replicas one works at a time. Both
ages are in real time, since they bound a disk and not a promise of the business.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import structlog

from meshkit import feed, idempotency
from meshkit.errors import MeshError
from meshkit.lease import leased
from meshkit.postgres import Database

FEED_KEPT = timedelta(days=7)  # a reader that was away longer starts again from a snapshot
EVERY_SECONDS = 600.0  # plus a tenth of it at random

log = structlog.get_logger()


async def forget_in_time(
    db: Database,
    feed_kept: timedelta = FEED_KEPT,
    answers_kept: timedelta = idempotency.KEPT,
    every_seconds: float = EVERY_SECONDS,
) -> None:
    """Forgets what is older, now and then, for ever."""
    while True:
        try:
            async with leased(db, "retention"):
                changes = await forget_changes(db, feed_kept)
                answers = await idempotency.prune(db, answers_kept)
                log.info("old_rows_forgotten", changes=changes, answers=answers)
        except MeshError as error:
            log.warning("retention_interrupted", reason=error.reason)
        await asyncio.sleep(every_seconds * (1 + random.random() / 10))  # noqa: S311 - jitter


async def forget_changes(db: Database, kept: timedelta) -> int:
    """Forgets older changes, a bounded number per transaction, and tells how many."""
    total = 0
    while True:
        async with db.worker() as tx:
            gone = await feed.compact(tx, kept)
        total += gone
        if not gone:
            return total
