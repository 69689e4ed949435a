"""
Forgets kept requests, ended optimizations and their plans, in time. One of `serve`'s loops.

Ages are real time: they bound a disk and how long positions are kept, no promise of the business.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import structlog

from meshkit.errors import MeshError
from meshkit.lease import leased
from meshkit.postgres import Database

REQUESTS_KEPT = timedelta(days=7)  # the contract states it
REQUESTS_MAX = 10_000  # of a tenant; the contract states it
OPTIMIZATIONS_KEPT = timedelta(days=30)  # after their end
ROWS_MAX = 1_000  # in one transaction
EVERY_SECONDS = 600.0  # plus a tenth of it at random

log = structlog.get_logger()

OLD_REQUESTS = """
    DELETE FROM requests WHERE (tenant, optimization_id) IN (
        SELECT r.tenant, r.optimization_id FROM requests r
        LEFT JOIN optimizations o ON o.tenant = r.tenant AND o.optimization_id = r.optimization_id
        WHERE r.stored_at < clock_timestamp() - $1::interval
          AND (o.state IS NULL OR o.state NOT IN ('QUEUED', 'RUNNING'))
        LIMIT $2
    )"""

SURPLUS_REQUESTS = """
    DELETE FROM requests WHERE (tenant, optimization_id) IN (
        SELECT r.tenant, r.optimization_id FROM (
            SELECT tenant, optimization_id,
                   row_number() OVER (PARTITION BY tenant ORDER BY stored_at DESC) AS place
            FROM requests
        ) r
        LEFT JOIN optimizations o ON o.tenant = r.tenant AND o.optimization_id = r.optimization_id
        WHERE r.place > $1 AND (o.state IS NULL OR o.state NOT IN ('QUEUED', 'RUNNING'))
        LIMIT $2
    )"""

OLD_PLANS = """
    DELETE FROM best_plans p USING optimizations o
    WHERE o.tenant = p.tenant AND o.optimization_id = p.optimization_id
      AND o.over_at < clock_timestamp() - $1::interval"""

OLD_OPTIMIZATIONS = """
    DELETE FROM optimizations WHERE over_at < clock_timestamp() - $1::interval"""

OLD_BATCHES = """
    DELETE FROM batches b WHERE b.end_time IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM optimizations o WHERE o.tenant = b.tenant AND o.batch_id = b.batch_id
    )"""


async def forget_requests_in_time(
    db: Database,
    requests_kept: timedelta = REQUESTS_KEPT,
    requests_max: int = REQUESTS_MAX,
    optimizations_kept: timedelta = OPTIMIZATIONS_KEPT,
    every_seconds: float = EVERY_SECONDS,
) -> None:
    """Forgets what is older or too much, now and then, for ever."""
    while True:
        try:
            async with leased(db, "requests"):
                requests = await forget_requests(db, requests_kept, requests_max)
                optimizations = await forget_optimizations(db, optimizations_kept)
                log.info("old_solves_forgotten", requests=requests, optimizations=optimizations)
        except MeshError as error:
            log.warning("retention_interrupted", reason=error.reason)
        await asyncio.sleep(every_seconds * (1 + random.random() / 10))  # noqa: S311 - jitter


async def forget_requests(db: Database, kept: timedelta, most: int) -> int:
    """Forgets requests that are older, and of each tenant the oldest beyond so many."""
    total = 0
    for statement, bound in ((OLD_REQUESTS, kept), (SURPLUS_REQUESTS, most)):
        gone = ROWS_MAX
        while gone == ROWS_MAX:
            async with db.worker() as tx:
                gone = await tx.execute(statement, bound, ROWS_MAX)
            total += gone
    return total


async def forget_optimizations(db: Database, kept: timedelta) -> int:
    """Forgets optimizations that ended so long ago, their plans, and batches without parts."""
    async with db.worker() as tx:
        await tx.execute(OLD_PLANS, kept)
        gone = await tx.execute(OLD_OPTIMIZATIONS, kept)
        await tx.execute(OLD_BATCHES)
    return gone
