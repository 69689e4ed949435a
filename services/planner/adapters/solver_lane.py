"""
A lane: warm solver processes of one kind, and who waits for them.

A process that is lost, or left in the middle of its job, is killed, which frees its core; the spare
takes its place.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from meshkit.caller import caller_or_none
from services.planner.adapters.solver_process import SolverLost, SolverProcess
from services.planner.adapters.solver_spare import Spare
from services.planner.adapters.turns import Turns, busy

log = structlog.get_logger()


class Lane:
    """Processes, each given to one job at a time."""

    def __init__(self, size: int, waiting_max: int, spare: Spare) -> None:
        self.members: set[SolverProcess] = set()
        self.turns: Turns[SolverProcess] = Turns(waiting_max)
        self._size, self._spare = size, spare
        self._starting: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Starts all processes, side by side. Raises SolverLost when one does not start."""
        starts = (SolverProcess.start() for _ in range(self._size))
        started = await asyncio.gather(*starts, return_exceptions=True)
        for process in started:
            if isinstance(process, SolverProcess):
                self._add(process)
        if len(self.members) < self._size:
            raise SolverLost

    async def close(self) -> None:
        """Ends all processes, whatever they do."""
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(process.stop() for process in self.members))

    @asynccontextmanager
    async def turn(self, until: float = math.inf) -> AsyncIterator[SolverProcess]:
        """A process for one job, in turns with other tenants. Raises Exhausted, at last then."""
        try:
            async with asyncio.timeout_at(until if until < math.inf else None):
                process = await self._running()
        except TimeoutError as error:
            raise busy() from error
        is_whole = False
        try:
            yield process
            is_whole = process.is_running
        finally:
            if is_whole:
                self.turns.give(process)
            else:
                self._replace(process)
                await process.stop()

    async def _running(self) -> SolverProcess:
        """The next process that still runs: one may have ended while it was idle."""
        caller = caller_or_none()
        tenant = caller.tenant if caller else ""
        while not (process := await self.turns.take(tenant)).is_running:
            self._replace(process)
        return process

    def _add(self, process: SolverProcess) -> None:
        self.members.add(process)
        self.turns.give(process)

    def _replace(self, process: SolverProcess) -> None:
        """Puts the spare in the place of one that is gone; whoever caused it does not wait."""
        self.members.discard(process)
        task = asyncio.create_task(self._add_spare(), context=contextvars.Context())
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _add_spare(self) -> None:
        process = await self._spare.take()
        log.info("solver_replaced", pid=process.process_id)
        self._add(process)
