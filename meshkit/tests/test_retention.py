"""
Retention: what is old goes, in bounded steps, and what is young stays.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from meshkit import feed
from meshkit.postgres import Database
from meshkit.retention import forget_changes, forget_in_time
from meshkit.tests.journal import write_each, write_request
from meshkit.tests.test_idempotency import attempt

pytestmark = pytest.mark.pg


async def count(db: Database, table: str) -> Any:
    async with db.worker() as tx:
        return await tx.fetchval(f"SELECT count(*) FROM {table}")


async def age(db: Database, table: str, span: timedelta) -> None:
    async with db.worker() as tx:
        await tx.execute(f"UPDATE {table} SET stored_at = stored_at - $1::interval", span)


async def test_old_changes_go_in_bounded_steps(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "COMPACT_ROWS_MAX", 2)
    await write_each(db, "acme", "a", "b", "c", "d", "e")
    await age(db, "feed", timedelta(hours=2))
    await write_each(db, "acme", "young")

    assert await forget_changes(db, timedelta(hours=1)) == 5
    assert await count(db, "feed") == 1


async def test_the_loop_forgets_changes_and_answers(db: Database) -> None:
    await attempt(db, write_request("old"))
    await age(db, "feed", timedelta(days=8))
    await age(db, "idempotency", timedelta(days=4))
    await attempt(db, write_request("young"))
    loop = asyncio.create_task(forget_in_time(db, every_seconds=0.05))
    for _ in range(100):
        if await count(db, "idempotency") == 1:
            break
        await asyncio.sleep(0.02)  # the loop is at work, bounded by the range
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)

    assert [await count(db, table) for table in ("feed", "idempotency")] == [1, 1]
