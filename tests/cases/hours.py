"""Cases of hours of service: none is supported before the Dispatch issue brings the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.cases.outcome import Case, Outcome, judged

UNSUPPORTED = "no hours case is supported until the Dispatch issue"


def run(document: Mapping[str, Any]) -> list[Outcome]:
    """Every case of every kind in the file, failed."""
    cases = [
        case
        for value in document.values()
        if isinstance(value, list)
        for case in value
        if isinstance(case, dict) and "id" in case
    ]
    print(UNSUPPORTED)
    return judged(cases, _unsupported)


def _unsupported(case: Case) -> list[str]:
    return [UNSUPPORTED]
