"""
PostgreSQL for the local mesh: our own, or one that somebody gives us by URL; then roles and tables.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import asyncpg

from deploy.local.ports import HOST
from deploy.local.trouble import Trouble
from deploy.table import Service
from meshkit.embedded import EmbeddedPostgres, PostgresProblem
from meshkit.migrate import MigrationError, migrate
from meshkit.roles import Access, provision

ANSWERLESS = (OSError, asyncpg.PostgresError)  # away, or closed to us


class Server(Protocol):
    """Something that answers SQL."""

    @property
    def admin_url(self) -> str:
        """The administrator's URL. Holds a password: never printed."""

    def start(self) -> None:
        """Returns when it answers."""

    def stop(self) -> None:
        """Ends it, where it is ours."""

    def kill(self) -> None:
        """Ends it as a crash would, where it is ours."""

    async def ended(self) -> None:
        """Returns when it has ended by itself."""


class Embedded:
    """Our own server. Every call runs in the main thread, to whose life the kernel ties it."""

    def __init__(self, folder: Path, port: int) -> None:
        self._server = EmbeddedPostgres(folder, port)

    @property
    def admin_url(self) -> str:
        """The administrator's URL."""
        return self._server.admin_url

    def start(self) -> None:
        """Starts it; a crash is recovered from first. Raises Trouble."""
        try:
            self._server.start()
        except PostgresProblem as problem:
            raise Trouble(str(problem)) from problem

    def stop(self) -> None:
        """Ends its sessions, then itself."""
        self._server.stop()

    def kill(self) -> None:
        """SIGKILL."""
        self._server.kill()

    async def ended(self) -> None:
        """Waits on the process itself, without polling."""
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        descriptor = os.pidfd_open(self._server.pid)
        loop.add_reader(descriptor, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)


class External:
    """Somebody else's server: we use it, and never start or stop it."""

    def __init__(self, admin_url: str) -> None:
        self.admin_url = admin_url

    def start(self) -> None:
        """Nothing to do."""

    def stop(self) -> None:
        """Nothing to do."""

    def kill(self) -> None:
        """Refused."""
        raise ValueError("this PostgreSQL is not ours to kill")

    async def ended(self) -> None:
        """Never."""
        await asyncio.Event().wait()


def server(admin_url: str, folder: Path, port: int) -> Server:
    """The one by URL, or our own."""
    return External(admin_url) if admin_url else Embedded(folder, port)


EXISTING = "SELECT nspname FROM pg_namespace WHERE nspname = ANY($1)"


async def require_new(admin_url: str, schemas: Sequence[str]) -> None:
    """Raises Trouble when a database holds any of these schemas, or cannot be asked."""
    try:
        connection = await asyncpg.connect(admin_url)
    except ANSWERLESS as error:
        raise refused(error) from error
    try:
        found = await connection.fetch(EXISTING, list(schemas))
    finally:
        await connection.close()
    if found:
        raise Trouble(
            "the database of DOORSTEP_DATABASE_URL holds an earlier mesh, and is not ours to empty",
            "drop that database and make a new one; or unset the variable to use our own",
        )


def refused(error: Exception) -> Trouble:
    """Why PostgreSQL cannot be used, and how it is named."""
    return Trouble(
        f"PostgreSQL refuses: {error}",
        "look at DOORSTEP_DATABASE_URL: it must be an administrator's, as in"
        f" postgresql://postgres:...@{HOST}:5432/doorstep; or unset it to use our own",
    )


async def provision_all(admin_url: str, services: Iterable[Service]) -> Mapping[str, Access]:
    """A schema, three roles and all migrations for each service. Raises Trouble."""
    try:
        return {service.name: await provision_one(admin_url, service) for service in services}
    except ANSWERLESS as error:
        raise refused(error) from error
    except (MigrationError, ValueError) as error:
        raise Trouble(
            f"the database does not fit this version: {error}",
            "start with --fresh to forget its data, or check out the version that made it",
        ) from error


async def provision_one(admin_url: str, service: Service) -> Access:
    access = await provision(admin_url, service.name)
    await migrate(admin_url, service.name, service.migrations)
    return access
