"""
How long answers about given routes take: 400 stops, in seconds of one core.

`pytest -m bench -s services/planner/tests/answers` prints them.
"""

from __future__ import annotations

import time

import pytest

from services.planner.domain.instance import Instance, Node
from services.planner.domain.settings import SearchSettings
from services.planner.domain.task import Window
from services.planner.rules.verify import route_violations
from services.planner.search.explanations import explain_tasks
from services.planner.search.offers import price_windows
from services.planner.solver.solve import Solve
from services.planner.tests.problems import MINUTE, at, city, on_plane

pytestmark = pytest.mark.bench
STOPS, NEW, EXPLAINED = 400, 399, 5


def planned(shifts: int) -> tuple[Instance, list[tuple[Node, ...]], list[int]]:
    """A city with its routes, and the tasks that they leave out."""
    instance = on_plane(city(3, STOPS, shifts))
    plan = Solve(instance, SearchSettings(solution_limit=1), lambda _: None).run().plan
    sequences: list[tuple[Node, ...]] = [()] * shifts
    for route in plan.routes:
        sequences[route.shift] = tuple(node for node in route.sequence if node[0] != NEW)
    return instance, sequences, [one.task for one in plan.unassigned]


def test_twenty_windows_beside_400_stops_are_priced_within_a_second() -> None:
    instance, sequences, _ = planned(20)
    windows = [Window(at(8) + n * 20 * MINUTE, at(10) + n * 20 * MINUTE) for n in range(20)]
    begun = time.process_time()
    _, offers = price_windows(instance, sequences, NEW, windows, route_violations)
    spent = time.process_time() - begun
    print(f"20 windows beside {STOPS} stops: {spent:.2f} s")

    assert any(offer.insertion for offer in offers)
    assert spent < 1


def test_tasks_beside_full_routes_are_explained_within_two_seconds_each() -> None:
    instance, sequences, left = planned(4)
    begun = time.process_time()
    _, told = explain_tasks(instance, sequences, left[:EXPLAINED], route_violations)
    spent = (time.process_time() - begun) / EXPLAINED
    print(f"a task beside {STOPS} stops in 4 full routes: {spent:.2f} s")

    assert len(told) == EXPLAINED
    assert spent < 2
