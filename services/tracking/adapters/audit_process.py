"""Audits are written in a process of their own: a long one takes seconds and blocks nobody."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import structlog

from services.tracking.domain.audit import Audit

ROOT = Path(__file__).parents[3]  # where `services` is imported from
WRITE_SECONDS_MAX = 18.0  # within GetAuditDocument's deadline of 20 s
WRITERS_MAX = 2  # processes at once; who comes later waits within the deadline
TOLD_CHARACTERS_MAX = 2_000

log = structlog.get_logger()


class DocumentLost(RuntimeError):
    """The process did not write what it was given: a fault of ours, or it was killed."""


class AuditWriter:
    """Writes documents, a few at once."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(WRITERS_MAX)

    async def write(self, audit: Audit) -> bytes:
        """The PDF of an audit."""
        async with self._free, asyncio.timeout(WRITE_SECONDS_MAX):
            process = await _started()
            try:
                content, told = await process.communicate(pickle.dumps(audit))
            finally:
                await _ended(process)
        if process.returncode:
            log.error("document_broke", told=told.decode(errors="replace")[-TOLD_CHARACTERS_MAX:])
            raise DocumentLost(f"the process that wrote it ended with {process.returncode}")
        return content


async def _started() -> Process:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.tracking.formats"),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )


async def _ended(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
