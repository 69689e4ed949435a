"""
Migrations: numbered SQL files, each applied once, in order, in a transaction of its own.

`NNNN_pre_x.sql` runs before a deploy, while the old code still serves; `NNNN_post_x.sql` after it.
Both share one row of numbers from 1 without gaps. A file that was applied is never edited: its
checksum is kept, and a changed file is refused. meshkit's own files come first in every schema.

    python -m meshkit.migrate dispatch services/dispatch/migrations --phase pre

The administrator's URL is read from DOORSTEP_POSTGRES_ADMIN_URL.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import asyncpg

OWN_FOLDER = Path(__file__).parent / "migrations"
FILE_NAME = re.compile(r"(\d{4})_(pre|post)_[a-z0-9_]+\.sql")
AS_WORKER = "-- as worker"  # first line of a file that rewrites rows of all tenants
LOCK_SECONDS = 60  # how long to wait while another process migrates the same schema
URL_VARIABLE = "DOORSTEP_POSTGRES_ADMIN_URL"


class Phase(StrEnum):
    """Which files to run. ALL is for a machine whose services are stopped."""

    PRE = "pre"
    POST = "post"
    ALL = "all"


class MigrationError(Exception):
    """The files and the schema do not fit together; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A file. `origin` is whose it is: `meshkit`, or the schema's own."""

    origin: str
    number: int
    name: str
    phase: Phase
    text: str

    @property
    def checksum(self) -> str:
        """What tells an edited file from the one that was applied."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_folder(folder: Path, origin: str) -> list[Migration]:
    """The migrations of a folder, in order. Raises MigrationError for a bad name or a gap."""
    found = [_read(path, origin) for path in sorted(folder.glob("*.sql"))]
    for expected, migration in enumerate(found, 1):
        if migration.number != expected:
            raise MigrationError(f"{folder}: expected number {expected:04}, found {migration.name}")
    return found


async def migrate(admin_url: str, schema: str, folder: Path, phase: Phase = Phase.ALL) -> list[str]:
    """Applies what is due and returns the names. The roles must exist: see `meshkit.roles`."""
    files = {"meshkit": read_folder(OWN_FOLDER, "meshkit"), schema: read_folder(folder, schema)}
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        await connection.execute(LOCK, f"migrate.{schema}")
        await _run_as("owner", connection, schema, LEDGER.format(schema=schema))
        due = [m for own in files.items() for m in await _due(connection, schema, *own, phase)]
        for migration in due:
            await _apply(connection, schema, migration)
    finally:
        await connection.close()
    return [f"{migration.origin}/{migration.name}" for migration in due]


def _read(path: Path, origin: str) -> Migration:
    named = FILE_NAME.fullmatch(path.name)
    if named is None:
        raise MigrationError(f"{path}: not named NNNN_pre_x.sql or NNNN_post_x.sql")
    return Migration(origin, int(named[1]), path.name, Phase(named[2]), path.read_text())


async def _due(
    connection: Any, schema: str, origin: str, files: Sequence[Migration], phase: Phase
) -> list[Migration]:
    rows = await connection.fetch(APPLIED.format(schema=schema), origin)
    applied = {row["number"]: row["checksum"] for row in rows}
    _refuse_changed(files, applied)
    pending = [migration for migration in files if migration.number not in applied]
    if phase is Phase.PRE:
        pending = _through_last_pre(pending)
        skipped = [migration.name for migration in pending if migration.phase is Phase.POST]
        if skipped and applied:  # on an empty schema no old code can mind
            raise MigrationError(f"{skipped[0]} is due: run the post phase of the last release")
    if phase is Phase.POST and any(migration.phase is Phase.PRE for migration in pending):
        raise MigrationError(f"{schema}: the pre phase of this release has not run")
    return pending


def _refuse_changed(files: Sequence[Migration], applied: dict[int, str]) -> None:
    known = {migration.number: migration for migration in files}
    for number, checksum in sorted(applied.items()):
        if number not in known:
            raise MigrationError(f"{number:04} was applied and is not here: this code is older")
        if known[number].checksum != checksum:
            raise MigrationError(f"{known[number].name} was applied and edited since: add another")


def _through_last_pre(pending: Sequence[Migration]) -> list[Migration]:
    numbers = [migration.number for migration in pending if migration.phase is Phase.PRE]
    return [migration for migration in pending if migration.number <= max(numbers, default=0)]


async def _apply(connection: Any, schema: str, migration: Migration) -> None:
    role = "worker" if migration.text.startswith(AS_WORKER) else "owner"
    entry = (migration.origin, migration.number, migration.name, migration.checksum)
    try:
        async with connection.transaction():
            await _run_as(role, connection, schema, migration.text)
            await connection.execute(RECORD.format(schema=schema), *entry)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{migration.origin}/{migration.name}: {error}") from error


async def _run_as(role: str, connection: Any, schema: str, script: str) -> None:
    async with connection.transaction():
        await connection.execute(f"SET LOCAL ROLE {schema}_{role}")
        await connection.execute(f"SET LOCAL search_path = {schema}, public")
        await connection.execute(script)
        await connection.execute("RESET ROLE")


def main() -> None:
    """Migrates one schema and prints what it did."""
    parser = argparse.ArgumentParser(description="Migrates one service's schema.")
    parser.add_argument("schema")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--phase", type=Phase, choices=list(Phase), default=Phase.ALL)
    args = parser.parse_args()
    url = os.environ.get(URL_VARIABLE)
    if not url:
        sys.exit(f"set {URL_VARIABLE} to an administrator's URL")
    try:
        done = asyncio.run(migrate(url, args.schema, args.folder, args.phase))
    except (MigrationError, OSError) as error:
        sys.exit(str(error))
    print("\n".join(done) or "nothing to do")


LOCK = "SELECT pg_advisory_lock(hashtextextended($1, 0))"

LEDGER = """
    CREATE TABLE IF NOT EXISTS {schema}.schema_migration (
        origin     text        NOT NULL,
        number     integer     NOT NULL,
        name       text        NOT NULL,
        checksum   text        NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (origin, number)
    );
    REVOKE ALL ON {schema}.schema_migration FROM {schema}_app, {schema}_worker"""

APPLIED = "SELECT number, checksum FROM {schema}.schema_migration WHERE origin = $1"

RECORD = """
    INSERT INTO {schema}.schema_migration (origin, number, name, checksum)
    VALUES ($1, $2, $3, $4)"""


if __name__ == "__main__":
    main()
