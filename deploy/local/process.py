"""One process of the mesh: what it is, and the life of one run of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from deploy.local import tether
from deploy.local.trouble import Trouble, disk_trouble
from deploy.table import ROOT

LOG_BYTES_MAX = 32 * 1024 * 1024  # at a start; a longer log becomes NAME.log.1
LOG_LINES_SHOWN = 15
REAP_SECONDS = 10  # for a killed process to be gone

Probe = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Process:
    """A line of the mesh's table."""

    name: str
    command: tuple[str, ...]
    port: int
    healthy: Probe
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = 60  # until healthy
    stop_seconds: float = 30  # from SIGTERM until SIGKILL


class Run:
    """One run of a process, in a process group of its own that ends with it."""

    def __init__(self, process: Process, child: asyncio.subprocess.Process) -> None:
        self.process = process
        self._child = child

    @classmethod
    async def start(cls, process: Process) -> Run:
        """Starts it; raises Trouble when there is no such program or no room for its log."""
        with disk_trouble(str(process.log)), open_log(process.log) as log:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-IS",
                tether.__file__,
                str(os.getpid()),
                *process.command,
                env=dict(process.env),
                cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return cls(process, child)

    @property
    def pid(self) -> int:
        """Its process id, and its group's."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """How it ended; negative: by that signal; None: it runs."""
        return self._child.returncode

    async def ended(self) -> int:
        """Waits for its end."""
        return await self._child.wait()

    def signal(self, number: int) -> None:
        """Sends a signal to the process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    async def until_healthy(self) -> None:
        """Waits until it serves; raises Trouble when it ends first or takes too long."""
        try:
            async with asyncio.timeout(self.process.start_seconds):
                while not await self.process.healthy():
                    if self.exit_code is not None:
                        raise self.died()
                    await asyncio.sleep(0.05)  # a local health check costs about a millisecond
        except TimeoutError:
            raise Trouble(
                f"{self.process.name} was not healthy within {self.process.start_seconds:.0f} s",
                f"read {self.process.log}; its last lines:\n{last_lines(self.process.log)}",
            ) from None

    def died(self) -> Trouble:
        """What to say of its end."""
        return Trouble(
            f"{self.process.name} ended at start ({told(self.exit_code)})",
            f"read {self.process.log}; its last lines:\n{last_lines(self.process.log)}",
        )

    async def stop(self) -> None:
        """Asks it to end, then makes it; whatever it started ends too."""
        if self.exit_code is None:
            self.signal(signal.SIGCONT)  # a paused process hears nothing
            self.signal(signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.process.stop_seconds):
                    await self.ended()
        await self.kill()

    async def kill(self) -> None:
        """Ends it and its group without asking."""
        self.signal(signal.SIGKILL)
        async with asyncio.timeout(REAP_SECONDS):
            await self.ended()


def open_log(path: Path) -> IO[bytes]:
    """For appending; a log that grew too long becomes the older one first."""
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def last_lines(path: Path) -> str:
    """The end of a log, for a message."""
    with contextlib.suppress(OSError), path.open(errors="replace") as file:
        return "".join(f"    {line}" for line in deque(file, LOG_LINES_SHOWN)).rstrip()
    return "    (nothing)"


def told(exit_code: int | None) -> str:
    if exit_code is None:
        return "running"
    if exit_code < 0:
        return f"by {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
