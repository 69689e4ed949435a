"""
A travel worker as the planner sees it: started, asked, and killed when it does not answer.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cattrs

from services.planner.adapters.roads import messages
from services.planner.adapters.roads.bad_map import BadMap
from services.planner.adapters.roads.messages import Message
from services.planner.domain.travel import MapInfo

ROOT = Path(__file__).resolve().parents[4]  # what `services` is imported from
WORKER = "services.planner.adapters.roads.worker"


class WorkerLost(Exception):
    """The worker ended, or was ended, before it answered."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a worker finds its map and leaves its answers."""

    map_file: Path
    maps: Path
    answers: Path
    compiled_code: Path
    """Machine code that numba made before."""


class Worker:
    """One running process. It answers one message after the other, in order."""

    def __init__(self, process: Process, info: MapInfo) -> None:
        self._process = process
        self.info = info

    @classmethod
    async def start(cls, folders: Folders, seconds_max: float) -> Worker:
        """Starts a worker and waits until it is warm; BadMap where the map is none."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", WORKER),
            *(str(folders.map_file), str(folders.maps), str(folders.answers)),
            stdin=PIPE,
            stdout=PIPE,
            env=_environment(folders),
        )
        is_ready = False
        try:
            info = await _ready(process, seconds_max)
            is_ready = True
        finally:
            if not is_ready:
                await _end(process)
        return cls(process, info)

    @property
    def is_running(self) -> bool:
        """Whether the process is still there."""
        return self._process.returncode is None

    @property
    def process_id(self) -> int:
        """The operating system's number of the process."""
        return self._process.pid

    async def ask(self, message: Message) -> Message:
        """The answer to a message, or WorkerLost."""
        writer = self._process.stdin
        if writer is None or not self.is_running:
            raise WorkerLost
        try:
            writer.write(messages.packed(message))
            await writer.drain()
        except ConnectionError as error:
            raise WorkerLost from error
        return await _received(self._process)

    async def stop(self) -> None:
        """Ends the process and waits until it is gone."""
        await _end(self._process)


async def _ready(process: Process, seconds_max: float) -> MapInfo:
    """What the worker says once it is warm."""
    try:
        message = await asyncio.wait_for(_received(process), seconds_max)
    except TimeoutError as error:
        raise WorkerLost from error
    if "refused" in message.head:
        raise BadMap(message.head["refused"])
    return cattrs.structure(message.head["ready"], MapInfo)


async def _received(process: Process) -> Message:
    message = None if process.stdout is None else await messages.received(process.stdout)
    if message is None:
        raise WorkerLost
    return message


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await asyncio.shield(process.wait())


def _environment(folders: Folders) -> dict[str, str]:
    """The planner's own, with the project importable and one thread: it has one core at most."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "NUMBA_CACHE_DIR": str(folders.compiled_code),
        "OMP_NUM_THREADS": "1",
    }
