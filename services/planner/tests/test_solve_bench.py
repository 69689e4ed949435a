"""
How long a search takes and what it reaches, by hand:

    .venv/bin/pytest services/planner/tests/test_solve_bench.py -m bench -s

A city 8 km across on a plane, half the tasks with a window of two hours, lunch breaks; seeds 1, 2,
3.
"""

from __future__ import annotations

import time

import pytest

from services.planner.domain.settings import SearchSettings
from services.planner.solver.solve import Outcome, Solve
from services.planner.tests.problems import city, on_plane


@pytest.mark.bench
@pytest.mark.parametrize(("tasks", "shifts"), [(50, 5), (200, 15), (1_000, 50), (2_000, 100)])
def test_a_city_is_planned(tasks: int, shifts: int) -> None:
    for seed in (1, 2, 3):
        begun, cpu = time.monotonic(), time.process_time()
        told: list[Outcome] = []
        last = Solve(on_plane(city(seed, tasks, shifts)), SearchSettings(), told.append).run()
        seconds, used = time.monotonic() - begun, time.process_time() - cpu
        gain = 100 - 100 * last.plan.cost_micros / told[0].plan.cost_micros
        print(
            f"{tasks} tasks, {shifts} shifts, seed {seed}: {seconds:.1f} s, {used:.1f} s of CPU, "
            f"{last.plan.cost_micros / 1e6:.0f} units, {gain:.1f} % below the first plan, "
            f"{len(last.plan.unassigned)} left out, {last.end.value}"
        )
        assert last.broken == ()
