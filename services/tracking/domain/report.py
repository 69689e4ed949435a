"""
Reports for download: what is asked for, where it stands, and the tables they are made of. Pure.

QUEUED -> RUNNING -> DONE | FAILED; QUEUED | RUNNING -> CANCELLED.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.tracking.domain.redelivery import OVER, WorkState
from services.tracking.domain.route import Window

CLOSED_AFTER = timedelta(minutes=5)  # a period's last bookings may be on their way so long
FILE_BYTES_MAX = 64 << 20  # the contract states it


class ReportKind(StrEnum):
    """What a report is about."""

    DAILY_DIGEST = "DAILY_DIGEST"
    DELIVERIES = "DELIVERIES"
    FAILURES = "FAILURES"
    ROUTES = "ROUTES"
    ATTEMPTS = "ATTEMPTS"
    ZONES = "ZONES"
    CARRIER_SETTLEMENT = "CARRIER_SETTLEMENT"
    DRIVER_SETTLEMENT = "DRIVER_SETTLEMENT"


class ReportFormat(StrEnum):
    """Its form."""

    CSV = "CSV"
    XLSX = "XLSX"
    PDF = "PDF"
    PARQUET = "PARQUET"


CONTENT_TYPES = {
    ReportFormat.CSV: "text/csv",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ReportFormat.PDF: "application/pdf",
    ReportFormat.PARQUET: "application/vnd.apache.parquet",
}
SETTLEMENTS = frozenset({ReportKind.CARRIER_SETTLEMENT, ReportKind.DRIVER_SETTLEMENT})


class TooLarge(Exception):
    """The report does not fit; says what to ask for instead."""


class ColumnType(StrEnum):
    """What stands in a column."""

    TEXT = "TEXT"
    WHOLE = "WHOLE"  # a whole number
    MOMENT = "MOMENT"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. A name ends with its unit."""

    name: str
    type: ColumnType = ColumnType.TEXT


Cell = str | int | datetime | None
Row = tuple[Cell, ...]


def columns(*names: str) -> tuple[Column, ...]:
    """Columns by name: `x#` is a whole number, `x@` a moment, all else is text."""
    kinds = {"#": ColumnType.WHOLE, "@": ColumnType.MOMENT}
    return tuple(Column(name.rstrip("#@"), kinds.get(name[-1], ColumnType.TEXT)) for name in names)


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """What to make."""

    kind: ReportKind
    format: ReportFormat
    span: Window

    @property
    def settles(self) -> bool:
        """Whether it is of bookings, by the moment of their record."""
        return self.kind in SETTLEMENTS


@dataclass(frozen=True, slots=True)
class ReportExport:
    """A report as it stands."""

    export_id: str
    order: ReportOrder
    create_time: datetime
    state: WorkState = WorkState.QUEUED
    progress_permille: int = 0
    sha256: str = ""  # of the file
    failure: str = ""
    end_time: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in OVER
