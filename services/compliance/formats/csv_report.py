"""
A report as comma-separated values: UTF-8, RFC 4180, whole numbers in the ledger's units.

One row per group, the total last. How the numbers were found stands in each row, so that none can
be cut off from it. A spreadsheet takes a text that begins with one of `FORMULA` for a formula and
may run it; an apostrophe before it makes it a text (OWASP, CSV injection).
"""

from __future__ import annotations

import csv
from io import StringIO

from services.compliance.domain.ledger import ReportRow
from services.compliance.domain.statement import STANDARD, Statement
from services.compliance.formats.figures import stamp

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
FIELDS = (
    "row",
    "dimension",
    "key",
    "co2e_wtw_milligrams",
    "co2e_wtt_milligrams",
    "co2e_ttw_milligrams",
    "distance_meters",
    "empty_distance_meters",
    "delivered_mass_grams",
    "delivered_count",
    "failed_attempt_count",
    "co2e_milligrams_per_drop",
    "co2e_milligrams_per_kilogram",
    "primary_permille",
    "period_start",
    "period_end",
    "standard",
    "allocation",
    "factor_set_ids",
    "country_mismatch",
)


def write(statement: Statement) -> bytes:
    """The file."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(FIELDS)
    stated = _stated(statement)
    dimension = statement.order.dimension.value
    for row in statement.report.rows:
        writer.writerow(("group", dimension, harmless(row.key), *_figures(row), *stated))
    writer.writerow(("total", dimension, "total", *_figures(statement.report.total), *stated))
    return text.getvalue().encode()


def harmless(text: str) -> str:
    """A text that no spreadsheet runs."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _figures(row: ReportRow) -> tuple[int, ...]:
    return (
        row.co2e.wtw_milligrams,
        row.co2e.wtt_milligrams,
        row.co2e.ttw_milligrams,
        row.distance_meters,
        row.empty_distance_meters,
        row.delivered_mass_grams,
        row.delivered_count,
        row.failed_attempt_count,
        row.milligrams_per_drop,
        row.milligrams_per_kilogram,
        row.primary_permille,
    )


def _stated(statement: Statement) -> tuple[str, ...]:
    order = statement.order
    return (
        stamp(order.start),
        stamp(order.end),
        f"{STANDARD}, WTW",
        " ".join(one.value for one in statement.allocations),
        harmless(" ".join(statement.factor_set_ids)),
        str(statement.has_mismatch).lower(),
    )
