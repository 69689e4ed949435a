"""A solver process as the planner sees it: started, asked, and killed when it does not answer."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import Any

from services.planner.adapters import frames
from services.planner.adapters.solver_jobs import Job
from services.planner.solver.solve import Outcome

ROOT = Path(__file__).resolve().parents[3]  # what `services` is imported from
WORKER = "services.planner.adapters.solver_worker"
START_SECONDS_MAX = 600.0  # the first start on a machine compiles the kernels


class SolverLost(Exception):
    """The process ended, or was ended, before it answered."""


class SolverProcess:
    """One running process. It does one job after the other."""

    def __init__(self, process: Process, engine: str) -> None:
        self._process = process
        self.engine = engine

    @classmethod
    async def start(cls) -> SolverProcess:
        """Starts a process and waits until it is warm."""
        command = (sys.executable, "-m", WORKER)
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, env=environment()
        )
        engine = ""
        try:
            engine = await asyncio.wait_for(next_value(process), START_SECONDS_MAX)
        except TimeoutError as error:
            raise SolverLost from error
        finally:
            if not engine:
                await end(process)
        return cls(process, engine)

    @property
    def is_running(self) -> bool:
        """Whether the process is still there."""
        return self._process.returncode is None

    @property
    def process_id(self) -> int:
        """The operating system's number of the process."""
        return self._process.pid

    async def answers(self, job: Job) -> AsyncGenerator[Any, None]:
        """Plans found on the way, then the answer; raises SolverLost when the process ends."""
        writer = self._process.stdin
        if writer is None or not self.is_running:
            raise SolverLost
        try:
            writer.write(await asyncio.to_thread(frames.packed, job))
            await writer.drain()
        except ConnectionError as error:
            raise SolverLost from error
        while True:
            value = await next_value(self._process)
            yield value
            if not isinstance(value, Outcome) or value.is_final:
                return

    async def stop(self) -> None:
        """Ends the process at once and waits until it is gone."""
        await end(self._process)


async def next_value(process: Process) -> Any:
    """What the process says next."""
    if process.stdout is None:
        raise SolverLost
    try:
        return await frames.received(process.stdout)
    except frames.Ended as error:
        raise SolverLost from error


async def end(process: Process) -> None:
    """Kills a process: a solver in OR-Tools' hands hears nothing else."""
    with suppress(ProcessLookupError):
        process.kill()
    await asyncio.shield(process.wait())


def environment() -> dict[str, str]:
    """The planner's own, with the project importable and one thread: a solver has one core."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "OMP_NUM_THREADS": "1",
    }
