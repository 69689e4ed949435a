"""
What the store's failures mean, said in the errors of the mesh.

The messages are ours: a text of PostgreSQL names tables and addresses, which no caller may see. The
cause stays attached for the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import asyncpg

from meshkit.caller import MESH_DOMAIN
from meshkit.errors import AlreadyExists, Conflict, Exhausted, MeshError, Unavailable

RETRY_AFTER = timedelta(seconds=1)  # a restart of PostgreSQL takes about that
RETRY_SOON = timedelta(milliseconds=250)

_UNAVAILABLE = (
    asyncpg.PostgresConnectionError,  # includes a connection lost during a statement
    asyncpg.OperatorInterventionError,  # the server shuts down, or is not yet up
    asyncpg.InsufficientResourcesError,  # disk full, out of memory, too many connections
    asyncpg.ReadOnlySQLTransactionError,  # a primary that became a standby
    asyncpg.PostgresSystemError,  # I/O error
    asyncpg.InternalServerError,  # a broken page or protocol: retry elsewhere
    asyncpg.InternalClientError,  # asyncpg's view of a server that died between two of its messages
    OSError,
)
_CONFLICT = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.ExclusionViolationError,
)
STORE_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
_EXHAUSTED = (asyncpg.QueryCanceledError, asyncpg.LockNotAvailableError, TimeoutError)


@contextmanager
def translating() -> Iterator[None]:
    """
    Errors of the store leave this block as errors of the mesh; all others as they are.

    None keeps its DETAIL: "Failing row contains (...)" would bring people's names into a log.
    """
    try:
        yield
    except STORE_ERRORS as error:
        if isinstance(error, asyncpg.PostgresError):
            error.detail = None
        raise translated(error) or error from error


def translated(error: Exception) -> MeshError | None:
    """What an error of the store means; None when it is a bug of ours."""
    if isinstance(error, _EXHAUSTED):  # first: a TimeoutError is an OSError too
        return exhausted()
    if isinstance(error, _UNAVAILABLE) or _is_closed(error):
        return unavailable()
    if isinstance(error, _CONFLICT):
        return conflict()
    if isinstance(error, asyncpg.UniqueViolationError):
        return AlreadyExists("ALREADY_EXISTS", "something of that name exists", domain=MESH_DOMAIN)
    return None


def unavailable() -> Unavailable:
    """The store is down, restarting, full or read-only."""
    return Unavailable(
        "STORE_UNAVAILABLE", "the store is away", domain=MESH_DOMAIN, retry_after=RETRY_AFTER
    )


def exhausted() -> Exhausted:
    """The store has more to do than it can, or this statement took too long."""
    return Exhausted("STORE_BUSY", "the store is busy", domain=MESH_DOMAIN, retry_after=RETRY_AFTER)


def conflict() -> Conflict:
    """Another transaction won the race for the same rows."""
    return Conflict(
        "TRANSACTION_CONFLICT",
        "another change to the same things came first",
        domain=MESH_DOMAIN,
        retry_after=RETRY_SOON,
    )


def _is_closed(error: Exception) -> bool:
    """asyncpg has one class for misuse and for a lost connection; the text tells them apart."""
    return isinstance(error, asyncpg.InterfaceError) and "clos" in str(error)
