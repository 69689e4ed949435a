"""
Makes one report: `python -m services.tracking.offline.report ORDER FILE`, the journal in by lines.

A process of its own, which can be killed and has a bound to its memory, so that the service's event
loop stays free while a long table is made. A line is a type, the moment that it is sorted by, the
moment of its record, and the event as the journal keeps it, with tabs between.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from services.tracking.adapters.codec import unpack, unpack_event
from services.tracking.domain.report import ReportOrder, TooLarge
from services.tracking.formats import table
from services.tracking.projections.reports import SOURCES, Recorded, Report, rows

NICENESS = 10
MIB = 1 << 20
FILE_MIB_MAX = 160  # of each file it writes: two must fit into a small /tmp
TOO_LARGE = 3  # exit code; why stands on stderr
NO_ROOM = "there is no room for so much: ask for a shorter period, or some hours"


def made(order: ReportOrder, lines: Iterator[str], path: Path) -> None:
    """Writes the file; raises TooLarge."""
    source = SOURCES[order.kind]
    report = source.make(order.span)
    table.write(path, order, report.columns, rows(report, _days(report, order, lines)))


def _days(report: Report, order: ReportOrder, lines: Iterator[str]) -> Iterator[list[Recorded]]:
    """The events of each UTC day; what lies before the period is only taken in."""
    today, events = date.min, list[Recorded]()
    for line in lines:
        name, key, recorded, body = line.rstrip("\n").split("\t", 3)
        event, at = unpack_event(name, body), datetime.fromisoformat(key)
        if at < order.span.start:
            report.before(event)
            continue
        day = at.astimezone(UTC).date()
        if day != today and events:
            yield events
            events = []
        today = day
        events.append((event, datetime.fromisoformat(recorded)))
    if events:
        yield events


def main(order: str, path: str, memory_mib: str) -> int:
    """Once."""
    os.nice(NICENESS)
    _bound(resource.RLIMIT_DATA, int(memory_mib))
    _bound(resource.RLIMIT_FSIZE, FILE_MIB_MAX)
    sys.stdin.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    try:
        made(unpack(order, ReportOrder), sys.stdin, Path(path))
    except (TooLarge, MemoryError, OSError, duckdb.OutOfMemoryException) as fault:
        if isinstance(fault, OSError) and fault.errno != errno.EFBIG:
            raise
        sys.stderr.write(str(fault) if isinstance(fault, TooLarge) else NO_ROOM)
        return TOO_LARGE
    return 0


def _bound(what: int, mib: int) -> None:
    resource.setrlimit(what, (mib * MIB, mib * MIB))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
