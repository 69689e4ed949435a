"""
Starts processes in order, watches them, stops them in the reverse order.

A process that dies unasked is started again after a pause that doubles, a bounded number of times;
then the supervisor gives up and says so. Whatever happens is said aloud through `say`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.local.process import Process, Run, last_lines, told
from deploy.local.trouble import Trouble

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """What to do about a process that died."""

    enabled: bool = True
    pause_seconds: float = 0.5  # doubled with each death within the window
    pause_seconds_max: float = 10
    deaths_max: int = 5
    window_seconds: float = 120


class Supervisor:
    """The running processes of a mesh, by name."""

    def __init__(self, say: Say, policy: RestartPolicy) -> None:
        self.failed = asyncio.Event()  # somebody is gone for good
        self._say = say
        self._policy = policy
        self._runs: dict[str, Run] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._deaths: dict[str, deque[float]] = {}

    @property
    def runs(self) -> Mapping[str, Run]:
        """Who was started and not stopped, in the order of starting."""
        return self._runs

    async def start_all(self, *stages: Iterable[Process]) -> None:
        """Starts stage after stage; those of one stage start together. All are healthy after."""
        try:
            for stage in stages:
                async with asyncio.TaskGroup() as group:
                    for process in stage:
                        group.create_task(self.start(process))
        except* Trouble as several:
            raise several.exceptions[0] from None

    async def start(self, process: Process) -> None:
        """Starts one and waits until it is healthy; raises Trouble, and leaves nothing behind."""
        started = time.monotonic()
        run = await self._launch(process)
        try:
            await run.until_healthy()
        except BaseException:
            await self._end(process.name, Run.kill)
            raise
        self._watches[process.name] = asyncio.create_task(self._watch(run))
        seconds = time.monotonic() - started
        self._say(f"{process.name:<12} up on port {process.port} after {seconds:.1f} s")

    async def stop_all(self) -> None:
        """Stops everybody, the last started first; goes on when one of them resists."""
        for name in reversed(list(self._runs)):
            with contextlib.suppress(TimeoutError):
                await self.stop(name)

    async def stop(self, name: str) -> None:
        """Lets one end gracefully."""
        await self._end(name, Run.stop)

    async def kill(self, name: str) -> None:
        """SIGKILL, and nobody starts it again by itself."""
        await self._end(name, Run.kill)

    def pause(self, name: str) -> None:
        """Freezes one: it keeps its port and answers nobody."""
        self._runs[name].signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Lets a frozen one go on."""
        self._runs[name].signal(signal.SIGCONT)

    async def _launch(self, process: Process) -> Run:
        if process.name in self._runs:
            raise ValueError(f"{process.name} runs already")
        self._runs[process.name] = run = await Run.start(process)
        return run

    async def _end(self, name: str, how: Callable[[Run], Coroutine[Any, Any, None]]) -> None:
        if watch := self._watches.pop(name, None):
            watch.cancel()
        if run := self._runs.pop(name, None):
            await how(run)

    async def _watch(self, run: Run) -> None:
        process = run.process
        while True:
            exit_code = await run.ended()
            run.signal(signal.SIGKILL)  # what it started must not outlive it
            self._say(f"{process.name:<12} died ({told(exit_code)}); its log is {process.log}")
            if not self._may_restart(process.name):
                self._give_up(process)
                return
            await asyncio.sleep(self._pause(process.name))
            try:
                run = self._runs[process.name] = await Run.start(process)
                await run.until_healthy()
            except Trouble as trouble:
                self._say(str(trouble))
                await run.kill()  # which the next turn counts as another death
            else:
                self._say(f"{process.name:<12} up again on port {process.port}")

    def _may_restart(self, name: str) -> bool:
        deaths = self._deaths.setdefault(name, deque())
        now = time.monotonic()
        deaths.append(now)
        while deaths[0] < now - self._policy.window_seconds:
            deaths.popleft()
        return self._policy.enabled and len(deaths) <= self._policy.deaths_max

    def _pause(self, name: str) -> float:
        """No jitter: one process waits for its own port and shares it with nobody."""
        doubled = self._policy.pause_seconds * 2.0 ** (len(self._deaths[name]) - 1)
        return min(doubled, self._policy.pause_seconds_max)

    def _give_up(self, process: Process) -> None:
        del self._runs[process.name]
        self._watches.pop(process.name, None)
        self._say(f"{process.name:<12} stays down; its last lines:\n{last_lines(process.log)}")
        self.failed.set()
