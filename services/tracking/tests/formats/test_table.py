"""
Tables as files.

Goal: every form holds every cell, and the same table gives the same bytes. Method: one small table
with all that is awkward, written twice and read back by other libraries.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from services.tracking.domain.report import (
    ReportFormat,
    ReportKind,
    ReportOrder,
    Row,
    TooLarge,
    columns,
)
from services.tracking.domain.route import Window
from services.tracking.formats import table, table_pdf

DAY = datetime(2026, 5, 12, tzinfo=UTC)
SPAN = Window(DAY, DAY + timedelta(days=1))
COLUMNS = columns("name", "count#", "time@")
ROWS: list[Row] = [
    ("=1+1", 7, DAY + timedelta(hours=9, microseconds=250_000)),
    ('two "words", äö', 2**60, None),
    ("", None, DAY),
    ("-3", -4, DAY),
]


def written(path: Path, form: ReportFormat, rows: list[Row]) -> bytes:
    """The file of a table."""
    order = ReportOrder(ReportKind.ATTEMPTS, form, SPAN)
    table.write(path, order, COLUMNS, iter(rows))
    return path.read_bytes()


@pytest.mark.parametrize("form", ReportFormat)
def test_the_same_table_gives_the_same_bytes(form: ReportFormat, tmp_path: Path) -> None:
    once, again = (
        written(tmp_path / f"{name}.{form.lower()}", form, ROWS) for name in ("once", "again")
    )

    assert once == again
    assert once != written(tmp_path / "less", form, ROWS[1:])


def test_parquet_has_types_and_no_cell_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    written(path, ReportFormat.PARQUET, ROWS)
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        found = engine.execute(f"select name, count, time from '{path}'")

        assert [str(one[1]) for one in found.description or ()] == [
            "VARCHAR", "BIGINT", "TIMESTAMP WITH TIME ZONE",
        ]  # fmt: skip
        assert [(name or "", count, time) for name, count, time in found.fetchall()] == ROWS


def test_csv_has_every_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    written(path, ReportFormat.CSV, ROWS)
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))

    assert found[0] == ["name", "count", "time"]
    assert found[1:] == [[table.text(cell) for cell in row] for row in ROWS]


def test_more_than_can_be_printed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="rows to print"):
        written(tmp_path / "a.pdf", ReportFormat.PDF, ROWS[:1] * (table_pdf.ROWS_MAX + 1))
