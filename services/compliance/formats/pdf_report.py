"""
A report as PDF, for a finance officer and an auditor: A4, landscape.

First the sums and how they were found, then the table, in kilograms to the gram. The fonts are
those of every PDF reader and know Western European letters (cp1252): others are written as
`\\u0142`, so that no key gets lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from services.compliance.domain.amounts import rounded
from services.compliance.domain.footprint import DataQuality
from services.compliance.domain.ledger import ReportRow
from services.compliance.domain.statement import STANDARD, Statement
from services.compliance.formats import words
from services.compliance.formats.figures import grouped, kilograms, moment, percent, scaled

WIDTH, HEIGHT = landscape(A4)
MARGIN, HEAD, FOOT = 16 * mm, 13 * mm, 14 * mm
INNER = WIDTH - 2 * MARGIN
INK, SOFT, LINE = colors.HexColor("#17252d"), colors.HexColor("#5d6b73"), colors.HexColor("#d5dbde")
ACCENT, PALE = colors.HexColor("#1c6b52"), colors.HexColor("#f1f6f4")
TIERS = {
    DataQuality.PRIMARY: colors.HexColor("#1c6b52"),
    DataQuality.MODELED: colors.HexColor("#8fbfae"),
    DataQuality.DEFAULT: colors.HexColor("#d9b36c"),
}
BODY, SMALL = "Helvetica", 8
BOLD = "Helvetica-Bold"
ROWS_A_PAGE, ROW_HEIGHT, HEADING_HEIGHT = 32, 14.2, 26.0
KEY_WIDTH = INNER - 204 * mm
COLUMNS = (  # heading, width
    ("WTW\nkg CO2e", 21 * mm),
    ("WTT\nkg CO2e", 20 * mm),
    ("TTW\nkg CO2e", 20 * mm),
    ("Share", 14 * mm),
    ("Distance\nkm", 18 * mm),
    ("of it empty\nkm", 17 * mm),
    ("Delivered", 15 * mm),
    ("Failed", 13 * mm),
    ("Delivered\nkg", 18 * mm),
    ("Per drop\ng CO2e", 18 * mm),
    ("Per kg\ng CO2e", 16 * mm),
    ("Primary\n%", 14 * mm),
)


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    known: dict[str, Any] = {"fontName": BODY, "textColor": INK, "leading": size * 1.35}
    return ParagraphStyle(name, fontSize=size, **(known | more))


TITLE = _style("title", 21, fontName=BOLD, leading=26)
SUBTITLE = _style("subtitle", 10.5, textColor=SOFT, leading=15)
HEADING = _style("heading", 11.5, fontName=BOLD, textColor=ACCENT, spaceBefore=6, spaceAfter=2)
TEXT = _style("text", 7.8, leading=10.4)
CELL = _style("cell", 7.5, leading=9.5)


def write(statement: Statement) -> bytes:
    """The file; without the time of day and without chance, so the same for the same statement."""
    front = _built(statement, list(_front(statement)), 0)[1]  # to know how many pages there are
    tables = -(-(len(statement.report.rows) + 1) // ROWS_A_PAGE)
    return _built(statement, [*_front(statement), *_rows(statement)], front + tables)[0]


def _built(statement: Statement, story: list[Flowable], page_count: int) -> tuple[bytes, int]:
    """A file, and how many pages it has."""
    file = BytesIO()
    document = BaseDocTemplate(
        file,
        pagesize=(WIDTH, HEIGHT),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=HEAD,
        bottomMargin=FOOT,
        title=f"Greenhouse gas emissions, {latin(statement.tenant)}, {words.period(statement)}",
        author="Doorstep compliance",
        subject=f"{STANDARD}, WTW",
        lang="en",
        invariant=1,
    )
    inner = Frame(MARGIN, FOOT, INNER, HEIGHT - HEAD - FOOT, 0, 0, 0, 0)
    template = PageTemplate(frames=[inner], onPage=_foot(statement, page_count))
    document.addPageTemplates(template)
    document.build(story)
    return file.getvalue(), document.page


def latin(text: str) -> str:
    """What the fonts can show; the rest by its code."""
    shown = "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)
    return shown.encode("cp1252", "backslashreplace").decode("cp1252")


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(latin(text)), style)


def _front(statement: Statement) -> Iterator[Flowable]:
    """The sums and how they were found."""
    yield _paragraph("Greenhouse gas emissions of deliveries", TITLE)
    yield _paragraph(words.subtitle(statement), SUBTITLE)
    yield Spacer(0, 3 * mm)
    yield _tiles(statement)
    yield from _section("Totals", _totals(statement))
    yield from _section("Data quality", _Bar(statement))
    yield from _section("How the emissions were found", _found(statement))
    notices = statement.report.notices or ("None.",)
    yield from _section("Notices", *(_paragraph(f"- {text}", TEXT) for text in notices))
    yield from _section("Factor sets", _factor_sets(statement))
    yield from _section("Method", *(_paragraph(text, TEXT) for text in words.method(statement)))


def _section(title: str, *content: Flowable) -> Iterator[Flowable]:
    """A heading with what belongs to it, on one page where it fits."""
    yield KeepTogether([_paragraph(title, HEADING), *content])


def _tiles(statement: Statement) -> Table:
    """What one looks for first."""
    total = statement.report.total
    primary = statement.quality_permille[DataQuality.PRIMARY]
    tiles = (
        (f"{kilograms(total.co2e.wtw_milligrams)} kg", "CO2e, well to wheel"),
        (grouped(total.delivered_count, 0), f"delivered; {total.failed_attempt_count:,} failed"),
        (_grams(total.milligrams_per_drop, total.delivered_count), "CO2e per delivery made"),
        (
            _grams(total.milligrams_per_kilogram, total.delivered_mass_grams),
            "CO2e per kg delivered",
        ),
        (percent(primary), "of it from primary data"),
    )
    big = _style("big", 15, fontName=BOLD, leading=19)
    cells = [[_paragraph(value, big), _paragraph(label, SUBTITLE)] for value, label in tiles]
    table = Table([cells], colWidths=[INNER * 0.28, *[INNER * 0.18] * 4])
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), PALE),
                ("LINEBEFORE", (0, 0), (0, 0), 3, ACCENT),
                ("LINEBEFORE", (1, 0), (-1, 0), 0.6, LINE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 10),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ]
        )
    )
    return table


def _grams(milligrams: int, over: int) -> str:
    """An intensity; a dash where there is nothing to divide by."""
    return f"{scaled(milligrams, 1_000, 1)} g" if over else "-"


def _totals(statement: Statement) -> Table:
    """The ledger to the gram, and to the milligram in which it is kept."""
    total = statement.report.total
    stages = (
        ("Well to tank (WTT)", total.co2e.wtt_milligrams),
        ("Tank to wheel (TTW)", total.co2e.ttw_milligrams),
        ("Well to wheel (WTW)", total.co2e.wtw_milligrams),
    )
    empty = rounded(total.empty_distance_meters * 1_000, max(total.distance_meters, 1))
    beside = (
        ("Distance driven", f"{scaled(total.distance_meters, 1_000, 3)} km"),
        ("Driven empty", f"{scaled(total.empty_distance_meters, 1_000, 3)} km, {percent(empty)}"),
        ("Mass delivered", f"{scaled(total.delivered_mass_grams, 1_000, 3)} kg"),
    )
    rows = [
        [name, kilograms(amount), grouped(amount, 0), "", *other]
        for (name, amount), other in zip(stages, beside, strict=True)
    ]
    heading = ["Emissions", "kg CO2e", "mg CO2e, as in the ledger", "", "Activity", ""]
    widths = [42 * mm, 34 * mm, 48 * mm, 16 * mm, 36 * mm, 42 * mm]
    style = _plain_style(right=(1, 2, 5))
    style.add("FONTNAME", (0, 3), (2, 3), BOLD)
    return Table([heading, *rows], colWidths=widths, style=style, hAlign="LEFT")


def _factor_sets(statement: Statement) -> Table:
    rows = [
        [one.factor_set_id, one.title, one.country_code or "any", one.year, one.license, one.source]
        for one in statement.publications
    ]
    heading = ["Factor set", "Title", "Country", "Year", "Licence", "Source"]
    widths = [30 * mm, 72 * mm, 16 * mm, 12 * mm, 44 * mm, INNER - 174 * mm]
    return _texts(heading, rows, widths)


def _found(statement: Statement) -> Table:
    total = max(statement.report.total.co2e.wtw_milligrams, 1)
    rows = [
        [
            words.METHODS[one.method],
            words.QUALITIES[one.data_quality],
            one.factor_set_id + (", another country's" if one.country_mismatch else ""),
            words.ALLOCATIONS[one.allocation],
            grouped(one.record_count, 0),
            kilograms(one.co2e.wtw_milligrams),
            percent(rounded(one.co2e.wtw_milligrams * 1_000, total)),
        ]
        for one in statement.found
    ]
    heading = ["Method", "Data quality", "Factor set", "Shared", "Records", "WTW kg CO2e", "Share"]
    widths = [72 * mm, 22 * mm, INNER - 213 * mm, 50 * mm, 19 * mm, 31 * mm, 19 * mm]
    return _texts(heading, rows, widths, right=(4, 5, 6))


def _texts(
    heading: list[str],
    rows: list[list[object]] | list[list[str]],
    widths: list[float],
    right: tuple[int, ...] = (),
) -> Table:
    """A table whose cells may break into lines."""
    aligned = _style("right", 7.5, leading=9.5, alignment=2)
    cells = [
        [_paragraph(str(cell), aligned if at in right else CELL) for at, cell in enumerate(row)]
        for row in rows
    ]
    style = _plain_style(right)
    return Table([heading, *cells], colWidths=widths, style=style, repeatRows=1, hAlign="LEFT")


def _plain_style(right: tuple[int, ...] = ()) -> TableStyle:
    style = TableStyle(
        [
            ("FONT", (0, 0), (-1, -1), BODY, SMALL),
            ("FONT", (0, 0), (-1, 0), BOLD, 7.5),
            ("TEXTCOLOR", (0, 0), (-1, -1), INK),
            ("TEXTCOLOR", (0, 0), (-1, 0), SOFT),
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, ACCENT),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, -1), 2.2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.6),
        ]
    )
    for column in right:
        style.add("ALIGN", (column, 0), (column, -1), "RIGHT")
    return style


def _rows(statement: Statement) -> Iterator[Flowable]:
    """The table, page by page, and the total at its end."""
    for start in range(0, len(statement.report.rows) + 1, ROWS_A_PAGE):
        continued = ", continued" if start else ""
        yield PageBreak()
        yield _paragraph(f"Emissions by {words.dimension(statement)}{continued}", HEADING)
        yield _Page(statement, start)


class _Page(Flowable):
    """One page of the table, made when it is its turn: all at once take ten times the memory."""

    def __init__(self, statement: Statement, start: int) -> None:
        super().__init__()
        self._statement, self._start = statement, start

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        """A whole page, whatever it holds."""
        return INNER, HEADING_HEIGHT + ROWS_A_PAGE * ROW_HEIGHT

    def draw(self) -> None:
        """From the top."""
        report = self._statement.report
        end = self._start + ROWS_A_PAGE
        lines = [(latin(row.key), row) for row in report.rows[self._start : end]]
        is_last = end > len(report.rows)
        if is_last:
            lines.append(("Total", report.total))
        table = _table(lines, self._statement, with_total=is_last)
        _, height = table.wrapOn(self.canv, INNER, HEIGHT)
        table.drawOn(self.canv, 0, self.wrap(0, 0)[1] - height)


def _table(lines: list[tuple[str, ReportRow]], statement: Statement, with_total: bool) -> Table:
    whole = statement.report.total.co2e.wtw_milligrams
    heading = [words.dimension(statement).capitalize(), *(name for name, _ in COLUMNS)]
    cells = [[key, *_cells(row, whole)] for key, row in lines]
    style = _plain_style(tuple(range(1, len(COLUMNS) + 1)))
    style.add("BACKGROUND", (1, 1), (1, -1), PALE)
    for rank, (key, _) in enumerate(lines, start=1):
        style.add("FONTSIZE", (0, rank), (0, rank), _size(key))
    if with_total:
        style.add("FONTNAME", (0, -1), (-1, -1), BOLD)
        style.add("LINEABOVE", (0, -1), (-1, -1), 0.8, ACCENT)
    widths = [KEY_WIDTH, *(width for _, width in COLUMNS)]
    heights = [HEADING_HEIGHT, *[ROW_HEIGHT] * len(lines)]
    return Table([heading, *cells], colWidths=widths, rowHeights=heights, style=style)


def _size(key: str) -> float:
    """The size at which a key fits into its column: 64 letters do, at the smallest."""
    width = stringWidth(key, BOLD, SMALL)
    return min(float(SMALL), SMALL * (KEY_WIDTH - 6) / max(width, 1))


def _cells(row: ReportRow, whole: int) -> list[str]:
    return [
        kilograms(row.co2e.wtw_milligrams),
        kilograms(row.co2e.wtt_milligrams),
        kilograms(row.co2e.ttw_milligrams),
        percent(rounded(row.co2e.wtw_milligrams * 1_000, max(whole, 1))),
        scaled(row.distance_meters, 1_000, 1),
        scaled(row.empty_distance_meters, 1_000, 1),
        grouped(row.delivered_count, 0),
        grouped(row.failed_attempt_count, 0),
        scaled(row.delivered_mass_grams, 1_000, 1),
        scaled(row.milligrams_per_drop, 1_000, 1),
        scaled(row.milligrams_per_kilogram, 1_000, 1),
        percent(row.primary_permille).removesuffix(" %"),
    ]


class _Bar(Flowable):
    """The shares of data quality as one bar with its legend."""

    def __init__(self, statement: Statement) -> None:
        super().__init__()
        self._shares = statement.quality_permille

    def wrap(self, available_width: float, available_height: float) -> tuple[float, float]:
        """How much room it takes."""
        return INNER, 10 * mm

    def draw(self) -> None:
        """One bar, left to right from best to worst."""
        canvas, at, label = self.canv, 0.0, 0.0
        for tier, colour in TIERS.items():
            width = min(INNER * self._shares[tier] / 1_000, INNER - at)
            canvas.setFillColor(colour)
            canvas.rect(at, 5.5 * mm, width, 4 * mm, stroke=0, fill=1)
            canvas.rect(label, 0.6 * mm, 2.4 * mm, 2.4 * mm, stroke=0, fill=1)
            canvas.setFillColor(INK)
            canvas.setFont(BODY, SMALL)
            told = f"{words.QUALITIES[tier]} {percent(self._shares[tier])}"
            canvas.drawString(label + 4 * mm, 0.8 * mm, told)
            at, label = at + width, label + 46 * mm


def _foot(statement: Statement, page_count: int) -> Callable[[Canvas, BaseDocTemplate], None]:
    """What stands below each page."""
    left = latin(f"{statement.tenant} - {words.period(statement)} - {statement.report_id}")
    stated = f"Ledger as of {moment(statement.stated_time)}"

    def draw(canvas: Canvas, document: BaseDocTemplate) -> None:
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.5)
        canvas.line(MARGIN, 11 * mm, WIDTH - MARGIN, 11 * mm)
        canvas.setFont(BODY, 7.5)
        canvas.setFillColor(SOFT)
        canvas.drawString(MARGIN, 7 * mm, left)
        canvas.drawCentredString(WIDTH / 2 + 30 * mm, 7 * mm, stated)
        numbered = f"Page {document.page} of {page_count}"
        canvas.drawRightString(WIDTH - MARGIN, 7 * mm, numbered)

    return draw
