"""
The mesh as an object and as a command: everything up inside, nothing left after.

Method: a mesh without its services (a real PostgreSQL, Envoy and receiver of spans) on free ports;
the whole mesh is started in tests/mesh. The command is a real process that gets real signals.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from deploy.local import ports
from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from deploy.local.supervisor import RestartPolicy
from deploy.local.tests.test_supervisor import lives
from deploy.local.trouble import Trouble
from deploy.table import ROOT
from meshkit.clock import read_pace
from meshkit.pgtest import open_folder
from meshkit.roles import provision

pytestmark = [pytest.mark.mesh, pytest.mark.pg]

SECONDS_MAX = 60
BARE = Plan(services=(), web=False, simulated=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where PostgreSQL may work when the tests run as root: pytest's own folders are closed."""
    with open_folder() as path:
        yield path / "state"


@asynccontextmanager
async def bare_mesh(folder: Path, said: list[str]) -> AsyncIterator[Mesh]:
    async with Mesh(State(folder), BARE, base=0, say=said.append) as mesh:
        yield mesh


async def answer(mesh: Mesh) -> object:
    connection = await asyncpg.connect(mesh.admin_url)
    try:
        return await connection.fetchval("SELECT 1")
    finally:
        await connection.close()


async def until_answered(mesh: Mesh) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while not await answers(mesh):  # noqa: ASYNC110 - asked over a socket
            await asyncio.sleep(0.1)


async def answers(mesh: Mesh) -> bool:
    try:
        return await answer(mesh) == 1
    except (OSError, asyncpg.PostgresError):
        return False


async def test_everything_is_up_inside_and_gone_after(folder: Path) -> None:
    said: list[str] = []

    async with bare_mesh(folder, said) as mesh:
        pids = dict(mesh.running)
        assert list(pids) == ["otlp", "gateway"]
        assert await answers(mesh)
        assert read_pace(State(folder).clock_file).factor == 1

    assert not any(lives(pid) for pid in pids.values())
    assert not any(ports.is_taken(port) for port in mesh.ports.values())
    assert "starting a new mesh" in said[0]


async def test_a_second_start_says_that_it_resumes(folder: Path) -> None:
    said: list[str] = []
    async with bare_mesh(folder, []) as mesh:
        await execute(mesh, "CREATE TABLE kept (x int)")

    async with bare_mesh(folder, said) as mesh:
        await execute(mesh, "INSERT INTO kept VALUES (1)")

    assert "resuming the mesh" in said[0]


