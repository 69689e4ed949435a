"""
How long the pure search takes: routes timed, tasks inserted, tasks explained. Prints CPU time.

`pytest -m bench -s services/planner/tests/test_search_bench.py`
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.problem import Problem
from services.planner.domain.task import Window
from services.planner.rules.verify import route_violations
from services.planner.search.answers import propose_insertions
from services.planner.search.construct import fill
from services.planner.search.evaluate import holding, views_of
from services.planner.search.explain import explained
from services.planner.search.solution import Solution
from services.planner.tests.problems import at, city, lunch, on_plane, shift, task

pytestmark = pytest.mark.bench


def cpu_milliseconds(work: Callable[[], object], times: int = 1) -> float:
    """The mean processor time of some work."""
    work()
    begun = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - begun) / times * 1e3


def ring(count: int, breaks: int) -> Instance:
    """Stops around the depot, each with a window of two hours, over nine hours."""
    tasks = [
        task(
            f"t{number}",
            2_000 * math.cos(number / count * 6.28),
            2_000 * math.sin(number / count * 6.28),
            windows=(Window(at(7.5 + 8 * number / count), at(9.5 + 8 * number / count)),),
            service=6_000 // count,
        )
        for number in range(count)
    ]
    own = shift("s0", breaks=(lunch(),) * breaks, end_second=at(19))
    return on_plane(Problem(tuple(tasks), (own,)))


@pytest.mark.parametrize(
    ("stops", "breaks", "most"), [(20, 0, 0.5), (20, 1, 2), (100, 0, 5), (100, 1, 5)]
)
def test_a_route_is_timed_and_priced_in_time(stops: int, breaks: int, most: float) -> None:
    view, nodes = views_of(ring(stops, breaks))[0], [(rank, 0) for rank in range(stops)]
    took = cpu_milliseconds(lambda: holding(view, nodes), 50)
    print(f"{stops} stops, {breaks} breaks: {took:.2f} ms")

    assert holding(view, nodes) is not None
    assert took < most


@pytest.mark.parametrize("breaks", [False, True])
def test_ten_tasks_are_proposed_into_four_hundred_in_a_tenth(breaks: bool) -> None:
    made, new = on_plane(city(1, 410, 20, breaks=breaks)), range(400, 410)
    solution = Solution(made)
    fill(solution, lambda: True)
    given = [[node for node in line.nodes if node[0] not in new] for line in solution.lines]
    took = cpu_milliseconds(lambda: propose_insertions(made, given, new, 5, route_violations))
    print(f"ten into 400, breaks {breaks}: {took:.0f} ms")

    assert took < 100


def test_a_thousand_tasks_left_out_of_250_shifts_are_explained_in_seconds() -> None:
    made = on_plane(city(1, 1_000, 250))
    built = cpu_milliseconds(lambda: Solution(made))
    took = cpu_milliseconds(lambda: explained(Solution(made), route_violations))
    print(f"built in {built:.0f} ms, explained in {took:.0f} ms")

    assert built < 300
    assert took < 3_000
