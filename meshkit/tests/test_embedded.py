"""
The embedded server: it starts, stops, recovers, and says what to do when it cannot run.

Method: a server of its own per test, in a folder of its own; obstacles are put in its way.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from meshkit import embedded, unprivileged
from meshkit.embedded import ADMIN, DATABASE, EmbeddedPostgres, PostgresProblem, explained
from meshkit.pgtest import open_folder
from meshkit.unprivileged import Account

pg = pytest.mark.pg


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's user may enter."""
    with open_folder() as folder:
        yield folder / "pg"


def query(server: EmbeddedPostgres, sql: str) -> Any:
    """Asks as the administrator."""
    return asyncio.run(_query(server.admin_url, sql))


async def _query(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


@pg
def test_it_keeps_what_it_acknowledged(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        query(server, "CREATE TABLE kept AS SELECT 7 AS x")
        settings = [query(server, f"SHOW {name}") for name in ("fsync", "full_page_writes")]
    with EmbeddedPostgres(folder) as server:
        assert query(server, "SELECT x FROM kept") == 7

    assert settings == ["on", "on"]


@pg
def test_its_log_shows_no_row_that_was_refused(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        query(server, "CREATE TABLE people (name text, floor int CHECK (floor > 0))")
        with pytest.raises(asyncpg.CheckViolationError):
            query(server, "INSERT INTO people VALUES ('Aino' || ' Aalto', -1)")

    log = (folder / "log").read_text()
    assert "violates check constraint" in log
    assert "Aino Aalto" not in log


@pg
def test_it_recovers_from_being_killed(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        query(server, "CREATE TABLE kept AS SELECT 7 AS x")
        server.kill()
        server.start()

        assert query(server, "SELECT x FROM kept") == 7


@pg
def test_it_listens_on_the_loopback_by_password_and_never_runs_as_root(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        addresses = query(server, "SHOW listen_addresses")
        wrong = f"postgresql://{ADMIN}:wrong@127.0.0.1:{server.port}/{DATABASE}"
        with pytest.raises(asyncpg.InvalidPasswordError):
            asyncio.run(_query(wrong, "SELECT 1"))
        owner = Path(f"/proc/{server.pid}").stat().st_uid

    assert addresses == "127.0.0.1"
    assert owner != 0


@pg
def test_nothing_runs_after_it_stopped_and_stopping_twice_is_harmless(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    pid = server.pid
    server.stop()
    server.stop()

    assert not Path(f"/proc/{pid}").exists()


@pg
def test_it_ends_with_a_starter_that_is_killed_and_starts_again(folder: Path) -> None:
    script = (
        "import pathlib, sys, time; from meshkit.embedded import EmbeddedPostgres;"
        f"server = EmbeddedPostgres(pathlib.Path({str(folder)!r})); server.start();"
        "print(server.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        os.kill(starter.pid, signal.SIGKILL)
    with EmbeddedPostgres(folder) as server:  # at once: the old one may be about to stop
        assert query(server, "SELECT 1") == 1
        assert server.pid != pid

    assert not Path(f"/proc/{pid}").exists()


@pg
def test_a_folder_in_use_is_refused(folder: Path) -> None:
    with (
        EmbeddedPostgres(folder),
        pytest.raises(PostgresProblem, match="is in use: stop the other"),
    ):
        EmbeddedPostgres(folder).start()


@pg
def test_a_taken_port_is_refused(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PostgresProblem, match=f"port {port} is taken: stop its owner"):
            EmbeddedPostgres(folder, port).start()


@pg
def test_a_broken_folder_is_explained_within_seconds(folder: Path) -> None:
    EmbeddedPostgres(folder).__enter__().stop()
    (folder / "data" / "global" / "pg_control").unlink()
    begun = time.monotonic()

    with pytest.raises(PostgresProblem, match=r"the end of .*log says"):
        EmbeddedPostgres(folder).start()
    assert time.monotonic() - begun < 10


def test_a_missing_wheel_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(embedded, "find_spec", lambda name: None)

    with pytest.raises(PostgresProblem, match="run 'make env', or give the URL"):
        EmbeddedPostgres(tmp_path / "pg").start()


def test_root_without_an_ordinary_user_is_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(embedded, "ordinary_account", lambda: None)

    with pytest.raises(PostgresProblem, match="refuses to run as root"):
        EmbeddedPostgres(tmp_path / "pg").start()


def test_a_closed_folder_on_the_way_is_named(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    (closed / "pg").mkdir(parents=True)
    closed.chmod(0o700)

    stranger = Account("stranger", uid=os.getuid() + 4711, gid=os.getgid() + 4711)
    assert stranger.barrier(closed / "pg" / "data") is not None
    assert Account("ourselves").barrier(closed / "pg" / "data") is None


def test_an_ordinary_user_runs_it_as_himself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    account = unprivileged.ordinary_account()

    assert account is not None
    assert account.command("postgres", "-V")[-5:] == ["", "", "", "postgres", "-V"]


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ('FATAL: could not write "pg_wal/x": No space left on device', "is full: free some space"),
        ('could not bind IPv4 address "127.0.0.1": Address already in use', "port 8430 is taken"),
        ("FATAL: database files are incompatible with server", "another version"),
        ("could not open file: Permission denied", "not ours to write"),
        ("[Errno 30] Read-only file system: '/srv'", "read-only disk"),
        ("PANIC: something new", "log says:\nPANIC: something new"),
    ],
)
def test_what_stopped_it_comes_with_what_to_do(said: str, advice: str) -> None:
    assert advice in explained(said, Path("/srv/pg"), 8430)
