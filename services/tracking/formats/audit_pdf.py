"""
An audit as PDF, for whoever must show what happened to one delivery: A4, landscape.

The same audit gives the same bytes: without the time of day and without chance. The fonts are
those of every PDF reader and know Western European letters (cp1252); others are written by their
code, so that no id gets lost. A PIN is nowhere in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from services.tracking.domain.audit import Audit
from services.tracking.domain.custody import STILL
from services.tracking.domain.proof import Proof
from services.tracking.domain.words import ProofKind

WIDTH, HEIGHT = landscape(A4)
MARGIN, HEAD, FOOT = 14 * mm, 12 * mm, 13 * mm
INNER = WIDTH - 2 * MARGIN
TABLE_BEGINS = 26 * mm  # a heading with less room below it goes to the next page
INK, SOFT, LINE = colors.HexColor("#17252d"), colors.HexColor("#5d6b73"), colors.HexColor("#d5dbde")
ACCENT = colors.HexColor("#1c6b52")
BODY, BOLD = "Helvetica", "Helvetica-Bold"
TRACE_CHARACTERS = 8  # enough to see which entries share a trace; the whole one stands in front


def _style(name: str, size: float, **more: Any) -> ParagraphStyle:
    known: dict[str, Any] = {"fontName": BODY, "textColor": INK, "leading": size * 1.35}
    return ParagraphStyle(name, fontSize=size, **(known | more))


TITLE = _style("title", 19, fontName=BOLD, leading=24)
SUBTITLE = _style("subtitle", 9.5, textColor=SOFT, leading=13)
HEADING = _style("heading", 11, fontName=BOLD, textColor=ACCENT, spaceBefore=9, spaceAfter=2)
CELL = _style("cell", 7.2, leading=9.1, wordWrap="CJK")  # ids break anywhere, not past the cell
HEAD_CELL = _style("head", 7.2, fontName=BOLD, textColor=SOFT, leading=9.1)


def write(audit: Audit) -> bytes:
    """The file."""
    file = BytesIO()
    document = BaseDocTemplate(
        file,
        pagesize=(WIDTH, HEIGHT),
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=HEAD,
        bottomMargin=FOOT,
        title=f"Audit of delivery {latin(audit.delivery_id)}",
        author="Doorstep tracking",
        subject=f"trace {audit.trace_id or 'none'}",
        lang="en",
        invariant=1,
    )
    inner = Frame(MARGIN, FOOT, INNER, HEIGHT - HEAD - FOOT, 0, 0, 0, 0)
    document.addPageTemplates(PageTemplate(frames=[inner], onPage=_foot(audit)))
    document.build(list(_story(audit)), canvasmaker=_Counted)
    return file.getvalue()


class _Counted(Canvas):
    """Keeps pages until their number is known: each says how many there are."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        """Keeps a page."""
        self._kept.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]  # untyped

    def save(self) -> None:
        """Writes the pages."""
        for number, page in enumerate(self._kept, 1):
            self.__dict__.update(page)
            self.setFont(BODY, 7)
            self.setFillColor(SOFT)
            self.drawRightString(WIDTH - MARGIN, 7 * mm, f"{number} / {len(self._kept)}")
            super().showPage()
        super().save()


def latin(text: str) -> str:
    """What the fonts can show; the rest by its code."""
    shown = "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)
    return shown.encode("cp1252", "backslashreplace").decode("cp1252")


def _story(audit: Audit) -> Iterator[Flowable]:
    yield _paragraph(f"Audit of delivery {audit.delivery_id}", TITLE)
    trace = audit.trace_id or "not traced"
    yield _paragraph(f"Trace {trace}. Put together on {_moment(audit.at)}.", SUBTITLE)
    yield _paragraph("From immutable facts: a later edit adds a line and changes none.", SUBTITLE)
    if audit.left_out:
        words = f"{audit.left_out:,} events and facts that repeat are left out; none that decides."
        yield _paragraph(words, SUBTITLE)
    yield Spacer(0, 2 * mm)
    yield from _section("Plan revisions and assignments", *_revisions(audit))
    yield from _section("Decisions of compliance", *_decisions(audit))
    yield from _section("What happened, and who did it", *_lines(audit))
    yield from _section("Custody of the parcels", *_custody(audit))
    yield from _section("Proofs of delivery", *_proofs(audit))
    yield from _section("Facts as they were reported", *_reports(audit))
    yield from _section("Incidents", *_incidents(audit))
    yield from _section("Comments", *_comments(audit))


Content = tuple[Sequence[str], Sequence[Sequence[str]], Sequence[float]]  # heading, rows, mm


def _section(
    title: str, heading: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
) -> Iterator[Flowable]:
    """A heading and its table; the last column takes what is left of the page."""
    yield CondPageBreak(TABLE_BEGINS)
    yield _paragraph(title, HEADING)
    if not rows:
        yield _paragraph("None.", CELL)
        return
    columns = [width * mm for width in widths]
    cells = [[_paragraph(text, HEAD_CELL) for text in heading]]
    cells += [[_paragraph(text, CELL) for text in row] for row in rows]
    columns.append(INNER - sum(columns))
    yield Table(cells, colWidths=columns, style=_ruled(), repeatRows=1, hAlign="LEFT")


def _revisions(audit: Audit) -> Content:
    heading = ("When", "Route, revision", "Plan", "Cause", "Driver, vehicle, carrier")
    rows = [
        (
            _moment(one.at),
            f"{one.crew.route_id} / {one.crew.revision}",
            one.plan_id,
            _words(one.cause) if one.crew.revision > 1 else "first",
            ", ".join(filter(None, (one.crew.driver_id, one.crew.vehicle_id, one.crew.carrier_id))),
            "taken off" if one.removed else _moment(one.arrival),
            ", ".join(one.decision_ids),
            _trace(one.trace_id, audit),
        )
        for one in audit.revisions
    ]
    more = ("Planned arrival", "Decisions", "Trace")
    return (*heading, *more), rows, (32, 40, 32, 22, 50, 32, 38)


def _decisions(audit: Audit) -> Content:
    heading = ("Decision", "Route", "Verdict", "When")
    rows = [
        (one.decision_id, one.route_id, _words(one.verdict) or "not told", _moment(one.at))
        for one in audit.decisions
    ]
    return heading, rows, (60, 60, 50)


def _lines(audit: Audit) -> Content:
    heading = ("When", "Recorded", "Who", "Task", "Route", "Trace", "What")
    rows = [
        (
            _moment(one.at),
            _moment(one.recorded_at),
            one.actor,
            one.task_id,
            one.route_id,
            _trace(one.trace_id, audit),
            one.summary,
        )
        for one in audit.lines
    ]
    return heading, rows, (32, 32, 36, 30, 30, 18)


def _custody(audit: Audit) -> Content:
    heading = ("Parcel", "When", "What", "In whose hands", "Route", "Seen by", "Does not fit")
    rows = []
    for chain in audit.chains:
        gaps = {gap.step_id: _words(gap.kind) for gap in chain.gaps if gap.step_id}
        for step in chain.steps:
            named = "" if step.act in STILL else _words(step.holder)
            holder = " ".join(filter(None, (named, step.holder_id)))
            act = _words(step.act) + (", damaged" if step.damaged else "")
            seen = _words(step.source)
            row = (chain.parcel_id, _moment(step.at), act, holder, step.route_id, seen)
            rows.append((*row, gaps.get(step.step_id, "")))
        for gap in chain.gaps:
            if gap.proof_id:
                blank = (chain.parcel_id, _moment(gap.at), "proved", "", "", "")
                rows.append((*blank, f"{_words(gap.kind)}: proof {gap.proof_id}"))
    return heading, rows, (42, 32, 30, 46, 36, 26)


def _proofs(audit: Audit) -> Content:
    heading = ("Proof", "Captured", "Accepted", "State", "Task", "By", "Items")
    rows = [
        (
            one.proof_id,
            _moment(one.capture_time),
            _moment(one.accept_time),
            _words(one.state) + "".join(f", lacks {_words(kind)}" for kind in one.missing),
            one.task_id,
            one.submitted_by,
            _items(one),
        )
        for one in audit.proofs
    ]
    return heading, rows, (52, 30, 30, 28, 28, 28)


def _items(proof: Proof) -> str:
    """Kinds with what they rest on; of a PIN nothing but that it was right."""
    found = []
    for item in proof.items:
        code = "" if item.kind is ProofKind.PIN else item.code
        age = f"{item.verified_age_years} years" if item.verified_age_years else ""
        said = filter(None, (item.media_sha256, code, age, item.signer_name))
        found.append(" ".join((_words(item.kind), *said)))
    if proof.note:
        found.append(f"note: {proof.note}")
    return "; ".join(found)


def _reports(audit: Audit) -> Content:
    heading = ("When", "Recorded", "Fact", "Status", "Source", "Who", "Event, note")
    rows = [
        (
            _moment(one.fact.event_time),
            _moment(one.fact.record_time),
            _words(one.fact.name),
            _words(one.status),
            _words(one.fact.source),
            one.fact.driver_id or one.fact.carrier_id or one.fact.device_id,
            " ".join(filter(None, (one.fact.event_id, one.fact.note))),
        )
        for one in audit.reports
    ]
    return heading, rows, (32, 32, 32, 24, 24, 40)


def _incidents(audit: Audit) -> Content:
    heading = ("Opened", "Type", "State", "Taken up by", "Ended by", "How", "What")
    rows = [
        (
            _moment(one.open_time),
            _words(one.type),
            _words(one.state),
            one.acknowledged_by,
            one.ended_by,
            _words(one.resolution) if one.ended else "",
            one.summary,
        )
        for one in audit.incidents
    ]
    return heading, rows, (32, 36, 26, 36, 36, 26)


def _comments(audit: Audit) -> Content:
    heading = ("When", "Author", "For", "Words")
    rows = [
        (_moment(one.create_time), one.author, _words(one.audience), one.text)
        for one in audit.comments
    ]
    return heading, rows, (32, 50, 26)


def _ruled() -> TableStyle:
    return TableStyle(
        [
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, ACCENT),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
            ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 1.6),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.2),
        ]
    )


def _foot(audit: Audit) -> Callable[[Canvas, Any], None]:
    def draw(canvas: Canvas, document: Any) -> None:
        canvas.setFont(BODY, 7)
        canvas.setFillColor(SOFT)
        canvas.drawString(MARGIN, 7 * mm, latin(f"Delivery {audit.delivery_id}; times in UTC"))

    return draw


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(latin(text)), style)


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if at else ""


def _words(text: str) -> str:
    return text.lower().replace("_", " ")


def _trace(trace_id: str, audit: Audit) -> str:
    """The same as the delivery's, or the beginning of another."""
    if trace_id and trace_id == audit.trace_id:
        return "the same"
    return trace_id[:TRACE_CHARACTERS] or "none"
