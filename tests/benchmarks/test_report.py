"""The page of results: from rows to words, the same every time."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.picture import plot
from tests.benchmarks.report import AIMS, PAGE, RESULTS, kept, page
from tests.benchmarks.summary import lines
from tests.benchmarks.test_summary import ROWS

ABOUT = {"machine": "Abacus, 2 cores", "commit": "abc1234"}


def test_the_page_tells_gaps_aims_duels_machine_and_commit() -> None:
    text = page({"plan": [row | ABOUT for row in ROWS]})

    assert "Machine: Abacus, 2 cores. Commit: abc1234." in text
    assert (
        "| vrptw-100 | doorstep | 3 | 1.33 | 0.20 | 3.00 | 1.33 | 1.33 | 1.33 | 0 | a seed 2 |"
        in text
    )
    assert "| vrptw-100 | 1 | 1 | 0 | 50 | 100 | -1.44 |" in text


def test_the_kept_page_is_the_one_that_the_kept_results_give() -> None:
    assert PAGE.read_text() == page(kept(RESULTS)), "run python -m tests.benchmarks.report"


def test_the_same_rows_give_the_same_picture(tmp_path: Path) -> None:
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    for path in (first, second):
        plot(lines(ROWS), AIMS, path)

    assert first.read_bytes() == second.read_bytes()
    assert "ortools" in first.read_text()
