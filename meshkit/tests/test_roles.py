"""
The three roles of a schema, each tried out by connecting as it.

Method: plain connections, without meshkit's pools, so that what is shown is PostgreSQL's doing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg
import pytest

from meshkit import roles
from meshkit.migrate import migrate
from meshkit.pgtest import PostgresForTests
from meshkit.roles import Access
from meshkit.tests.conftest import MIGRATIONS

pytestmark = pytest.mark.pg

ADD = "INSERT INTO journal.entries (tenant, entry_id, text) VALUES ($1, $2, '')"
COUNT = "SELECT count(*) FROM journal.entries"
SET_TENANT = "SELECT set_config('doorstep.tenant', $1, true)"

Session = Callable[[], AbstractAsyncContextManager[Any]]


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    """A bare connection."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def access(postgres: PostgresForTests) -> AsyncIterator[Access]:
    """A schema with one entry of each of two tenants."""
    async with postgres.access("journal", MIGRATIONS) as access:
        async with connected(access.worker_url) as worker:
            await worker.executemany(ADD, [("acme", "a"), ("bolt", "b")])
        yield access


def admin_url(postgres: PostgresForTests, access: Access) -> str:
    """The administrator's way into the same database."""
    return roles.database_url(postgres.admin_url, access.app_url.rpartition("/")[2])


async def test_the_app_sees_one_tenant(access: Access) -> None:
    async with connected(access.app_url) as app, app.transaction():
        await app.execute(SET_TENANT, "acme")

        assert await app.fetchval(COUNT) == 1


@pytest.mark.parametrize("tenant", [None, ""])
async def test_the_app_without_a_tenant_gets_an_error_and_not_an_empty_answer(
    access: Access, tenant: str | None
) -> None:
    async with connected(access.app_url) as app, app.transaction():
        if tenant is not None:
            await app.execute(SET_TENANT, tenant)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="no tenant is set"):
            await app.fetchval(COUNT)


async def test_the_worker_sees_all_tenants(access: Access) -> None:
    async with connected(access.worker_url) as worker:
        assert await worker.fetchval(COUNT) == 2


async def test_the_owner_cannot_log_in(access: Access) -> None:
    url = access.app_url.replace("journal_app", "journal_owner")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(url)


async def test_row_level_security_holds_the_owner_too(
    postgres: PostgresForTests, access: Access
) -> None:
    async with connected(admin_url(postgres, access)) as admin, admin.transaction():
        await admin.execute("SET LOCAL ROLE journal_owner")
        await admin.execute(SET_TENANT, "acme")

        assert await admin.fetchval(COUNT) == 1


@pytest.mark.parametrize("role", ["app", "worker"])
async def test_no_role_of_a_service_may_do_more_than_its_work(access: Access, role: str) -> None:
    url = access.app_url if role == "app" else access.worker_url
    async with connected(url) as connection:
        for attempt in (
            "CREATE TABLE journal.mine (a int)",
            "DROP TABLE journal.entries",
            "TRUNCATE journal.entries",
            "SET ROLE journal_owner",
            "ALTER TABLE journal.entries DISABLE ROW LEVEL SECURITY",
            "DELETE FROM journal.schema_migration",
            "CREATE ROLE mine",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(attempt)
        assert not await connection.fetchval("SELECT current_setting('is_superuser')::boolean")


async def test_a_service_cannot_use_its_neighbours_schema(
    postgres: PostgresForTests, access: Access
) -> None:
    admin = admin_url(postgres, access)
    other = await roles.provision(admin, "neighbour", app_password="x", worker_password="x")
    await migrate(admin, "neighbour", MIGRATIONS)

    for url in (other.app_url, other.worker_url):
        async with connected(url) as neighbour:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await neighbour.fetchval(COUNT)


async def test_provisioning_twice_keeps_everything_and_renews_passwords(
    postgres: PostgresForTests, access: Access
) -> None:
    admin = admin_url(postgres, access)
    await roles.provision(admin, "renewed", app_password="x", worker_password="x")
    first = await roles.provision(admin, "renewed")
    second = await roles.provision(admin, "renewed")

    assert first.app_url != second.app_url
    async with connected(second.app_url):
        pass
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(first.app_url)


@pytest.mark.parametrize("name", ["", "Dispatch", "a-b", "a;b", "x" * 32, "1a"])
async def test_only_a_plain_word_names_a_schema(postgres: PostgresForTests, name: str) -> None:
    with pytest.raises(ValueError, match="not a schema's name"):
        await roles.provision(postgres.admin_url, name)


async def test_a_table_whose_tenants_are_not_apart_is_found(
    postgres: PostgresForTests, access: Access
) -> None:
    async with connected(admin_url(postgres, access)) as admin:
        assert await roles.unprotected_tables(admin, "journal") == []
        await admin.execute(
            "CREATE TABLE journal.open (entry_id text, tenant text, PRIMARY KEY (entry_id, tenant))"
        )

        assert await roles.unprotected_tables(admin, "journal") == [
            "open: no policy",
            "open: row-level security is off",
            "open: tenant is not first in the primary key",
            "open: the owner is exempt",
        ]


def test_a_password_does_not_show_when_access_is_printed() -> None:
    access = roles.access("postgresql://admin:p@h:1/d", "journal", "geheim", "geheim")

    assert "geheim" in access.app_url
    assert "geheim" not in repr(access)
