"""
The audit as PDF.

Method: an audit with something of everything is written and read back by another library.
"""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

from pypdf import PdfReader

from services.tracking.domain.audit import Audit, Decision, Report
from services.tracking.domain.custody import Chain, Gap, GapKind
from services.tracking.domain.fact import Success
from services.tracking.domain.incident import About, Alarm, IncidentType, opened
from services.tracking.domain.note import Audience, Comment
from services.tracking.domain.proof import Item, Proof, ProofState
from services.tracking.domain.words import ProofKind
from services.tracking.formats.audit_pdf import write
from services.tracking.projections.audit import lines, revisions
from services.tracking.tests.domain.test_custody import chain
from services.tracking.tests.projections.test_audit import ORDER, rows, story
from services.tracking.tests.town import at, fact

PIN = "c0ffee" * 10 + "cafe"
SHA = "a" * 64


def audit(**changes: object) -> Audit:
    """An audit of a delivery with something of everything."""
    items = (
        Item(ProofKind.PHOTO, SHA),
        Item(ProofKind.PIN, code=PIN),
        Item(ProofKind.BARCODE, code="B1"),
        Item(ProofKind.AGE, verified_age_years=21),
    )
    proof = Proof(
        "0b6f9a52-7d0a-4a0e-8a52-111111111111",
        "tsk_1",
        at(19),
        items,
        at(20),
        note="behind the b\u0142ue door",
        state=ProofState.ACCEPTED,
        accept_time=at(20),
        submitted_by="driver-1",
    )
    alarm = Alarm(IncidentType.CUSTODY_BROKEN, About(delivery_id="del_1"), "no scan", at(19))
    told = rows(story())
    steps = tuple(chain("P L1 C D1"))
    made = Audit(
        delivery_id="del_1",
        trace_id=ORDER,
        revisions=tuple(revisions(told, "del_1")),
        decisions=(Decision("dec_1", "rte_1", "ALLOW", at(-31)), Decision("dec_2", "rte_1")),
        lines=tuple(lines(told, "del_1")),
        reports=(Report(fact(Success(), 19, 1), "CONTESTED"),),
        proofs=(proof,),
        chains=(
            Chain("pcl_1", "B1", "del_1", steps, (Gap(GapKind.UNSCANNED, at(3), step_id="s3"),)),
        ),
        incidents=(opened(alarm, "inc_1", at(20)),),
        comments=(Comment("cmt_1", "e", "del_1", "anna", "called twice", Audience.CREW, at(30)),),
        at=at(60),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def text(one: Audit) -> str:
    """The words of the document."""
    pages = PdfReader(BytesIO(write(one))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_same_audit_gives_the_same_bytes() -> None:
    assert write(audit()) == write(audit())


def test_everything_that_is_kept_stands_in_the_document() -> None:
    found = text(audit())

    for words in (
        "Audit of delivery del_1",
        ORDER,
        "rpl_1",
        "late delivery",
        "2026-05-12 09:17:00",  # the planned arrival after the revision
        "allow",
        "not told",
        "driver:driver-1",
        "aaaaaaaaaaaa",
        "21 years",
        "contested",
        "custody broken",
        "unscanned",
        "called twice",
        "1 / ",
    ):
        assert words in found, words


def test_a_pin_is_nowhere_in_the_document_not_even_its_hash() -> None:
    assert "c0ffee" not in text(audit()).replace(" ", "")


def test_letters_that_the_fonts_lack_are_written_by_their_code() -> None:
    assert "\\u0142" in text(audit())


def test_an_empty_audit_says_none_everywhere() -> None:
    empty = Audit("del_9", "", (), (), (), (), (), (), (), (), at(0))

    assert text(empty).count("None.") == 8
    assert "not traced" in text(empty)


def test_a_document_says_how_much_it_leaves_out() -> None:
    assert "1,205 events and facts that repeat are left out" in text(audit(left_out=1_205))
    assert "left out" not in text(audit())


def test_a_long_audit_breaks_into_pages_that_repeat_the_heading() -> None:
    one = audit()
    long = replace(one, lines=one.lines * 60)

    reader = PdfReader(BytesIO(write(long)))

    assert len(reader.pages) > 5
    assert "Recorded" in reader.pages[2].extract_text()
