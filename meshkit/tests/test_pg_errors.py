"""
What each failure of the store becomes, and that none of them tells a caller about the store.

Pure: the errors are made by hand; test_postgres.py meets the real ones.
"""

from __future__ import annotations

import asyncpg
import pytest

from meshkit.errors import AlreadyExists, Conflict, Exhausted, MeshError, Unavailable
from meshkit.pg_errors import translated, translating

SECRET = 'relation "deliveries" at 10.0.0.7:5432'


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (asyncpg.DiskFullError(SECRET), Unavailable),
        (asyncpg.OutOfMemoryError(SECRET), Unavailable),
        (asyncpg.TooManyConnectionsError(SECRET), Unavailable),
        (asyncpg.CannotConnectNowError(SECRET), Unavailable),
        (asyncpg.AdminShutdownError(SECRET), Unavailable),
        (asyncpg.CrashShutdownError(SECRET), Unavailable),
        (asyncpg.ConnectionDoesNotExistError(SECRET), Unavailable),
        (asyncpg.ReadOnlySQLTransactionError(SECRET), Unavailable),
        (asyncpg.InterfaceError("connection is closed"), Unavailable),
        (asyncpg.InternalClientError(SECRET), Unavailable),
        (ConnectionRefusedError(SECRET), Unavailable),
        (TimeoutError(SECRET), Exhausted),
        (asyncpg.QueryCanceledError(SECRET), Exhausted),
        (asyncpg.LockNotAvailableError(SECRET), Exhausted),
        (asyncpg.SerializationError(SECRET), Conflict),
        (asyncpg.DeadlockDetectedError(SECRET), Conflict),
        (asyncpg.ExclusionViolationError(SECRET), Conflict),
        (asyncpg.UniqueViolationError(SECRET), AlreadyExists),
    ],
)
def test_a_failure_of_the_store_is_an_error_of_the_mesh(
    error: Exception, kind: type[MeshError]
) -> None:
    meant = translated(error)

    assert type(meant) is kind
    assert SECRET not in str(meant)
    assert (meant.retry_after is None) == (kind is AlreadyExists)


def test_a_bug_tells_no_row() -> None:
    bug = asyncpg.CheckViolationError("new row violates a check")
    bug.detail = "Failing row contains (acme, Aino Aalto)."

    with pytest.raises(asyncpg.CheckViolationError) as caught, translating():
        raise bug

    assert str(caught.value) == "new row violates a check"


@pytest.mark.parametrize(
    "bug",
    [
        asyncpg.UndefinedTableError(SECRET),
        asyncpg.PostgresSyntaxError(SECRET),
        asyncpg.NotNullViolationError(SECRET),
        asyncpg.InterfaceError("another operation is in progress"),
    ],
)
def test_a_bug_of_ours_stays_what_it_is(bug: Exception) -> None:
    with pytest.raises(type(bug)), translating():
        raise bug


def test_an_error_of_the_mesh_passes_unchanged() -> None:
    with pytest.raises(Conflict, match="mine"), translating():
        raise Conflict("ROUTE_CHANGED", "mine")
