"""Work that takes seconds, done in a process of its own: it can be killed, and blocks nobody."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from meshkit.child import ChildLost, answer_of
from services.tracking.domain.attempt_import import AttemptImport, Fault
from services.tracking.domain.learned import Version
from services.tracking.learning_ports import PastTexts, PlaceText, ReadFile

MODULE = "services.tracking.adapters.heavy_work"
SECONDS_MAX = 120.0


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
    try:
        content = await answer_of(given, MODULE, name, seconds=SECONDS_MAX)
    except TimeoutError as error:
        raise WorkLost(f"took over {SECONDS_MAX:.0f} s") from error
    except ChildLost as error:
        raise WorkLost(str(error)) from error
    return await asyncio.to_thread(pickle.loads, content)
