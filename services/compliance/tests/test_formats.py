"""
Reports as files, without a store: empty periods, hostile keys, figures to the last digit.

Method: statements made by hand; PDFs are read back by pypdf.
"""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO

import pytest
from pypdf import PdfReader

from services.compliance.domain.chain import Chains
from services.compliance.domain.footprint import Allocation, Co2e, DataQuality, Method
from services.compliance.domain.ledger import Dimension, Report, ReportRow
from services.compliance.domain.statement import Format, Found, Order, Statement
from services.compliance.formats import csv_report, figures, ileap, pdf_report
from services.compliance.formats.__main__ import WRITERS
from services.compliance.tests.places import at

START, END = at("2026-05-01 00:00"), at("2026-06-01 00:00")


def statement(*rows: ReportRow, total: ReportRow | None = None) -> Statement:
    co2e = sum((row.co2e for row in rows), Co2e())
    found = Found(
        Method.METERED_FUEL, DataQuality.PRIMARY, "s", Allocation.MASS_DISTANCE, False, co2e, 1
    )
    return Statement(
        "exp_1",
        "acme",
        Order(START, END, Dimension.ROUTE, Format.PDF),
        END,
        Report(rows, total or ReportRow("total", co2e), ()),
        (found,) if rows else (),
        (),
        Chains(),
        {},
    )


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


@pytest.mark.parametrize("form", Format)
def test_an_empty_period_is_written_too_and_twice_alike(form: Format) -> None:
    write = WRITERS[form]

    content = write(statement())

    assert content == write(statement())
    told = text_of(content) if form is Format.PDF else content.decode()
    assert "ISO 14083:2023" in told


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("a<b>&amp;", "a<b>&amp;"),
        ("K\u00e4rnten", "K\u00e4rnten"),
        ("\u0141\u00f3d\u017a", "\\u0141\u00f3d\\u017a"),  # the font has no such letters
        ("a\tb\x00", "a\\x09b\\x00"),
        ("x" * 64, "x" * 64),
    ],
)
def test_any_key_stands_in_the_pdf(key: str, shown: str) -> None:
    row = ReportRow(key, Co2e(1_500, 2_000_000))

    text = text_of(pdf_report.write(statement(row)))

    assert shown in text
    assert "2.002" in text  # 2,001,500 mg


@pytest.mark.parametrize("key", ["=1+1", "+1", "-1", "@a", "\tb", "\rb", "\nb"])
def test_no_key_of_a_csv_is_a_formula(key: str) -> None:
    content = csv_report.write(statement(ReportRow(key, Co2e(1, 1))))
    rows = list(csv.DictReader(StringIO(content.decode(), newline="")))

    assert rows[0]["key"] == f"'{key}"
    assert rows[1]["row"] == "total"


def test_ileap_without_shipments_has_its_lists() -> None:
    document = json.loads(ileap.write(statement()))

    assert document["shipmentFootprints"] == document["tocs"] == document["hocs"] == []
    assert document["total"] == {"co2eWTW": "0", "co2eTTW": "0"}


@pytest.mark.parametrize(
    ("milligrams", "kilograms", "exact"),
    [
        (0, "0.000", "0"),
        (499, "0.000", "0.000499"),
        (500, "0.001", "0.0005"),
        (29_396_412_345, "29,396.412", "29396.412345"),
        (1_000_000, "1.000", "1"),
    ],
)
def test_figures_are_right_to_the_last_digit(milligrams: int, kilograms: str, exact: str) -> None:
    assert figures.kilograms(milligrams) == kilograms
    assert figures.plain(milligrams, 1_000_000, 6) == exact


def test_the_table_goes_on_over_pages_and_ends_with_the_total() -> None:
    rows = [ReportRow(f"r{number:04d}", Co2e(number, 1_000_000)) for number in range(500)]
    pages = PdfReader(BytesIO(pdf_report.write(statement(*rows)))).pages
    texts = [page.extract_text() for page in pages]

    for number in range(500):
        assert sum(f"r{number:04d}" in text for text in texts) == 1
    assert sum("\nTotal" in text for text in texts[2:]) == 1
    assert "\nTotal" in texts[-1]
