"""Work that takes seconds, done in a process of its own: it can be killed, and blocks nobody."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from services.tracking.domain.attempt_import import AttemptImport, Fault
from services.tracking.domain.learned import Version
from services.tracking.learning_ports import PastTexts, PlaceText, ReadFile

ROOT = Path(__file__).parents[3]  # where `services` is imported from
SECONDS_MAX = 120.0
TOLD_CHARACTERS_MAX = 2_000

log = structlog.get_logger()


class WorkLost(RuntimeError):
    """The process did not do what it was given: a fault of ours, or it was killed or too slow."""


async def learned(past: PastTexts, now: datetime) -> tuple[Version, Sequence[PlaceText]]:
    """What a run over the past says; the version has no number yet."""
    version, places = await _done("LEARN", (past, now))
    return version, places


async def harvested(own: AttemptImport, content: bytes) -> ReadFile:
    """What a file of past attempts yields."""
    try:
        found: ReadFile = await _done("READ", (own.format, content, own.import_id))
    except WorkLost as error:
        return ReadFile(faults=(Fault("", f"{error}: cut the file, or ask the operator"),))
    return found


async def _done(name: str, given: Any) -> Any:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.tracking.adapters.heavy_work", name),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        async with asyncio.timeout(SECONDS_MAX):
            packed = await asyncio.to_thread(pickle.dumps, given)
            content, told = await process.communicate(packed)
    except TimeoutError as error:
        raise WorkLost(f"took over {SECONDS_MAX:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        words = told.decode(errors="replace")[-TOLD_CHARACTERS_MAX:]
        log.error("heavy_work_broke", work=name, told=words)
        raise WorkLost(f"ended with {process.returncode}")
    return await asyncio.to_thread(pickle.loads, content)
