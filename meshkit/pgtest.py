"""
PostgreSQL for tests: one server per session, a fresh database per test.

A pytest plugin (the root conftest names it). The first test of a session that asks for `postgres`
starts an embedded server; under xdist the controller starts one for all workers. A set of
migrations is applied once, to a template; each test gets a copy of it, to do with what it likes.

DOORSTEP_TEST_POSTGRES_URL names an administrator's URL of another server >= 15 to use instead.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from meshkit import migrate, roles
from meshkit.clock import Clock
from meshkit.embedded import EmbeddedPostgres
from meshkit.feed import SHARDS_DEFAULT
from meshkit.postgres import Database, Limits
from meshkit.roles import Access

URL_VARIABLE = "DOORSTEP_TEST_POSTGRES_URL"
PASSWORD = "test"  # noqa: S105 - of roles in a server that ends with the tests


class PostgresForTests:
    """A server, and databases on it that belong to one test each."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url
        self._templates: set[str] = set()

    @asynccontextmanager
    async def fresh(
        self,
        schema: str,
        migrations: Path,
        *,
        shards: int = SHARDS_DEFAULT,
        clock: Clock | None = None,
        limits: Limits | None = None,
    ) -> AsyncIterator[Database]:
        """A database that nobody else has, open."""
        async with (
            self.access(schema, migrations) as access,
            opened(access, shards=shards, clock=clock, limits=limits) as db,
        ):
            yield db

    @asynccontextmanager
    async def access(self, schema: str, migrations: Path) -> AsyncIterator[Access]:
        """The same without opening it: for tests that start processes, or open it twice."""
        template = await self._template(schema, migrations)
        name = f"test_{uuid.uuid4().hex}"
        await self._administer(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            url = roles.database_url(self.admin_url, name)
            yield roles.access(url, schema, PASSWORD, PASSWORD)
        finally:
            await self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    async def emptied(self, access: Access) -> None:
        """
        Takes every row out of a database, so that one test may follow another in it.

        Much quicker than a copy, where many tests each write little. Identities count on.
        """
        name = urlsplit(access.app_url).path.lstrip("/")
        await self._administer(EMPTY.format(schema=access.schema), name)

    async def _template(self, schema: str, migrations: Path) -> str:
        name = f"template_{schema}_{_fingerprint(migrations)}"
        if name not in self._templates:
            connection = await asyncpg.connect(self.admin_url)
            try:
                await connection.execute("SELECT pg_advisory_lock(hashtext('template'))")
                if not await connection.fetchval(EXISTS, name):
                    await self._make_template(connection, name, schema, migrations)
            finally:
                await connection.close()
            self._templates.add(name)
        return name

    async def _make_template(
        self, connection: Any, name: str, schema: str, migrations: Path
    ) -> None:
        """Made under another name: one that failed half-way is never taken for whole."""
        making = f"making_{uuid.uuid4().hex}"
        url = roles.database_url(self.admin_url, making)
        await connection.execute(f"CREATE DATABASE {making}")
        await roles.provision(url, schema, app_password=PASSWORD, worker_password=PASSWORD)
        await migrate.migrate(url, schema, migrations)
        await _refuse_unprotected(url, schema)
        await connection.execute(f"ALTER DATABASE {making} RENAME TO {name}")

    async def _administer(self, statement: str, database: str = "") -> None:
        url = roles.database_url(self.admin_url, database) if database else self.admin_url
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def opened(
    access: Access,
    *,
    shards: int = SHARDS_DEFAULT,
    clock: Clock | None = None,
    limits: Limits | None = None,
) -> AbstractAsyncContextManager[Database]:
    """Opens a database by what `PostgresForTests.access` gave; a second time plays a replica."""
    return Database.open(
        access.schema,
        app_url=access.app_url,
        worker_url=access.worker_url,
        shards=shards,
        clock=clock,
        limits=limits,
    )


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresForTests]:
    """The session's server."""
    if url := os.environ.get(URL_VARIABLE):
        yield PostgresForTests(url)
        return
    with open_folder() as folder, EmbeddedPostgres(folder / "pg") as server:
        yield PostgresForTests(server.admin_url)


def pytest_configure(config: pytest.Config) -> None:
    """Starts one server for all workers, who inherit its URL with the environment."""
    is_worker = hasattr(config, "workerinput")
    if is_worker or os.environ.get(URL_VARIABLE) or not config.getoption("numprocesses", None):
        return
    stack = ExitStack()
    folder = stack.enter_context(open_folder())
    server = stack.enter_context(EmbeddedPostgres(folder / "pg"))
    os.environ[URL_VARIABLE] = server.admin_url
    stack.callback(os.environ.pop, URL_VARIABLE)
    config.add_cleanup(stack.close)


@contextmanager
def open_folder() -> Iterator[Path]:
    """
    A temporary folder that the server's user may enter, when we are root and it is not.

    A server whose parent was killed may still write its last while the folder goes.
    """
    with tempfile.TemporaryDirectory(prefix="doorstep-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def _fingerprint(migrations: Path) -> str:
    files = itertools.chain(migrate.OWN_FOLDER.glob("*.sql"), migrations.glob("*.sql"))
    texts = [f"{path.name}\n{path.read_text()}" for path in sorted(files)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


async def _refuse_unprotected(url: str, schema: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        faults = await roles.unprotected_tables(connection, schema)
    finally:
        await connection.close()
    assert not faults, f"tenants are not apart in {schema}: {faults}"  # noqa: S101 - for tests


# As a replica: no trigger runs, and the feed keeps no memory of what it forgot.
EMPTY = """
    DO $$ DECLARE
        one regclass;
    BEGIN
        SET LOCAL session_replication_role = replica;
        FOR one IN
            SELECT oid FROM pg_class
            WHERE relnamespace = '{schema}'::regnamespace AND relkind IN ('r', 'p')
              AND NOT relispartition AND relname <> 'schema_migration'
        LOOP
            EXECUTE format('DELETE FROM %s', one);
        END LOOP;
    END $$"""

EXISTS = "SELECT 1 FROM pg_database WHERE datname = $1"
