"""
A table as pages to print: A4, landscape, its first columns, the head of it on every page.

The same table gives the same bytes: without the time of day and without chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from services.tracking.domain.report import Column, ReportOrder
from services.tracking.formats.audit_pdf import (
    CELL,
    HEAD_CELL,
    HEIGHT,
    INNER,
    LINE,
    MARGIN,
    SUBTITLE,
    TITLE,
    WIDTH,
    latin,
)

ROWS_MAX = 5_000
COLUMNS_MAX = 11  # that a page has room for; the contract states it


def write(order: ReportOrder, columns: Sequence[Column], cells: Sequence[Sequence[str]]) -> bytes:
    """The file."""
    file, name = BytesIO(), order.kind.lower().replace("_", " ").capitalize()
    document = SimpleDocTemplate(
        file,
        pagesize=(WIDTH, HEIGHT),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=name,
        author="Doorstep tracking",
        lang="en",
        invariant=1,
    )
    period = f"{order.span.start:%Y-%m-%d %H:%M} to {order.span.end:%Y-%m-%d %H:%M} UTC"
    head = [Paragraph(_words(one.name), HEAD_CELL) for one in columns[:COLUMNS_MAX]]
    body = [[Paragraph(escape(latin(cell)), CELL) for cell in row[:COLUMNS_MAX]] for row in cells]
    rows = f"{len(cells):,} rows"
    table = Table([head, *body], colWidths=[INNER / len(head)] * len(head), repeatRows=1)
    table.setStyle(
        TableStyle(
            [("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")]
        )
    )
    about = Paragraph(f"{period} &#183; {rows}", SUBTITLE)
    document.build([Paragraph(name, TITLE), about, Spacer(1, 4 * mm), table])
    return file.getvalue()


def _words(name: str) -> str:
    return name.replace("_", " ")
