"""
Makes one report: `python -m services.tracking.offline.report ORDER FILE`, the journal in by lines.

A process of its own, which can be killed and has a bound to its memory, so that the service's event
loop stays free while a long table is made. A line is a type, the moment that it is sorted by, the
moment of its record, and the event as the journal keeps it, with tabs between.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from services.tracking.adapters.codec import unpack, unpack_event
from services.tracking.domain.report import ReportOrder, TooLarge
from services.tracking.formats import table
from services.tracking.projections.reports import SOURCES, Recorded, Report, rows

NICENESS = 10
MEMORY_BYTES_MAX = 3 << 30  # of address space
DAY_EVENTS_MAX = 2_000_000
TOO_LARGE = 3  # exit code; why stands on stderr


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
        if len(events) > DAY_EVENTS_MAX:
            raise TooLarge(f"a day has over {DAY_EVENTS_MAX:,} events: ask for some hours")
    if events:
        yield events


def main(order: str, path: str) -> int:
    """Once."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    sys.stdin.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    try:
        made(unpack(order, ReportOrder), sys.stdin, Path(path))
    except TooLarge as fault:
        sys.stderr.write(str(fault))
        return TOO_LARGE
    except MemoryError:
        sys.stderr.write("it does not fit into memory: ask for a shorter period")
        return TOO_LARGE
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
