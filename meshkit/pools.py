"""
Connections to PostgreSQL with a bound on everything: how many, how long to wait, how long to work.

A peer that vanished without a word is noticed by TCP: after 20 s of silence it is asked three
times, 5 s apart, on both ends of the connection; asyncpg alone would wait for ever (asyncpg#1326).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from meshkit.pg_errors import translating

KEEPALIVE_IDLE_SECONDS = 20
KEEPALIVE_PROBES = 3
KEEPALIVE_INTERVAL_SECONDS = 5
UNACKNOWLEDGED_MILLISECONDS = 30_000
IDLE_IN_TRANSACTION_SECONDS = 60  # a transaction that does nothing for so long is a bug: end it
CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a service's use of its store."""

    app_connections: int = 8
    worker_connections: int = 4
    acquire_seconds: float = 2.0  # waiting longer for a free connection is Exhausted
    statement_seconds: float = 10.0  # a longer statement is ended by the server
    connect_seconds: float = 5.0


class Pool:
    """At most so many connections as one role; a transaction is the only thing to do with them."""

    def __init__(self, pool: Any, acquire_seconds: float) -> None:
        self._pool = pool
        self._acquire_seconds = acquire_seconds

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, schema: str, size: int, limits: Limits) -> AsyncIterator[Pool]:
        """A pool for as long as the block runs."""
        options = _options(url, schema, limits)
        pool = await asyncpg.create_pool(  # connects when asked for a connection, not before
            min_size=0, max_size=size, init=_keep_alive, reset=_leave, **options
        )
        try:
            yield cls(pool, limits.acquire_seconds)
        finally:
            await _close(pool)

    @asynccontextmanager
    async def transaction(self, mode: Mapping[str, Any]) -> AsyncIterator[Any]:
        """A connection inside a transaction; what the store fails in leaves as a mesh error."""
        free = self._pool.acquire(timeout=self._acquire_seconds)
        with translating():
            async with free as connection, connection.transaction(**mode):
                yield connection


async def connect(url: str, schema: str, limits: Limits) -> Any:
    """A connection outside of any pool: for listening, and for holding a lease."""
    connection = await asyncpg.connect(**_options(url, schema, limits))
    await _keep_alive(connection)
    return connection


def _options(url: str, schema: str, limits: Limits) -> dict[str, Any]:
    return {
        "dsn": url,
        "timeout": limits.connect_seconds,
        "command_timeout": limits.statement_seconds + 1,  # the server ends it first, and says why
        "server_settings": {
            "application_name": schema,
            "search_path": f"{schema}, public",
            "statement_timeout": f"{int(limits.statement_seconds * 1000)}",
            "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s",
            "tcp_keepalives_idle": str(KEEPALIVE_IDLE_SECONDS),
            "tcp_keepalives_interval": str(KEEPALIVE_INTERVAL_SECONDS),
            "tcp_keepalives_count": str(KEEPALIVE_PROBES),
            "timezone": "UTC",
        },
    }


async def _keep_alive(connection: Any) -> None:
    """Our end of the keepalive; asyncpg offers no option for it, so its socket is asked for."""
    sock = connection._transport.get_extra_info("socket")
    if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MILLISECONDS)


async def _leave(connection: Any) -> None:
    """
    Nothing to reset: what we set (tenant, locks) ends with its transaction. Without this asyncpg
    asks the server to reset the session after every transaction, one round trip for nothing.
    """


async def _close(pool: Any) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()
