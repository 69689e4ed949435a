"""
Which engines search what, and that plans are made where our kernels cannot be compiled.

Method: shapes of problems by hand; the flag of a process without kernels set for one test.
"""

from __future__ import annotations

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.problem import Problem
from services.planner.domain.settings import SearchSettings
from services.planner.domain.shift import Costs
from services.planner.solver import master, portfolio
from services.planner.solver.kernels import Kernels
from services.planner.solver.solve import Outcome, Solve
from services.planner.tests.problems import city, on_plane, shift, task

SETTINGS = SearchSettings(solution_limit=200, seconds=60)


def solved(instance: Instance) -> Outcome:
    return Solve(instance, SETTINGS, lambda _: None).run()


def engines(outcome: Outcome) -> list[str]:
    return [phase.engine for phase in outcome.phases]


def row(tasks: int, shifts: int = 1) -> Problem:
    """Long routes of deliveries that only their length costs."""
    own = (shift(f"s{n}", costs=Costs(kilometer_micros=400_000)) for n in range(shifts))
    return Problem(tuple(task(f"t{n}", 50 * n, 10 * (n % 7)) for n in range(tasks)), tuple(own))


def test_a_plain_problem_goes_to_the_lean_kernel_and_a_rich_one_to_the_full() -> None:
    assert set(engines(solved(on_plane(row(10))))) == {"lean", master.ENGINE}
    assert set(engines(solved(on_plane(city(1, 20, 3))))) == {"full", master.ENGINE}


def test_pyvrp_goes_on_where_routes_are_long() -> None:
    assert portfolio.PYVRP in engines(solved(on_plane(row(40))))


def test_the_longest_routes_are_planned_anew_and_again_the_same() -> None:
    instance = on_plane(row(260, 4))
    outcome = solved(instance)
    again = Solve(instance, SETTINGS, lambda _: None).replay(outcome.phases)

    assert engines(outcome) == ["lean", portfolio.PYVRP, master.ENGINE]
    assert again.plan.routes == outcome.plan.routes
    assert not outcome.broken


def test_a_far_cluster_is_served_where_no_task_alone_pays_for_the_way() -> None:
    """The way there and back costs 8 units, each of 30 tasks left out one; nobody goes for one."""
    unit = 1_000_000
    tasks = tuple(
        task(f"t{n}", 10_000 + 50 * (n % 6), 50 * (n // 6), penalty_micros=unit) for n in range(30)
    )
    alone = task("alone", -10_000, 0, penalty_micros=unit)
    own = shift("s0", costs=Costs(kilometer_micros=400_000))
    outcome = solved(on_plane(Problem((*tasks, alone), (own,))))

    assert [left.task for left in outcome.plan.unassigned] == [len(tasks)]
    assert engines(outcome)[1] == portfolio.PYVRP


@pytest.mark.parametrize(
    ("instance", "engine"),
    [(on_plane(row(30)), portfolio.PYVRP), (on_plane(city(1, 30, 4)), portfolio.ROUTING)],
)
def test_without_kernels_another_engine_plans_and_runs_again(
    instance: Instance, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Kernels, "are_ready", False)
    outcome = solved(instance)
    again = Solve(instance, SETTINGS, lambda _: None).replay(outcome.phases)

    assert engines(outcome) == [engine, master.ENGINE]
    assert outcome.broken == ()
    assert not outcome.plan.unassigned
    assert again.plan.routes == outcome.plan.routes


@pytest.mark.parametrize("seed", range(3))
def test_our_kernel_is_never_worse_than_the_oracle(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = on_plane(city(seed, 40, 5))
    own = Solve(instance, SearchSettings(solution_limit=5_000), lambda _: None).run()
    monkeypatch.setattr(Kernels, "are_ready", False)
    oracle = solved(instance)

    assert own.plan.cost_micros <= oracle.plan.cost_micros
