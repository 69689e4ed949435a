"""
Reports are made in a process of their own: it can be killed, and blocks nobody here.

The journal goes into it page by page, as text, so that this process never holds more than a page.
"""

from __future__ import annotations

import asyncio
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from meshkit.child import ended, started
from meshkit.postgres import Database
from services.tracking.adapters.codec import pack
from services.tracking.analytics_ports import Claim
from services.tracking.domain.report import FILE_BYTES_MAX, ReportOrder, TooLarge
from services.tracking.projections.reports import SOURCES

MODULE = "services.tracking.offline.report"
PAGE_ROWS = 2_000
WRITE_SECONDS_MAX = 3_600.0
TOLD_CHARACTERS_MAX = 2_000
TOO_LARGE = 3  # exit code of `offline.report`
PERMILLE = 1_000

HEAD = "SELECT coalesce(max(no), 0) FROM journal WHERE tenant = $1"

# $5: types before the period, which only prepare; $8: what comes later than the order waits.
BY_TIME = """
    SELECT no, type, at AS key, recorded_at, body::text AS body FROM journal
    WHERE tenant = $1 AND at >= $2 AND at < $4 AND (at, no) > ($6, $7) AND no <= $8
      AND ((at >= $3 AND type = ANY ($9)) OR (at < $3 AND type = ANY ($5)))
    ORDER BY at, no LIMIT $10"""

BY_RECORD = """
    SELECT no, type, recorded_at AS key, recorded_at, body::text AS body FROM journal
    WHERE tenant = $1 AND recorded_at >= $2 AND recorded_at < $4 AND (recorded_at, no) > ($6, $7)
      AND no <= $8
      AND type IN ('TenderPriced', 'RouteStarted', 'RouteCompleted', 'AmountCollected')
      AND ((recorded_at >= $3 AND type = ANY ($9)) OR (recorded_at < $3 AND type = ANY ($5)))
    ORDER BY recorded_at, no LIMIT $10"""

log = structlog.get_logger()


class ReportLost(RuntimeError):
    """The process did not make what it was asked for: a fault of ours, or it was killed."""


class ReportProcess:
    """Implements `analytics_ports.Writer`."""

    def __init__(self, db: Database, memory_mib: int) -> None:
        self._db = db
        self._memory_mib = memory_mib

    async def write(self, claim: Claim, tell: Callable[[int], None]) -> bytes:
        """The file; tells how far it is. Raises TooLarge."""
        order = claim.export.order
        with tempfile.TemporaryDirectory(prefix="doorstep-report-") as folder:
            path = Path(folder) / f"report.{order.format.lower()}"
            words = (pack(order), str(path), str(self._memory_mib))
            process = await started(MODULE, *words, stdout=DEVNULL)
            try:
                async with asyncio.timeout(WRITE_SECONDS_MAX):
                    await self._feed(process, claim, tell)
                    told = await process.stderr.read() if process.stderr else b""
                    await process.wait()
            except TimeoutError as error:
                raise TooLarge("it took over an hour: ask for a shorter period") from error
            finally:
                await ended(process)
            _refuse(process.returncode, told.decode(errors="replace"))
            return await asyncio.to_thread(_content, path)

    async def _feed(self, process: Process, claim: Claim, tell: Callable[[int], None]) -> None:
        assert process.stdin is not None  # noqa: S101 - it was asked for
        span = claim.export.order.span
        try:
            async for rows in self._pages(claim.tenant, claim.export.order):
                process.stdin.write("".join(map(_line, rows)).encode())
                await process.stdin.drain()
                tell(_permille(rows[-1]["key"], span.start, span.end))
            process.stdin.close()
        except (BrokenPipeError, ConnectionResetError):
            return  # it ended early, and says why

    async def _pages(self, tenant: str, order: ReportOrder) -> AsyncIterator[list[Any]]:
        source, span = SOURCES[order.kind], order.span
        sql = BY_RECORD if order.settles else BY_TIME
        back, types = _names(source.back_types), _names(source.types)
        begin = span.start - (source.back if back else timedelta())
        place: tuple[datetime, int] = (begin, 0)
        head = 0
        while True:
            async with self._db.worker() as tx:
                head = head or await tx.fetchval(HEAD, tenant)
                period = (begin, span.start, span.end)
                rows = await tx.fetch(sql, tenant, *period, back, *place, head, types, PAGE_ROWS)
            if not rows:
                return
            yield rows
            place = rows[-1]["key"], rows[-1]["no"]


def _names(types: tuple[type, ...]) -> list[str]:
    return [kind.__name__ for kind in types]


def _line(row: Any) -> str:
    moments = row["key"].isoformat(), row["recorded_at"].isoformat()
    return "\t".join((row["type"], *moments, row["body"])) + "\n"


def _permille(at: datetime, start: datetime, end: datetime) -> int:
    """How far the journal was read; the file is made after it."""
    share = (at - start) / (end - start) if end > start else 1.0
    return max(0, min(PERMILLE - 1, round(PERMILLE * share)))


def _refuse(code: int | None, told: str) -> None:
    if code == TOO_LARGE:
        raise TooLarge(told)
    if code:
        log.error("report_broke", told=told[-TOLD_CHARACTERS_MAX:])
        raise ReportLost(f"the process that made a report ended with {code}")


def _content(path: Path) -> bytes:
    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise TooLarge(f"the file has {size:,} bytes, and at most 64 MiB: ask for a shorter period")
    return path.read_bytes()
