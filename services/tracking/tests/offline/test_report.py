"""
The process that makes a report.

Method: it is started as the service starts it, with a journal of attempts on its standard input.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.tracking.adapters.codec import pack
from services.tracking.domain.report import ReportFormat, ReportKind, ReportOrder
from services.tracking.domain.route import Window
from services.tracking.offline.report import NO_ROOM, TOO_LARGE
from services.tracking.tests.projections.story import charges, outcome
from services.tracking.tests.town import NINE
from tests.run import ROOT

pytestmark = pytest.mark.mesh  # it takes seconds


def lines(count: int, days: int) -> Iterator[str]:
    """Attempts, spread over days."""
    (task,) = charges(1)
    for number in range(count):
        at = NINE + timedelta(days=number * days // count)
        one = replace(outcome(1, 0), at=at, task=replace(task, task_id=f"tsk_{number}"))
        yield "\t".join(("OutcomeRecorded", at.isoformat(), at.isoformat(), pack(one))) + "\n"


def made(path: Path, count: int, days: int, memory_mib: int) -> subprocess.CompletedProcess[str]:
    """The process after it has ended."""
    span = Window(NINE, NINE + timedelta(days=days))
    order = pack(ReportOrder(ReportKind.ATTEMPTS, ReportFormat.CSV, span))
    command = [sys.executable, "-m", "services.tracking.offline.report", order]
    return subprocess.run(
        [*command, str(path), str(memory_mib)],
        input="".join(lines(count, days)),
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def test_a_day_that_does_not_fit_into_memory_says_what_to_ask_instead(tmp_path: Path) -> None:
    done = made(tmp_path / "report.csv", 20_000, 1, 60)

    assert (done.returncode, done.stderr) == (TOO_LARGE, NO_ROOM)


def test_days_follow_one_another_through_the_same_memory(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    done = made(path, 20_000, 60, 60)

    assert (done.returncode, done.stderr) == (0, "")
    assert path.read_text().count("\n") == 20_001
