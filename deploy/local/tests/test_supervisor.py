"""
Processes are started in order, watched, started again, and leave nothing behind.

Method: real processes that serve health on real ports (`toy.py`), real signals, and a look at the
process table afterwards.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.health import grpc_health
from deploy.local.process import Process
from deploy.local.supervisor import RestartPolicy, Supervisor
from deploy.local.trouble import Trouble
from deploy.table import ROOT

pytestmark = pytest.mark.mesh

SECONDS_MAX = 20
QUICK = RestartPolicy(pause_seconds=0.05, deaths_max=2)
NEVER = RestartPolicy(enabled=False)


@pytest.fixture
def said() -> list[str]:
    return []


def toy(folder: Path, name: str, *options: str, stop_seconds: float = 5) -> Process:
    port = ports.free([name])[name]
    return Process(
        name=name,
        command=(sys.executable, "-m", "deploy.local.tests.toy", str(port), *options),
        port=port,
        healthy=grpc_health(port),
        log=folder / f"{name}.log",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_seconds=SECONDS_MAX,
        stop_seconds=stop_seconds,
    )


def lives(pid: int) -> bool:
    """Whether it runs; one that only waits to be collected does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while not holds():  # noqa: ASYNC110 - processes tell no event
            await asyncio.sleep(0.05)


async def test_stages_start_in_order_and_stop_in_reverse(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor(said.append, NEVER)

    await supervisor.start_all([toy(tmp_path, "first")], [toy(tmp_path, "second")])
    pids = [run.pid for run in supervisor.runs.values()]
    await supervisor.stop_all()

    assert [line.split()[0] for line in said] == ["first", "second"]
    assert not any(lives(pid) for pid in pids)
    assert not supervisor.runs


async def test_one_that_is_killed_comes_back_on_its_port(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor(said.append, QUICK)
    process = toy(tmp_path, "phoenix")
    await supervisor.start(process)
    first = supervisor.runs["phoenix"].pid

    os.kill(first, signal.SIGKILL)
    await until(lambda: any("up again" in line for line in said))

    assert await process.healthy()
    assert supervisor.runs["phoenix"].pid != first
    assert any("died (by SIGKILL)" in line for line in said)
    await supervisor.stop_all()


async def test_one_that_dies_again_and_again_stays_down(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor(said.append, QUICK)

    await supervisor.start(toy(tmp_path, "moth", "--die-after", "0.3"))
    async with asyncio.timeout(SECONDS_MAX):
        await supervisor.failed.wait()

    assert "moth" not in supervisor.runs
    assert sum("died" in line for line in said) == QUICK.deaths_max + 1
    assert "out of time" in said[-1]  # its own last words


async def test_without_restarts_a_death_is_said_and_left(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor(said.append, NEVER)
    await supervisor.start(toy(tmp_path, "mortal"))

    os.kill(supervisor.runs["mortal"].pid, signal.SIGKILL)
    async with asyncio.timeout(SECONDS_MAX):
        await supervisor.failed.wait()

    assert "mortal" not in supervisor.runs


async def test_a_kill_that_was_asked_for_is_no_death(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor(said.append, QUICK)
    process = toy(tmp_path, "willing")
    await supervisor.start(process)

    await supervisor.kill("willing")
    assert not await process.healthy()
    await supervisor.start(process)

    assert await process.healthy()
    assert not any("died" in line for line in said)
    await supervisor.stop_all()


async def test_one_that_does_not_listen_is_made_to_end(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor(said.append, NEVER)
    await supervisor.start(toy(tmp_path, "deaf", "--deaf", stop_seconds=0.3))
    pid = supervisor.runs["deaf"].pid

    await supervisor.stop_all()

    assert not lives(pid)


async def test_a_frozen_process_keeps_its_port_and_wakes(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor(said.append, QUICK)
    process = toy(tmp_path, "sleeper")
    await supervisor.start(process)

    supervisor.pause("sleeper")
    assert not await process.healthy()
    supervisor.resume("sleeper")

    await until_healthy(process)
    assert not any("died" in line for line in said)
    await supervisor.stop_all()


async def until_healthy(process: Process) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while not await process.healthy():  # noqa: ASYNC110 - asked over a socket
            await asyncio.sleep(0.05)


async def test_what_a_process_started_ends_with_it(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor(said.append, NEVER)
    note = tmp_path / "child"
    await supervisor.start(toy(tmp_path, "parent", "--with-child", str(note)))

    await supervisor.kill("parent")

    await until(lambda: not lives(int(note.read_text())))


async def test_one_that_cannot_start_says_its_last_words(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor(said.append, NEVER)
    broken = toy(tmp_path, "broken", "--no-such-option")

    with pytest.raises(Trouble, match=r"(?s)broken ended at start.*no-such-option"):
        await supervisor.start(broken)
    assert not supervisor.runs


async def test_a_failed_start_takes_its_companions_down(tmp_path: Path, said: list[str]) -> None:
    supervisor = Supervisor(said.append, NEVER)
    good, bad = toy(tmp_path, "good"), toy(tmp_path, "bad", "--no-such-option")

    with pytest.raises(Trouble, match="bad ended at start"):
        await supervisor.start_all([good, bad])
    await supervisor.stop_all()

    assert not await good.healthy()


async def test_the_children_of_a_killed_parent_end_too(tmp_path: Path) -> None:
    port = ports.free(["orphan"])["orphan"]
    script = f"""
import asyncio, pathlib, sys
from deploy.local.health import grpc_health
from deploy.local.process import Process, Run

async def main():
    command = (sys.executable, "-m", "deploy.local.tests.toy", "{port}")
    process = Process("orphan", command, {port}, grpc_health({port}), pathlib.Path("orphan.log"),
                      env={{"PYTHONPATH": {str(ROOT)!r}}})
    run = await Run.start(process)
    await run.until_healthy()
    print(run.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()

    await until(lambda: not lives(pid))
