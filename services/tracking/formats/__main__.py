"""Writes one audit: `python -m services.tracking.formats`, a pickle in, a PDF out."""

from __future__ import annotations

import os
import pickle
import sys

from services.tracking.formats.audit_pdf import write

NICENESS = 10  # it yields to the service where the processor is short


if __name__ == "__main__":
    os.nice(NICENESS)
    sys.stdout.buffer.write(write(pickle.load(sys.stdin.buffer)))  # noqa: S301 - from our parent
