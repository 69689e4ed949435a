"""Reports for download: ordered, made by whoever is free, kept as a file."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from meshkit.clock import Clock
from meshkit.errors import Exhausted, Invalid, NotFound, Violation
from meshkit.ids import NewId
from services.tracking.analytics_ports import Claim, Exports, Files, Queue, Writer
from services.tracking.domain.report import (
    CLOSED_AFTER,
    CONTENT_TYPES,
    FILE_BYTES_MAX,
    ReportExport,
    ReportOrder,
    TooLarge,
)

OPEN_MAX = 10  # exports of a tenant that are not over
LOST_MAX = 5  # then it is the export that ends those who make it
RENEW_SECONDS = 2.0  # how late one who makes it hears that it was cancelled
RETRY_AFTER = timedelta(seconds=30)
SHORTER = "ask for a shorter period"


async def start(store: Exports, order: ReportOrder, now: datetime, new_id: NewId) -> ReportExport:
    """Keeps an order. Raises Invalid `INTERVAL_INVALID`, Exhausted `EXPORTS_EXHAUSTED`."""
    if order.settles and order.span.end + CLOSED_AFTER > now:
        why = "is not over: a settlement is of a period that ended five minutes ago or earlier"
        fault = Violation("interval", why, "INTERVAL_INVALID")
        raise Invalid("INTERVAL_INVALID", f"interval {why}", violations=[fault])
    if await store.open_count() >= OPEN_MAX:
        words = f"{OPEN_MAX} exports are not over"
        raise Exhausted("EXPORTS_EXHAUSTED", words, retry_after=RETRY_AFTER)
    export = ReportExport(new_id("exp"), order, now)
    await store.add(export)
    return export


async def find(store: Exports, export_id: str) -> ReportExport:
    """An export. Raises NotFound `WORK_UNKNOWN`."""
    found = await store.get(export_id)
    if found is None:
        raise NotFound("WORK_UNKNOWN", f"no export {export_id!r}", export_id=export_id)
    return found


async def cancel(store: Exports, export_id: str, now: datetime) -> ReportExport:
    """The export after it was cancelled, or as it had ended before."""
    await find(store, export_id)
    await store.cancel(export_id, now)
    return await find(store, export_id)


@dataclass(frozen=True, slots=True)
class Bench:
    """What making takes."""

    queue: Queue
    writer: Writer
    files: Files
    clock: Clock


@dataclass(slots=True)
class _Reach:
    """How far the making is."""

    permille: int = 0


async def make(bench: Bench, claim: Claim) -> None:
    """Makes a claimed report; when it is cancelled meanwhile, nothing of it is kept."""
    if claim.lost_count > LOST_MAX:
        why = f"whoever made it was lost {claim.lost_count} times; {SHORTER}"
        await bench.queue.fail(claim, why, bench.clock.now())
        return
    reach = _Reach()
    making = asyncio.create_task(bench.writer.write(claim, _teller(reach)))
    try:
        while not making.done():
            await asyncio.wait([making], timeout=RENEW_SECONDS)
            if not making.done() and not await bench.queue.renew(claim, reach.permille):
                return
        await _end(bench, claim, making)
    except asyncio.CancelledError:
        await bench.queue.release(claim)
        raise
    finally:
        making.cancel()
        await asyncio.wait([making])


def _teller(reach: _Reach) -> Callable[[int], None]:
    def tell(permille: int) -> None:
        reach.permille = permille

    return tell


async def _end(bench: Bench, claim: Claim, making: asyncio.Task[bytes]) -> None:
    try:
        content = making.result()
    except TooLarge as fault:
        await bench.queue.fail(claim, str(fault), bench.clock.now())
        return
    if len(content) > FILE_BYTES_MAX:
        why = f"the file would have {len(content):,} bytes, and at most 64 MiB; {SHORTER}"
        await bench.queue.fail(claim, why, bench.clock.now())
        return
    name = hashlib.sha256(content).hexdigest()
    kind = CONTENT_TYPES[claim.export.order.format]
    await bench.files.keep(claim.tenant, name, content, kind, bench.clock.now())
    await bench.queue.finish(claim, name, bench.clock.now())
