"""
Tables as files: CSV, spreadsheets, Parquet and pages to print. The same table gives the same bytes.

Rows are written as they come; only a page to print is laid out as a whole, and is short therefore.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter

from services.tracking.domain.report import (
    Cell,
    Column,
    ColumnType,
    ReportFormat,
    ReportOrder,
    Row,
    TooLarge,
)
from services.tracking.formats import table_pdf

SHEET_ROWS_MAX = 1_048_575  # of a spreadsheet, below its header
MEMORY = "128MB"  # of duckdb; what is more goes to the disk
SQL_TYPES = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.WHOLE: "BIGINT",
    ColumnType.MOMENT: "TIMESTAMPTZ",
}
Write = Callable[[Path, ReportOrder, Sequence[Column], Iterator[Row]], None]


def write(path: Path, order: ReportOrder, columns: Sequence[Column], rows: Iterator[Row]) -> None:
    """Writes the file; raises TooLarge."""
    WRITERS[order.format](path, order, columns, rows)


def _csv(path: Path, _: ReportOrder, columns: Sequence[Column], rows: Iterator[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\r\n")  # RFC 4180
        out.writerow([column.name for column in columns])
        out.writerows([text(cell) for cell in row] for row in rows)


def _parquet(path: Path, _: ReportOrder, columns: Sequence[Column], rows: Iterator[Row]) -> None:
    """By way of a CSV, whose types are told and not guessed."""
    between = path.with_suffix(".csv")
    _csv(between, _, columns, rows)
    types = ", ".join(f"'{one.name}': '{SQL_TYPES[one.type]}'" for one in columns)
    with duckdb.connect(config={"threads": 1, "memory_limit": MEMORY}) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(
            f"COPY (SELECT * FROM read_csv($source, header = true, nullstr = '', "  # noqa: S608
            f"allow_quoted_nulls = false, columns = {{{types}}})) TO '{path}' (FORMAT parquet)",
            {"source": str(between)},
        )
    between.unlink()


def _xlsx(path: Path, order: ReportOrder, columns: Sequence[Column], rows: Iterator[Row]) -> None:
    options = {"constant_memory": True, "remove_timezone": True, "strings_to_formulas": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": order.span.end.replace(tzinfo=None)})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet(order.kind.lower()[:31])
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, [column.name for column in columns], book.add_format({"bold": True}))
        for number, row in enumerate(rows, 1):
            if number > SHEET_ROWS_MAX:
                raise TooLarge("a spreadsheet has room for 1,048,575 rows: ask for Parquet")
            for place, cell in enumerate(row):
                _write_cell(sheet, number, place, cell, moment)


def _write_cell(sheet: Any, row: int, column: int, cell: Cell, moment: Any) -> None:
    """A whole number beyond what a spreadsheet counts exactly stands there as text."""
    match cell:
        case None | "":
            return
        case datetime():
            sheet.write_datetime(row, column, cell.astimezone(UTC), moment)
        case int() if abs(cell) < 1 << 53:
            sheet.write_number(row, column, cell)
        case _:
            sheet.write_string(row, column, str(cell))


def _pdf(path: Path, order: ReportOrder, columns: Sequence[Column], rows: Iterator[Row]) -> None:
    shown = list(islice(rows, table_pdf.ROWS_MAX + 1))
    if len(shown) > table_pdf.ROWS_MAX:
        raise TooLarge(f"over {table_pdf.ROWS_MAX} rows to print: ask for a shorter period, or CSV")
    cells = [[text(cell) for cell in row] for row in shown]
    path.write_bytes(table_pdf.write(order, columns, cells))


def text(cell: Cell) -> str:
    """A cell as text; moments as RFC 3339 in UTC."""
    if cell is None:
        return ""
    return cell.astimezone(UTC).isoformat() if isinstance(cell, datetime) else str(cell)


WRITERS: dict[ReportFormat, Write] = {
    ReportFormat.CSV: _csv,
    ReportFormat.XLSX: _xlsx,
    ReportFormat.PDF: _pdf,
    ReportFormat.PARQUET: _parquet,
}
