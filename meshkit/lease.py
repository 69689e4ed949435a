"""
A lease: of several replicas, one does a piece of work at a time.

It is an advisory lock that a connection of its own holds. PostgreSQL frees it when the connection
ends, so a killed process gives it up within milliseconds and a vanished machine within the
keepalive (35 s), and no clock has a say. A holder that was cut off learns it late: guard what must
never happen twice by a compare-and-set as well, as `meshkit.follow` does with its cursor.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from meshkit import pg_errors
from meshkit.postgres import Database

ASK_SECONDS = 1.0  # how often one that waits asks; plus a tenth of it at random

TAKE = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"


class Lease:
    """The right to work, while its connection lives."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def check(self) -> None:
        """Raises Unavailable when the lease is lost; ask before each step."""
        if self._connection.is_closed():
            raise pg_errors.unavailable()


@asynccontextmanager
async def leased(db: Database, name: str) -> AsyncIterator[Lease]:
    """Waits until nobody else of this schema has the lease `name`, and holds it for the block."""
    with pg_errors.translating():
        connection = await db.connect()
    try:
        with pg_errors.translating():
            await _take(connection, f"{db.schema}.{name}")
        yield Lease(connection)
    finally:
        connection.terminate()  # the server frees the lock; a goodbye could wait for a dead peer


async def _take(connection: Any, name: str) -> None:
    while True:
        if await connection.fetchval(TAKE, name):
            return
        await asyncio.sleep(ASK_SECONDS * (1 + random.random() / 10))  # noqa: S311 - jitter