async def execute(mesh: Mesh, statement: str) -> None:
    connection = await asyncpg.connect(mesh.admin_url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_forgetting_starts_a_new_mesh(folder: Path) -> None:
    said: list[str] = []
    async with bare_mesh(folder, []):
        pass

    mesh = Mesh(State(folder), BARE, base=0, say=said.append)
    mesh.forget()
    async with mesh:
        pass

    assert "starting a new mesh" in said[0]


async def test_a_mesh_that_runs_is_neither_joined_nor_forgotten(folder: Path) -> None:
    async with bare_mesh(folder, []) as mesh:
        with pytest.raises(Trouble, match="already runs"):
            async with bare_mesh(folder, []):
                pass
        with pytest.raises(Trouble, match="already runs"):
            Mesh(State(folder), BARE, base=0).forget()
        assert await answers(mesh)


async def test_postgres_is_killed_and_restarted_at_will(folder: Path) -> None:
    async with bare_mesh(folder, []) as mesh:
        await execute(mesh, "CREATE TABLE kept AS SELECT 7 AS x")
        await mesh.kill_postgres()
        assert not await answers(mesh)
        await mesh.restart_postgres()
        await execute(mesh, "SELECT x FROM kept")


async def test_postgres_that_dies_by_itself_comes_back(folder: Path) -> None:
    said: list[str] = []
    async with bare_mesh(folder, said) as mesh:
        pid = int((folder / "pg" / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(SECONDS_MAX):
            while not any("up again" in line for line in said):  # noqa: ASYNC110 - said, not told
                await asyncio.sleep(0.05)
        await until_answered(mesh)


async def test_a_taken_port_stops_the_start_and_leaves_nothing(folder: Path) -> None:
    mesh = Mesh(State(folder), BARE, base=0, say=lambda _: None)
    with socket.socket() as other:
        other.bind((ports.HOST, mesh.ports["gateway"]))
        other.listen()
        with pytest.raises(Trouble, match=r"\(gateway\)"):
            await mesh.__aenter__()

    assert not mesh.running
    with State(folder).locked():
        pass


async def test_a_missing_map_stops_the_start(folder: Path) -> None:
    plan = Plan(services=(), map_file=folder / "nowhere.osm.pbf")

    with pytest.raises(Trouble, match=r"nowhere\.osm\.pbf(?s:.*)MAP="):
        async with Mesh(State(folder), plan, base=0, say=lambda _: None):
            pass


async def test_an_unreachable_database_says_how_to_name_it(folder: Path) -> None:
    plan = Plan(database_url="postgresql://nobody:x@127.0.0.1:1/doorstep")

    with pytest.raises(Trouble, match="DOORSTEP_DATABASE_URL"):
        async with Mesh(State(folder), plan, base=0, say=lambda _: None):
            pass


async def test_somebody_s_database_must_be_new_for_a_new_day(folder: Path) -> None:
    async with bare_mesh(folder, []) as theirs:
        plan = Plan(services=(), database_url=theirs.admin_url)
        mesh = Mesh(State(folder / "day"), plan, base=0, say=lambda _: None)
        await mesh.begin_anew()
        await provision(theirs.admin_url, "dispatch")
        with pytest.raises(Trouble, match=r"earlier mesh(?s:.*)drop that database"):
            await mesh.begin_anew()


@asynccontextmanager
async def command(folder: Path, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m deploy.local` without services, when it is up."""
    base = 20_000 + os.getpid() % 200 * 200
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.local", "--only", *options),
        cwd=ROOT,
        env={**os.environ, "DOORSTEP_STATE": str(folder), "DOORSTEP_PORT_BASE": str(base)},
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def read_until(process: asyncio.subprocess.Process, words: str) -> str:
    assert process.stderr is not None
    said = ""
    async with asyncio.timeout(SECONDS_MAX):
        while words not in said:
            line = (await process.stderr.readline()).decode()
            assert line, f"it ended after saying:\n{said}"
            said += line
    return said


def processes_in(session: int) -> list[int]:
    """Everything whose parent is this process, dead ones aside."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == session and fields[0] != "Z":
            found.append(int(entry.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_stops_everything_when_told(number: int, folder: Path) -> None:
    async with command(folder) as process:
        said = await read_until(process, "^C stops everything")
        children = processes_in(process.pid)
        process.send_signal(number)
        async with asyncio.timeout(SECONDS_MAX):
            exit_code = await process.wait()

    assert exit_code == 0
    assert len(children) >= 3  # PostgreSQL, Envoy, the receiver of spans
    assert not any(lives(pid) for pid in children)
    assert "http://127.0.0.1:" in said


async def test_nothing_outlives_a_command_that_was_killed(folder: Path) -> None:
    async with command(folder) as process:
        await read_until(process, "^C stops everything")
        children = processes_in(process.pid)
        process.kill()
        await process.wait()

    async with asyncio.timeout(SECONDS_MAX):
        while any(lives(pid) for pid in children):  # noqa: ASYNC110 - the kernel tells no event
            await asyncio.sleep(0.1)


async def test_the_command_starts_again_after_it_was_killed(folder: Path) -> None:
    for _ in range(2):
        async with command(folder) as process:
            await read_until(process, "^C stops everything")
            process.kill()
            await process.wait()


async def test_a_second_command_is_refused_and_told_whom_to_stop(folder: Path) -> None:
    async with command(folder) as first:
        await read_until(first, "^C stops everything")
        async with command(folder) as second:
            said = await read_until(second, "what to do")
            assert await second.wait() == 1

    assert f"kill {first.pid}" in said


def test_a_policy_without_restarts_is_the_tests_friend() -> None:
    assert not Plan(restart=RestartPolicy(enabled=False)).restart.enabled
