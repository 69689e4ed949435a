"""Reports are written in a process of their own: it can be killed, and blocks nobody here."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import structlog

from services.compliance.domain.statement import Statement, TooLarge

ROOT = Path(__file__).parents[3]  # where `services` is imported from
WRITE_SECONDS_MAX = 120.0
TOLD_CHARACTERS_MAX = 2_000

log = structlog.get_logger()


class ReportLost(RuntimeError):
    """The process did not write what it was given: a fault of ours, or it was killed."""


class ReportProcess:
    """Implements `ports.ReportWriter`."""

    async def write(self, statement: Statement) -> bytes:
        given = await asyncio.to_thread(pickle.dumps, statement)
        process = await _started(statement.order.format.value)
        try:
            async with asyncio.timeout(WRITE_SECONDS_MAX):
                content, told = await process.communicate(given)
        except TimeoutError as error:
            raise TooLarge(
                f"writing took over {WRITE_SECONDS_MAX:.0f} s: choose a shorter period"
            ) from error
        finally:
            await _ended(process)
        if process.returncode:
            log.error("report_broke", told=told.decode(errors="replace")[-TOLD_CHARACTERS_MAX:])
            raise ReportLost(f"the process that wrote a report ended with {process.returncode}")
        return content


async def _started(format_name: str) -> Process:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.compliance.formats", format_name),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )


async def _ended(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
