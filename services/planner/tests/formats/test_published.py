"""
Every published solution of a class we model verifies at its published cost.

Method: the `.sol` files of ../shared, timed by the exact scheduler, checked by all rules.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from services.planner.formats.read import read
from services.planner.formats.solutions import Best, best_known, read_solution, sequences
from services.planner.rules.verify import verify
from services.planner.search.answers import time_routes
from services.planner.tests.formats.files import LILIM, SOLOMON
from tests.shared import FOLDER, path

CLASSES = ("cvrp_x", "gvrp", "hfvrp", "mdvrptw", "mtvrptwr", "pcvrptw", "sdvrptw", "vrpb")
SOLUTIONS = [
    str(solution.relative_to(FOLDER))
    for kind in CLASSES
    for solution in sorted((FOLDER / "instances" / kind).glob("*.sol"))
]


@pytest.mark.shared
@pytest.mark.parametrize("name", SOLUTIONS or ["instances/cvrp_x"])
def test_a_published_solution_verifies_at_its_published_cost(name: str) -> None:
    solution = path(name)
    reading, published = read(solution.with_suffix(".vrp")), read_solution(solution)

    plan = time_routes(reading.instance, sequences(reading, published), verify)

    assert plan.violations == ()
    cost = Decimal(plan.cost_micros) / reading.sheet.cost_factor
    assert cost.quantize(published.cost) == published.cost


@pytest.mark.shared
def test_a_list_of_best_known_values_is_read_in_our_units() -> None:
    solomon, lilim = path("instances/vrptw/R211.txt"), path("instances/pdptw_lilim/lr101.txt")
    pairs = read(lilim)
    found = best_known(pairs, lilim)

    assert best_known(read(solomon), solomon) == Best(7_467)
    assert found is not None
    assert found.vehicles == 19
    assert found.cost_micros == 19 * pairs.sheet.carriers[0].fixed_cost + 1_650_800


def test_what_nobody_published_has_no_best_known_value(tmp_path: Path) -> None:
    file = tmp_path / "tiny.txt"
    file.write_text(SOLOMON)

    assert best_known(read(file), file) is None


def test_the_smaller_of_two_listed_values_is_taken(tmp_path: Path) -> None:
    file, values = tmp_path / "tiny.txt", tmp_path / "BKS_dimacs.json"
    file.write_text(SOLOMON)
    values.write_text('{"tiny": {"dimacs2022": 17.3, "opt2022": true, "later": 17.2}}')

    assert best_known(read(file), file) == Best(172)


@pytest.mark.parametrize(("stated", "cost"), [("Cost 128", 128), ("Cost: 12.8", 128)])
def test_a_cost_with_a_fraction_is_in_units_of_the_file(
    tmp_path: Path, stated: str, cost: int
) -> None:
    file, solution = tmp_path / "tiny.txt", tmp_path / "tiny.sol"
    file.write_text(SOLOMON)
    solution.write_text(f"Route #1: 1\nRoute #2: 2\n{stated}\n")

    assert best_known(read(file), file) == Best(cost)


def test_a_solution_that_does_not_fit_its_file_is_refused(tmp_path: Path) -> None:
    file, solution = tmp_path / "tiny.txt", tmp_path / "tiny.sol"
    file.write_text(LILIM)
    solution.write_text("Route #1: 1 2 9\nCost 3\n")

    with pytest.raises(ValueError, match="location 9"):
        sequences(read(file), read_solution(solution))
