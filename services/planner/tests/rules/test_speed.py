"""
The verifier runs on every plan that leaves, so it is quick, and linear in the visits.

Method: tasks at 400 places dealt out to vans and driven without waiting, verified whole; processor
time of the best of three. The plan may break rules: what is measured is asking them all.
"""

from __future__ import annotations

import time

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Route, Visit
from services.planner.domain.problem import Problem
from services.planner.rules.verify import verify
from services.planner.tests.problems import on_plane, shift, task


def dealt(tasks: int, routes: int) -> tuple[Instance, Plan]:
    """An instance, and a plan that serves its tasks in the order in which they stand."""
    made = (task(f"t{n}", 100 * (n % 20), 100 * (n // 20 % 20)) for n in range(tasks))
    problem = Problem(tuple(made), tuple(shift(f"s{n}") for n in range(routes)))
    instance, each = on_plane(problem), tasks // routes
    ranks = (range(rank * each, (rank + 1) * each) for rank in range(routes))
    return instance, Plan(tuple(driven(instance, rank, own) for rank, own in enumerate(ranks)))


def driven(instance: Instance, shift: int, tasks: range) -> Route:
    """A route that leaves when its shift opens and waits for nothing."""
    own, visits = instance.problem.shifts[shift], list[Visit]()
    here, now = instance.places.starts[shift], own.start_second + own.loading_seconds
    for rank in tasks:
        there, option = instance.place((rank, 0)), instance.option((rank, 0))
        arrival = now + instance.travel_seconds(shift, here, there)
        start = arrival + (option.setup_seconds if here != there else 0)
        here = there
        now = start + option.service_seconds
        visits.append(Visit(rank, 0, arrival, arrival, start, now))
    end = now + instance.travel_seconds(shift, here, instance.end_place(shift, here))
    return Route(shift, own.start_second, end, end, tuple(visits))


@pytest.mark.parametrize(
    ("tasks", "routes", "seconds_max"), [(1_000, 250, 0.15), (10_000, 1_000, 2), (10_000, 100, 2)]
)
def test_a_plan_is_verified_in_no_time(tasks: int, routes: int, seconds_max: float) -> None:
    instance, plan = dealt(tasks, routes)
    lasted = []
    for _ in range(3):
        begun = time.process_time()
        verify(instance, plan)
        lasted.append(time.process_time() - begun)

    assert min(lasted) < seconds_max
