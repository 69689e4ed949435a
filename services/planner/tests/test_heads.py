"""
Frozen heads: what is decided is served whatever it costs, and left out only for a rule.

Method: whole solves of towns by hand, small ones that are tried out and larger ones that are
searched, in which leaving the decided task out would pay.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.instance import RELOAD
from services.planner.domain.optimization import TASKS_MAX
from services.planner.domain.plan import Plan
from services.planner.domain.problem import FreezeLevel, Pin, Problem
from services.planner.domain.reason import Reason
from services.planner.domain.settings import SearchSettings
from services.planner.domain.task import TaskKind, Window
from services.planner.rules.verify import verify
from services.planner.search.explain import BESIDE_HEAD
from services.planner.solver.heads import headed
from services.planner.solver.searched import searched
from services.planner.solver.solve import Outcome, Solve
from services.planner.tests.problems import at, on_plane, shift, task

PENALTY_MAX = 10**12  # micros, by the contract
QUICK = SearchSettings(solution_limit=300, seconds=60)


def solved(problem: Problem) -> Plan:
    """The plan of a solve, which the rules have nothing against."""
    instance = on_plane(problem)
    plan = Solve(instance, QUICK, lambda _: None).run().plan
    assert not [one for one in verify(instance, plan, is_answer=True) if one.hard]
    return plan


def first_of(problem: Problem, plan: Plan, shift_id: str) -> list[str]:
    """The tasks of a shift in order."""
    rank = problem.rank_of_shift[shift_id]
    routes = [route for route in plan.routes if route.shift == rank]
    return [problem.tasks[visit.task].task_id for route in routes for visit in route.served]


@pytest.mark.parametrize("others", [3, 20])
@pytest.mark.parametrize("level", [FreezeLevel.SEQUENCE, FreezeLevel.TIME])
def test_a_decided_stop_is_never_left_out_to_save_what_it_costs(
    others: int, level: FreezeLevel
) -> None:
    far = replace(task("far", 9_000, 0), penalty_micros=1)
    near = tuple(
        replace(task(f"t{n}", -300 * (n + 1), 0), priority=4, penalty_micros=90_000_000)
        for n in range(others)
    )
    decided = at(10) if level is FreezeLevel.TIME else None
    pin = Pin("far", "s0", level, 0, decided)
    problem = Problem((far, *near), (shift("s0"), shift("s1")), pins=(pin,))

    assert first_of(problem, solved(problem), "s0")[0] == "far"


def head_that_breaks(more: int) -> Problem:
    """A head of two tasks that each hold alone, beside others."""
    early = task("early", 3_000, 0, windows=(Window(at(8), at(8.5)),))
    late = task("late", 0, 3_000, windows=(Window(at(12), at(13)),))
    others = tuple(task(f"t{n}", 300 * (n + 1), 0) for n in range(more))
    pins = tuple(
        Pin(name, "s0", FreezeLevel.SEQUENCE, rank) for rank, name in enumerate(("late", "early"))
    )
    return Problem((early, late, *others), (shift("s0"), shift("s1")), pins=pins)


def test_a_head_that_does_not_hold_together_is_told_by_the_rule_that_it_breaks() -> None:
    plan = solved(head_that_breaks(more=9))

    (left,) = plan.unassigned
    own = [why for why in left.reasons if "s0" in why.shift_ids]
    assert [why.reason for why in own] == [Reason.WINDOW]
    assert own[0].message.endswith(BESIDE_HEAD)


def test_no_plan_on_the_way_leaves_out_what_is_decided_without_the_rule_that_it_breaks() -> None:
    instance = on_plane(head_that_breaks(more=9))
    told: list[Outcome] = []
    Solve(instance, QUICK, told.append).run((((2, 0), (3, 0)), ((4, 0),)))

    assert len(told) > 2
    for outcome in told:
        assert [one for one in verify(instance, outcome.plan, is_answer=True) if one.hard] == []


def test_a_head_is_told_first_whatever_given_routes_do_behind_it() -> None:
    far = tuple(task(f"far{n}", 9_000 + n, 0, service=3_600) for n in range(12))
    problem = pinned(("up", "s0", 0))
    instance = on_plane(replace(problem, tasks=(*problem.tasks, *far)))
    late = ((4, 0), *((rank, 0) for rank in range(6, 18)), (5, 0))
    told: list[Outcome] = []
    Solve(instance, QUICK, told.append).run((late, ()))

    assert [outcome.plan.routes[0].served[0].task for outcome in told] == [4] * len(told)
    assert [outcome.broken for outcome in told] == [()] * len(told)


def test_a_decided_stop_is_worth_more_than_all_else_and_still_fits_whole_numbers() -> None:
    dear = tuple(replace(task(f"t{n}", 500, n), penalty_micros=PENALTY_MAX) for n in range(300))
    few = Problem((*dear[:20],), (shift("s0"),), pins=(Pin("t0", "s0", FreezeLevel.SEQUENCE),))
    many = replace(few, tasks=dear)

    assert searched(on_plane(few)).penalties[0] > 20 * PENALTY_MAX
    assert searched(on_plane(many)).penalties[0] * TASKS_MAX < 1 << 62


def test_a_plan_that_begins_with_its_heads_is_left_as_it_is() -> None:
    problem = pinned(("t2", "s0", 0), ("t0", "s0", 1))
    given = (((2, 0), (RELOAD, 0), (0, 0), (1, 0)), ((3, 0),))

    assert headed(problem, given) == given
    assert headed(replace(problem, pins=()), [[(1, 0)], []]) == (((1, 0),), ())


def test_heads_come_first_and_stand_nowhere_else() -> None:
    problem = pinned(("t2", "s0", 0), ("t0", "s0", 1), ("t3", "s1", 0))

    assert headed(problem, [(), ((1, 0), (2, 0))]) == (((2, 0), (0, 0)), ((3, 0), (1, 0)))


def test_what_a_head_picks_up_is_delivered_behind_it() -> None:
    problem = pinned(("up", "s0", 0))

    assert headed(problem, [((1, 0),), ()])[0] == ((4, 0), (5, 0), (1, 0))
    assert headed(problem, [((1, 0), (5, 0)), ()])[0] == ((4, 0), (1, 0), (5, 0))
    assert "up" in first_of(problem, solved(problem), "s0")[:1]


def pinned(*pins: tuple[str, str, int]) -> Problem:
    """Four deliveries, a pair, and two shifts with frozen heads."""
    more = (
        task("up", 4_000, 4_000, kind=TaskKind.PICKUP),
        task("down", 4_400, 4_000, pickup_task_id="up"),
    )
    tasks = (*(task(f"t{n}", 500 * n, 500) for n in range(4)), *more)
    heads = tuple(Pin(name, own, FreezeLevel.SEQUENCE, rank) for name, own, rank in pins)
    return Problem(tasks, (shift("s0"), shift("s1")), pins=heads)
