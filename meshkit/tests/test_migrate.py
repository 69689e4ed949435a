"""
Migrations: once each, in order, and nothing at all when files and schema do not fit together.

Method: small folders of files are written per case and applied to a fresh schema.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from meshkit import roles
from meshkit.migrate import MigrationError, Phase, migrate, read_folder
from meshkit.pgtest import PostgresForTests
from meshkit.tests.conftest import MIGRATIONS

A, B, C = "0001_pre_a.sql", "0002_post_b.sql", "0003_pre_c.sql"
TABLES = {A: "CREATE TABLE a (x int)", B: "CREATE TABLE b (x int)", C: "CREATE TABLE c (x int)"}
OWN = ["meshkit/0001_pre_base.sql"]


@pytest.fixture
async def url(postgres: PostgresForTests) -> AsyncIterator[str]:
    """A database with a provisioned and empty schema `fresh`."""
    async with postgres.access("journal", MIGRATIONS) as access:
        url = roles.database_url(postgres.admin_url, access.app_url.rpartition("/")[2])
        await roles.provision(url, "fresh", app_password="x", worker_password="x")
        yield url


def folder_of(path: Path, *names: str, **texts: str) -> Path:
    """A folder with these files and no others."""
    for old in path.glob("*"):
        old.unlink()
    for name in names:
        (path / name).write_text(texts.get(name[:4], TABLES.get(name, "SELECT 1")))
    return path


async def query(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@pytest.mark.pg
async def test_each_file_is_applied_once(url: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, A, B)

    assert await migrate(url, "fresh", folder) == [*OWN, f"fresh/{A}", f"fresh/{B}"]
    assert await migrate(url, "fresh", folder) == []
    assert await query(url, "SELECT tableowner FROM pg_tables WHERE tablename = 'b'") == (
        "fresh_owner"
    )


@pytest.mark.pg
async def test_two_processes_at_once_apply_each_file_once(url: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, A, B, C)
    done = await asyncio.gather(*(migrate(url, "fresh", folder) for _ in range(4)))

    assert sorted(map(len, done)) == [0, 0, 0, 4]


@pytest.mark.pg
async def test_a_file_that_fails_leaves_nothing_of_itself(url: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, A, B, **{"0002": "CREATE TABLE b (x int); SELECT 1/0"})

    with pytest.raises(MigrationError, match=B):
        await migrate(url, "fresh", folder)
    assert await query(url, "SELECT to_regclass('fresh.a') IS NOT NULL")
    assert await query(url, "SELECT to_regclass('fresh.b') IS NULL")
    folder_of(tmp_path, A, B)
    assert await migrate(url, "fresh", folder) == [f"fresh/{B}"]


@pytest.mark.pg
async def test_an_edited_file_is_refused(url: str, tmp_path: Path) -> None:
    await migrate(url, "fresh", folder_of(tmp_path, A))

    with pytest.raises(MigrationError, match="edited since"):
        await migrate(url, "fresh", folder_of(tmp_path, A, B, **{"0001": "SELECT 2"}))
    assert await query(url, "SELECT to_regclass('fresh.b') IS NULL")


@pytest.mark.pg
async def test_code_older_than_the_schema_is_refused(url: str, tmp_path: Path) -> None:
    await migrate(url, "fresh", folder_of(tmp_path, A, B))

    with pytest.raises(MigrationError, match="this code is older"):
        await migrate(url, "fresh", folder_of(tmp_path, A))


@pytest.mark.pg
async def test_the_phases_of_a_release_run_apart(url: str, tmp_path: Path) -> None:
    await migrate(url, "fresh", folder_of(tmp_path, A))
    folder_of(tmp_path, A, "0002_pre_b.sql", "0003_post_c.sql")

    with pytest.raises(MigrationError, match="pre phase of this release has not run"):
        await migrate(url, "fresh", tmp_path, Phase.POST)
    assert await migrate(url, "fresh", tmp_path, Phase.PRE) == ["fresh/0002_pre_b.sql"]
    assert await migrate(url, "fresh", tmp_path, Phase.POST) == ["fresh/0003_post_c.sql"]


@pytest.mark.pg
async def test_a_forgotten_post_phase_stops_the_next_release(url: str, tmp_path: Path) -> None:
    await migrate(url, "fresh", folder_of(tmp_path, A))

    with pytest.raises(MigrationError, match="post phase of the last release"):
        await migrate(url, "fresh", folder_of(tmp_path, A, B, C), Phase.PRE)


@pytest.mark.pg
async def test_an_empty_schema_takes_all_up_to_the_last_pre(url: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, A, B, C, "0004_post_d.sql")

    done = await migrate(url, "fresh", folder, Phase.PRE)
    assert done == [*OWN, *(f"fresh/{name}" for name in (A, B, C))]


@pytest.mark.pg
async def test_a_file_may_rewrite_rows_of_all_tenants_as_the_worker(
    url: str, tmp_path: Path
) -> None:
    make = """
        CREATE TABLE t (tenant text, x int, PRIMARY KEY (tenant));
        SELECT doorstep_protect('t')"""
    fill = "-- as worker\nINSERT INTO t VALUES ('acme', 1), ('bolt', 2)"
    folder = folder_of(tmp_path, A, B, **{"0001": make, "0002": fill})
    await migrate(url, "fresh", folder)

    assert await query(url, "SELECT sum(x) FROM fresh.t") == 3


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["0002_pre_a.sql"], "expected number 0001"),
        (["0001_pre_a.sql", "0003_pre_c.sql"], "expected number 0002"),
        (["0001_pre_a.sql", "0001_post_b.sql"], "expected number"),
        (["0001_a.sql"], "not named"),
        (["1_pre_a.sql"], "not named"),
        (["0001_pre_A.sql"], "not named"),
    ],
)
def test_a_bad_name_or_a_gap_is_refused(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(MigrationError, match=message):
        read_folder(folder_of(tmp_path, *names), "fresh")


def test_what_is_no_sql_file_is_left_alone(tmp_path: Path) -> None:
    folder_of(tmp_path, A, "README.md")

    assert [migration.name for migration in read_folder(tmp_path, "fresh")] == [A]
