"""
The command itself, on a tiny instance: rows, resuming, errors.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.planner.tests.formats.files import SOLOMON
from tests.run import ROOT

ENGINES = ("pyvrp", "ortools")


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `python -m tests.benchmarks.plan`."""
    called = [sys.executable, "-m", "tests.benchmarks.plan", *arguments]
    return subprocess.run(called, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one instance, its best known value, and a file that is none."""
    (tmp_path / "tiny.txt").write_text(SOLOMON)
    (tmp_path / "notes.txt").write_text("read me")
    # Both customers do not fit one vehicle: there and back, 2 * 50 and 2 * 14 tenths.
    (tmp_path / "BKS_dimacs.json").write_text('{"tiny": {"dimacs2022": 12.5}}')
    return tmp_path


def test_engines_are_compared_and_rows_are_not_run_twice(folder: Path) -> None:
    out = folder / "out" / "rows.json"
    asked = ["--engines", ",".join(ENGINES), "--instances", str(folder), "--budget", "0.2"]
    asked += ["--seeds", "1", "--json", str(out)]
    first = command(*asked)
    assert first.returncode == 0, first.stderr
    rows = json.loads(out.read_text())

    again = command(*asked)

    assert [row["engine"] for row in rows] == list(ENGINES)
    for row in rows:
        assert (row["cost"], row["bks"], row["verified"]) == (128, 125, True)
        assert row["gap"] == pytest.approx(2.4)
        assert row["cpu_seconds"] < 2
        assert row["machine"]
        assert row["commit"]
    assert "vrptw-100" in first.stdout
    assert json.loads(out.read_text()) == rows
    assert "seed 1" in first.stdout
    assert not again.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--engines", "magic"], "unknown engine magic"),
        (["--seeds", "one"], "numbers are expected"),
        (["--instances", "nowhere.txt"], "no such file"),
    ],
)
def test_what_cannot_run_is_said_in_a_line(folder: Path, arguments: list[str], words: str) -> None:
    whole = ["--instances", str(folder), "--json", str(folder / "rows.json"), *arguments]
    done = command(*whole)

    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr
