"""Work in a process of its own: it can be killed, and blocks nobody here."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import structlog

ROOT = Path(__file__).parents[1]  # where `services` is imported from
TOLD_CHARACTERS_MAX = 2_000

log = structlog.get_logger()


class ChildLost(RuntimeError):
    """The process did not do what it was given: a fault of ours, or it was killed."""


async def answer_of(given: object, module: str, *words: str, seconds: float) -> bytes:
    """
    What a module run on its own answers to an object; TimeoutError after so long.

    It is dead when this returns or raises, also when it is cancelled.
    """
    pickled = await asyncio.to_thread(pickle.dumps, given)
    process = await started(module, *words)
    try:
        async with asyncio.timeout(seconds):
            content, told = await process.communicate(pickled)
    finally:
        await ended(process)
    if process.returncode:
        last_words = told.decode(errors="replace")[-TOLD_CHARACTERS_MAX:]
        log.error("child_broke", module=module, told=last_words)
        raise ChildLost(f"{module} ended with {process.returncode}")
    return content


async def started(module: str, *words: str, stdout: int = PIPE) -> Process:
    """A module run on its own, which imports what we do; end it by `ended`."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, *words),
        stdin=PIPE,
        stdout=stdout,
        stderr=PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )


async def ended(process: Process) -> None:
    """Makes sure that it is dead."""
    if process.returncode is None:
        process.kill()
        await process.wait()
