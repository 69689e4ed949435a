"""
The master: what it picks of the routes that a search found, and that no solve goes around it.

Method: pools by hand in which the best plan is told by counting, then whole solves.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance, Node
from services.planner.domain.problem import Balance, Objective, Pin, Problem
from services.planner.domain.settings import SearchSettings
from services.planner.domain.shift import Costs
from services.planner.search.kernel import PoolRoute, Sequences
from services.planner.solver import master
from services.planner.solver.assembly import Assembly
from services.planner.solver.fleet import classes_of
from services.planner.solver.master import Limits, Master
from services.planner.solver.solve import Outcome, Solve
from services.planner.solver.spread import Measure, evened, spread_of
from services.planner.tests import fuzz
from services.planner.tests.problems import city, on_plane, shift, task

QUICK = SearchSettings(solution_limit=30, seconds=60)
LIMITS = Limits(1_000, 10.0)


def nodes(*tasks: int) -> tuple[Node, ...]:
    return tuple((task, 0) for task in tasks)


def line(count: int, shifts: int, **more: object) -> Instance:
    """Tasks in a row, one kilometer after another."""
    tasks = tuple(task(f"t{n}", 1_000 * (n + 1), 0) for n in range(count))
    return on_plane(Problem(tasks, tuple(shift(f"s{n}") for n in range(shifts)), **more))  # type: ignore[arg-type]


def pooled(assembly: Assembly, *sequences: tuple[int, tuple[Node, ...]]) -> list[PoolRoute]:
    """Routes with what they cost."""
    found = []
    for rank, own in sequences:
        route = assembly.route(rank, own)
        assert route is not None
        found.append(PoolRoute(rank, own, route.cost_micros))
    return found


def chosen(
    instance: Instance, incumbent: Sequences, *pool: tuple[int, tuple[Node, ...]]
) -> Sequences:
    assembly = Assembly(instance)
    objective = instance.problem.objective
    own = Master(
        assembly,
        classes_of(instance),
        Measure.of(instance),
        objective.balance_cost_percent_max,
    )
    return own.choose(incumbent, pooled(assembly, *pool), LIMITS).sequences


def test_it_makes_one_plan_of_the_better_halves_of_two() -> None:
    spots = ((3_000, 0), (3_000, 300), (-3_000, 0), (-3_000, 300))
    tasks = tuple(task(f"t{n}", *spot) for n, spot in enumerate(spots))
    instance = on_plane(Problem(tasks, (shift("s0"), shift("s1"))))
    crossed = (nodes(0, 2), nodes(1, 3))
    picked = chosen(instance, crossed, (0, nodes(0, 1)), (0, nodes(2, 3)), (1, nodes(0, 3)))

    assert sorted(picked) == [nodes(0, 1), nodes(2, 3)]


def test_it_keeps_the_incumbent_when_the_pool_holds_nothing_better() -> None:
    incumbent = (nodes(0, 1, 2), ())

    assert chosen(line(3, 2), incumbent, (1, nodes(2, 0, 1))) == incumbent


def test_a_task_of_a_higher_tier_is_served_whatever_it_costs() -> None:
    low = tuple(task(f"low{n}", 500 * n, 500) for n in range(3))
    high = replace(task("high", 60_000, 0), priority=5, penalty_micros=1)
    instance = on_plane(Problem((*low, high), (shift("s0"),)))

    assert chosen(instance, (nodes(0, 1, 2),), (0, nodes(3))) == (nodes(3),)


def test_shifts_of_a_class_stand_for_each_other_and_drive_once() -> None:
    instance = line(4, 2)
    picked = chosen(instance, (nodes(0), nodes(1)), (0, nodes(0, 1)), (0, nodes(2, 3)))

    assert sorted(picked) == [nodes(0, 1), nodes(2, 3)]


def test_a_route_that_stays_keeps_its_shift() -> None:
    picked = chosen(line(4, 2), (nodes(3), nodes(0, 1)), (0, nodes(2, 3)))

    assert picked == (nodes(2, 3), nodes(0, 1))


@pytest.mark.parametrize(("percent", "spread"), [(0, 2), (10, 2), (100, 0)])
def test_balance_is_bought_up_to_its_ceiling_and_no_further(percent: int, spread: int) -> None:
    """Two stops each cost 13 % more than three and one."""
    objective = Objective(balance=Balance.STOPS, balance_cost_percent_max=percent)
    instance = line(4, 2, objective=objective)
    lopsided, even = (nodes(1, 2, 3), nodes(0)), (nodes(0, 1), nodes(2, 3))
    picked = chosen(instance, lopsided, (0, even[0]), (1, even[1]))
    plan, measure = Assembly(instance).plan(picked), Measure.of(instance)
    cheapest = Assembly(instance).plan(lopsided).cost_micros
    assert measure is not None

    assert spread_of(measure, plan) == spread
    assert 100 * plan.cost_micros <= (100 + percent) * cheapest


@pytest.mark.parametrize("seed", range(6))
def test_no_solve_goes_around_the_master(seed: int) -> None:
    instance = fuzz.instance(seed)
    outcome = Solve(instance, QUICK, lambda _: None).run()

    assert [one.engine for one in outcome.phases].count(master.ENGINE) == 1
    assert outcome.phases[-1].engine == master.ENGINE


def test_what_only_the_master_can_know_shows_in_the_answer_of_a_solve() -> None:
    problem = city(3, 24, 4, breaks=False)
    even = replace(problem, objective=Objective(0, Balance.STOPS, 60))
    plain, spread = (
        Solve(on_plane(one), replace(QUICK, solution_limit=300), lambda _: None).run()
        for one in (problem, even)
    )
    measure = Measure(Balance.STOPS, on_plane(even))

    assert spread.broken == ()
    assert spread_of(measure, spread.plan) < spread_of(measure, plain.plan)
    told = spread.plan.evenness
    assert told is not None
    assert told.highest - told.lowest == spread_of(measure, spread.plan)
    assert spread.plan.cost_micros <= told.cheapest_micros * 160 // 100
    assert plain.plan.evenness is None
    assert not spread.plan.unassigned


def test_moves_from_the_longest_to_the_shortest_route_give_the_master_evener_ones() -> None:
    instance = line(7, 3, objective=Objective(balance=Balance.STOPS, balance_cost_percent_max=100))
    assembly, measure = Assembly(instance), Measure.of(instance)
    assert measure is not None
    lopsided = (nodes(0, 1, 2, 3, 4), nodes(5), nodes(6))
    pool = tuple((one.shift, one.nodes) for one in evened(assembly, measure, lopsided, 9))
    picked = chosen(instance, lopsided, *pool)

    assert chosen(instance, lopsided) == lopsided
    assert spread_of(measure, assembly.plan(picked)) == 1
    assert not list(evened(assembly, measure, picked, 9))
    assert not list(evened(assembly, measure, lopsided, 0))


def test_what_is_decided_is_not_moved_for_balance() -> None:
    pins = tuple(Pin(f"t{n}", "s0") for n in range(3))
    instance = line(4, 2, objective=Objective(balance=Balance.STOPS), pins=pins)
    measure = Measure.of(instance)
    assert measure is not None

    assert not list(evened(Assembly(instance), measure, (nodes(0, 1, 2), nodes(3)), 9))


def test_fewest_shifts_come_before_cost() -> None:
    costs = Costs(kilometer_micros=400_000)
    apart = tuple(task(f"t{n}", 3_000 * (-1) ** n, 0) for n in range(4))
    far_end = (shift("s0", costs=costs), shift("s1", costs=costs))
    few = Problem(apart, far_end, objective=Objective(fewest_shifts=True))
    outcome: Outcome = Solve(on_plane(few), QUICK, lambda _: None).run()

    assert len(outcome.plan.routes) == 1
    assert outcome.broken == ()
    assert "highspy" not in sys.modules


def test_stops_are_balanced_as_the_rule_counts_them() -> None:
    same = tuple(task(f"t{n}", 1_000, 0) for n in range(3))
    instance = on_plane(Problem((*same, task("t3", 2_000, 0)), (shift("s0"), shift("s1"))))
    assembly = Assembly(instance)
    counted = [
        Measure(Balance.STOPS, instance).of_column(assembly, column)
        for column in pooled(assembly, (0, nodes(0, 1, 2)), (1, nodes(2, 3)))
    ]

    assert counted == [1, 2]
