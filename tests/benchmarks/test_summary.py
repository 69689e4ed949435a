"""Means, duels and the file of results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.instances import budget
from tests.benchmarks.results import BadResults, load, save
from tests.benchmarks.summary import classes, duels, lines


def row(engine: str, instance: str, cost: int | None, seed: int = 1, **more: Any) -> dict[str, Any]:
    """A row of class vrptw-100 whose best known value is 100."""
    gap = None if cost is None else float(cost - 100)
    known = {"gap": gap, "gap_1s": gap, "gap_10s": gap, "primal_integral": gap}
    made = {"class": "vrptw-100", "engine": engine, "instance": instance, "seed": seed}
    made |= {"cost": cost, "budget": 10.0, "verified": cost is not None, "commit": "abc1234"}
    return made | known | more


ROWS = [
    row("doorstep", "a", 101),
    row("doorstep", "a", 103, seed=2),
    row("doorstep", "b", 100),
    row("pyvrp", "a", 104),
    row("pyvrp", "b", 100),
    row("ortools", "a", None),
]


def test_a_class_has_a_line_per_engine_with_mean_and_worst() -> None:
    ours, theirs, last = lines(ROWS)

    assert (ours.engine, ours.rows, ours.instances, ours.mean) == ("doorstep", 3, 2, 4 / 3)
    assert (ours.worst, ours.worst_instance) == (3.0, "a seed 2")
    assert theirs.mean == 2.0
    assert (last.mean, last.unverified) == (None, 1)


def test_a_duel_is_decided_by_the_mean_over_seeds_that_both_have() -> None:
    (found,) = duels(ROWS)

    assert (found.wins, found.ties, found.losses) == (1, 1, 0)
    assert (found.better_percent, found.no_worse_percent) == (50, 100)
    assert found.difference == pytest.approx(100 * (101 - 104) / 104 / 2)


BROKEN = {"verified": False}


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (row("doorstep", "a", None), row("pyvrp", "a", 104), (0, 0, 1)),
        (row("doorstep", "a", 90, **BROKEN), row("pyvrp", "a", 104), (0, 0, 1)),
        (row("doorstep", "a", 110), row("pyvrp", "a", 90, **BROKEN), (1, 0, 0)),
        (row("doorstep", "a", None), row("pyvrp", "a", None), (0, 1, 0)),
    ],
)
def test_who_has_no_plan_that_holds_loses(
    ours: dict[str, Any], theirs: dict[str, Any], expected: tuple[int, int, int]
) -> None:
    (found,) = duels([ours, theirs])

    assert (found.wins, found.ties, found.losses) == expected


def test_a_class_with_a_plan_that_does_not_hold_has_no_mean() -> None:
    (found,) = lines([row("doorstep", "a", 101), row("doorstep", "b", 90, **BROKEN)])

    assert (found.mean, found.worst, found.unverified) == (None, 1.0, 1)


def test_classes_are_told_by_size() -> None:
    rows = [{"class": kind} for kind in ("vrptw-1000", "vrptw-200", "cvrp")]

    assert classes(rows) == ["cvrp", "vrptw-200", "vrptw-1000"]


@pytest.mark.parametrize(
    ("customers", "seconds"),
    [(100, 10), (200, 10), (201, 20), (400, 30), (600, 40), (1_000, 60), (10_000, 600)],
)
def test_budgets_go_by_size(customers: int, seconds: float) -> None:
    assert budget(customers) == seconds


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "rows.json"
    save(file, ROWS)

    assert load(file) == ROWS
    assert list(file.parent.iterdir()) == [file]


def test_a_file_of_something_else_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    file.write_text('{"precious": true}')

    with pytest.raises(BadResults, match="name another file"):
        load(file)
