"""Imports of past attempts: started, looked at, ended, undone; applied whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from meshkit.errors import Exhausted, NotFound, NotReady
from services.tracking.domain.attempt_import import (
    WAITING_MAX,
    AttemptImport,
    ImportState,
)
from services.tracking.learning_ports import AttemptImports, Past, ReadFile
from services.tracking.usecases.learning import past_changed

RETRY_AFTER = timedelta(seconds=10)  # about as long as a large file takes


async def start_import(store: AttemptImports, asked: AttemptImport, content: bytes) -> None:
    """Keeps the file for whoever works next."""
    if await store.waiting() >= WAITING_MAX:
        raise Exhausted(
            "IMPORTS_EXHAUSTED",
            f"{WAITING_MAX} imports wait, the most there may be",
            retry_after=RETRY_AFTER,
        )
    await store.add(asked, content)


async def cancel_import(store: AttemptImports, import_id: str, now: datetime) -> AttemptImport:
    """Ends one that is not over; one that is stays as it is."""
    present = known(await store.lock(import_id), import_id)
    if present.is_over:
        return present
    ended = replace(present, state=ImportState.CANCELLED, end_time=now)
    await store.save(ended)
    return ended


async def undo_import(
    store: AttemptImports, past: Past, import_id: str, now: datetime
) -> AttemptImport:
    """Withdraws what one has brought; a second time changes nothing."""
    present = known(await store.lock(import_id), import_id)
    if present.undo_time is not None:
        return present
    if present.state is not ImportState.DONE or present.validate_only:
        raise NotReady("IMPORT_NOT_DONE", f"{import_id!r} has brought nothing", import_id=import_id)
    undone = replace(present, undo_time=now)
    await store.save(undone)
    await store.withdraw(import_id)
    await past_changed(past)
    return undone


async def finish_import(
    store: AttemptImports, past: Past, own: AttemptImport, found: ReadFile, now: datetime
) -> None:
    """Keeps what a file yields, unless something is wrong with it."""
    state = ImportState.FAILED if found.faults else ImportState.DONE
    if not found.faults and not own.validate_only:
        await past.add_rows(found.rows)
        await past_changed(past)
    await store.save(
        replace(own, state=state, count=found.count, faults=found.faults, end_time=now)
    )


def known(found: AttemptImport | None, import_id: str) -> AttemptImport:
    """The import. Raises NotFound `WORK_UNKNOWN`."""
    if found is None:
        raise NotFound("WORK_UNKNOWN", f"no import {import_id!r}", import_id=import_id)
    return found
