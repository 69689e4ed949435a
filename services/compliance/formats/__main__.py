"""
Writes one report: `python -m services.compliance.formats PDF`, a statement in, the file out.

A process of its own, so that the service's event loop and its threads stay free while a long table
is laid out; it yields to the service where the processor is short.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable

from services.compliance.domain.statement import Format, Statement
from services.compliance.formats import csv_report, ileap, pdf_report

NICENESS = 10
WRITERS: dict[Format, Callable[[Statement], bytes]] = {
    Format.CSV: csv_report.write,
    Format.ILEAP_JSON: ileap.write,
    Format.PDF: pdf_report.write,
}


def main(format_name: str) -> None:
    """Once."""
    os.nice(NICENESS)
    statement = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    sys.stdout.buffer.write(WRITERS[Format(format_name)](statement))


if __name__ == "__main__":
    main(sys.argv[1])
