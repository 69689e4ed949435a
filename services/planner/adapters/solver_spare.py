"""
A spare: one warm solver process that does nothing, so that a killed one is replaced at once.

To warm a process takes seconds of processor time, and a planner whose callers cancel would be
without solvers for as long.
"""

from __future__ import annotations

import asyncio
import contextvars

import structlog

from services.planner.adapters.solver_process import SolverLost, SolverProcess

RESTART_SECONDS = 1.0  # between two tries to start a process that does not start

log = structlog.get_logger()


class Spare:
    """Gives its process away, and makes another."""

    def __init__(self) -> None:
        self._next: asyncio.Task[SolverProcess] | None = None
        self._turn = asyncio.Lock()

    def prepare(self) -> None:
        """Begins to warm a process, beside everything else."""
        self._next = asyncio.create_task(started(), context=contextvars.Context())

    async def take(self) -> SolverProcess:
        """The spare, or the next one as soon as it is warm."""
        async with self._turn:
            while True:
                if self._next is None:
                    self.prepare()
                    continue
                process = await asyncio.shield(self._next)
                self.prepare()
                if process.is_running:
                    return process

    async def close(self) -> None:
        """Ends the spare."""
        if self._next is None:
            return
        self._next.cancel()
        await asyncio.wait([self._next])
        if not self._next.cancelled():
            await self._next.result().stop()


async def started() -> SolverProcess:
    """A process, however many tries it takes."""
    while True:
        try:
            return await SolverProcess.start()
        except (SolverLost, OSError) as error:
            log.error("solver_start_failed", cause=type(error).__name__)
            await asyncio.sleep(RESTART_SECONDS)  # a machine out of memory needs a moment
