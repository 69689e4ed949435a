"""
A solve from beginning to end, without a process of its own.

Method: random problems that use every rule, and a city; the rules are asked about every plan that
the solve tells of, never a remembered plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import SolveEnd
from services.planner.domain.problem import FreezeLevel, Objective, Pin, Problem
from services.planner.domain.reason import Reason
from services.planner.domain.settings import SearchSettings
from services.planner.domain.shift import Costs, ShiftSkill
from services.planner.domain.task import SkillNeed, Window
from services.planner.rules.verify import route_violations
from services.planner.search.evaluate import evaluate, views_of
from services.planner.search.explain import BESIDE_HEAD, alone_nodes
from services.planner.search.insert import members, proposals
from services.planner.search.solution import Solution
from services.planner.solver import solve as solver
from services.planner.solver.solve import Outcome, Solve
from services.planner.tests import fuzz
from services.planner.tests.problems import at, city, on_plane, shift, spot, task

QUICK = SearchSettings(solution_limit=15, seconds=60)


def solved(instance: Instance, settings: SearchSettings = QUICK) -> tuple[Outcome, list[Outcome]]:
    told: list[Outcome] = []
    return Solve(instance, settings, told.append).run(), told


def reasons_of(outcome: Outcome, problem: Problem) -> dict[str, Reason]:
    """The first reason of each task left out."""
    left = outcome.plan.unassigned
    return {problem.tasks[one.task].task_id: one.reasons[0].reason for one in left}


@pytest.mark.parametrize("seed", range(12))
def test_no_plan_that_is_told_breaks_a_rule(seed: int) -> None:
    _, told = solved(fuzz.instance(seed))

    assert [outcome.broken for outcome in told] == [()] * len(told)


def test_a_better_plan_is_told_when_the_last_one_was_told_long_enough_ago() -> None:
    told: list[Outcome] = []
    solve = Solve(on_plane(Problem((task("t0", 100, 0),), (shift("s0"),))), QUICK, told.append)
    empty, full = ((),), (((0, 0),),)
    heard = []
    for seconds, better in ((1.0, empty), (1.1, full), (9.0, full)):
        solve.now = lambda seconds=seconds: solve.begun + seconds  # type: ignore[misc]
        heard.append(solve.hear(lambda better=better: better))  # type: ignore[misc]

    assert heard == [True, False, True]
    assert [len(outcome.plan.unassigned) for outcome in told] == [1, 0]


def test_a_dearer_plan_of_fewer_shifts_is_told_where_few_are_asked_for() -> None:
    here = shift("here", costs=Costs(kilometer_micros=400_000))
    there = replace(here, shift_id="there", start_point=spot(6_000, 0), end_point=spot(6_000, 0))
    tasks = (task("near", 100, 0), task("far", 6_100, 0))
    few = Problem(tasks, (here, there), objective=Objective(fewest_shifts=True))
    told: list[Outcome] = []
    solve = Solve(on_plane(few), QUICK, told.append)
    two, one = (((0, 0),), ((1, 0),)), (((0, 0), (1, 0)), ())
    for seconds, better in ((1.0, two), (9.0, one)):
        solve.now = lambda seconds=seconds: solve.begun + seconds  # type: ignore[misc]
        solve.hear(lambda better=better: better)  # type: ignore[misc]

    assert [len(outcome.plan.routes) for outcome in told] == [2, 1]
    assert told[0].plan.cost_micros < told[1].plan.cost_micros


def long_row(tasks: int) -> Instance:
    """One long route of deliveries that only its length costs: for the lean kernel and PyVRP."""
    own = shift("s0", costs=Costs(kilometer_micros=400_000))
    spots = (task(f"t{n}", 50 * (n * 17 % tasks), 10 * (n % 7)) for n in range(tasks))
    return on_plane(Problem(tuple(spots), (own,)))


@pytest.mark.parametrize(
    ("instance", "seeds"),
    [
        (on_plane(city(1, 30, 4)), ()),
        (on_plane(city(2, 20, 3)), (((0, 0), (1, 0)), (), ())),
        (long_row(60), ()),
        *((fuzz.instance(seed), ()) for seed in range(3)),
    ],
)
def test_every_plan_that_is_told_can_be_run_again(
    instance: Instance, seeds: Sequence[Sequence[Node]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for pause in ("TELL_SECONDS_MIN", "TELL_SHARE", "TELLING_TIMES"):
        monkeypatch.setattr(solver, pause, 0)
    told: list[Outcome] = []
    settings = SearchSettings(solution_limit=400, seconds=60)
    Solve(instance, settings, told.append).run(seeds)

    assert len(told) > 1
    for before in told:
        again = Solve(instance, settings, lambda _: None).replay(before.phases, seeds)
        assert again.plan.routes == before.plan.routes


@pytest.mark.parametrize("seed", range(12))
def test_whoever_is_left_out_could_not_be_inserted_for_less_than_the_penalty(seed: int) -> None:
    instance = fuzz.instance(seed)
    outcome, _ = solved(instance)
    solution = Solution(instance)
    sequences = {route.shift: route.sequence for route in outcome.plan.routes}
    solution.load(sequences.get(rank, ()) for rank in range(len(solution.lines)))

    for left in outcome.plan.unassigned:
        group = members(instance, left.task)
        if not instance.problem.deliveries_of_pickup[instance.problem.tasks[left.task].task_id]:
            penalty = sum(instance.penalties[one] for one in group)
            cheapest = proposals(solution, left.task, 1)
            assert not cheapest or cheapest[0].delta_micros >= penalty


@pytest.mark.parametrize("seed", range(12))
def test_a_reason_that_is_given_is_a_rule_that_the_task_alone_breaks(seed: int) -> None:
    instance = fuzz.instance(seed)
    outcome, _ = solved(instance)
    views, shifts = views_of(instance), instance.problem.rank_of_shift

    for left in outcome.plan.unassigned:
        told = {shift_id for why in left.reasons for shift_id in why.shift_ids}
        assert told == set(shifts)
        for why in left.reasons:
            if why.message.endswith(BESIDE_HEAD):
                continue  # not alone, but with what is decided: see `test_heads`
            for shift_id in why.shift_ids:
                nodes = alone_nodes(instance, left.task, 0)
                alone = evaluate(views[shifts[shift_id]], nodes)
                broken = {v.reason for v in route_violations(instance, alone.route) if v.hard}
                places = (instance.place(node) for node in nodes)
                closed = (instance.closing_verdict(shifts[shift_id], place) for place in places)
                broken |= {verdict.reason for verdict in closed if verdict is not None}
                assert why.reason in broken or why.reason in (Reason.NO_ROOM, Reason.TOO_DEAR)


def test_the_same_seed_gives_the_same_plan() -> None:
    instance = on_plane(city(1, 40, 4))
    first, _ = solved(instance)
    again, _ = solved(on_plane(city(1, 40, 4)))

    assert first.plan == again.plan
    assert first.end is SolveEnd.LIMIT


def test_a_search_without_time_still_answers_with_a_plan_and_says_so() -> None:
    outcome, _ = solved(on_plane(city(1, 40, 4)), replace(QUICK, seconds=0.0))

    assert outcome.broken == ()
    assert outcome.end is SolveEnd.DEADLINE
    assert len(outcome.plan.unassigned) + sum(len(r.visits) for r in outcome.plan.routes) == 40


def test_each_task_left_out_is_told_the_rule_that_keeps_it_out() -> None:
    tasks = (
        task("ok", 500, 0),
        task("piano", 500, 500, loads=(900_000, 1, 1)),
        task("crane", 900, 0, skills=SkillNeed(all_of=frozenset({"crane"}))),
        task("dawn", 0, 900, windows=(Window(at(5), at(6)),)),
        task("night", 0, 900, windows=(Window(at(20), at(21)),)),
        task("other", 0, 500, excluded_shift_ids=frozenset({"s0"})),
        task("far", 400_000, 0),
    )
    problem = Problem(tasks, (shift("s0", skills=(ShiftSkill("lift"),)),))
    outcome, _ = solved(on_plane(problem))

    assert reasons_of(outcome, problem) == {
        "piano": Reason.CAPACITY,
        "crane": Reason.SKILL,
        "dawn": Reason.WINDOW,
        "night": Reason.SHIFT,
        "other": Reason.EXCLUDED,
        "far": Reason.SHIFT,
    }


def test_a_task_for_which_all_are_busy_is_told_that_there_is_no_room() -> None:
    noon = (Window(at(12), at(12) + 60),)
    tasks = tuple(
        task(
            f"t{n}", 4_000 * (-1) ** n, 0, windows=noon, excluded_shift_ids=frozenset({"s1", "s2"})
        )
        for n in range(2)
    )
    problem = Problem(tasks, (shift("s0"), shift("s1"), shift("s2")))
    outcome, _ = solved(on_plane(problem))
    (left,) = outcome.plan.unassigned

    assert [(why.reason, why.shift_ids) for why in left.reasons] == [
        (Reason.NO_ROOM, ("s0",)),
        (Reason.EXCLUDED, ("s1", "s2")),
    ]


def test_a_task_that_is_not_worth_its_way_is_too_dear() -> None:
    problem = Problem((task("cheap", 9_000, 0, penalty_micros=1_000),), (shift("s0"),))
    outcome, _ = solved(on_plane(problem))

    assert reasons_of(outcome, problem) == {"cheap": Reason.TOO_DEAR}


def test_no_number_of_lower_tasks_keeps_a_higher_one_out() -> None:
    low = tuple(task(f"low{n}", 100 * n, 0, service=1_800) for n in range(20))
    high = task("high", 5_000, 5_000, service=3_600, priority=3, penalty_micros=1)
    problem = Problem((*low, high), (shift("s0", end_second=at(12)),))
    outcome, _ = solved(on_plane(problem))

    left = {problem.tasks[one.task].task_id for one in outcome.plan.unassigned}
    assert left
    assert "high" not in left


def test_a_frozen_head_comes_first_in_its_order() -> None:
    tasks = tuple(task(f"t{n}", 500 * n, 0) for n in range(6))
    pins = tuple(Pin(f"t{5 - n}", "s1", FreezeLevel.SEQUENCE, n) for n in range(3))
    problem = Problem(tasks, (shift("s0"), shift("s1")), pins=pins)
    outcome, _ = solved(on_plane(problem))

    route = next(route for route in outcome.plan.routes if route.shift == 1)
    assert [visit.task for visit in route.visits[:3]] == [5, 4, 3]


def test_where_everything_is_decided_nothing_is_searched() -> None:
    tasks = tuple(task(f"t{n}", 500 * n, 0) for n in range(3))
    pins = tuple(Pin(f"t{n}", "s0", FreezeLevel.SEQUENCE, n) for n in range(3))
    outcome, told = solved(on_plane(Problem(tasks, (shift("s0"),), pins=pins)))

    assert [visit.task for visit in outcome.plan.routes[0].visits] == [0, 1, 2]
    assert len(told) == 1


def test_a_given_start_is_never_made_worse() -> None:
    instance = on_plane(city(2, 30, 3))
    first, _ = solved(instance)
    sequences = {route.shift: route.sequence for route in first.plan.routes}
    seeds = [sequences.get(rank, ()) for rank in range(3)]
    again = Solve(instance, QUICK, lambda _: None).run(seeds)

    assert again.plan.cost_micros <= first.plan.cost_micros
