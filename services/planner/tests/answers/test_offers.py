"""
Windows on offer, and what blocks a task.

Method: one pass over many windows is compared with as many problems in which the task has that one
window; prices of exchanges are compared with routes made by hand.
"""

from __future__ import annotations

from functools import partial

import pytest

from services.planner.domain.problem import FixedRoute, FixedVisit, Problem
from services.planner.domain.reason import Reason
from services.planner.domain.settings import SearchSettings
from services.planner.domain.task import Option, SkillNeed, SlotCost, Task, TaskKind, Window
from services.planner.rules.verify import route_violations
from services.planner.search.blocks import blocks
from services.planner.search.explain import reasons
from services.planner.search.explanations import explain_tasks
from services.planner.search.given import given_solution
from services.planner.search.insert import proposals
from services.planner.search.offers import price_windows, spread
from services.planner.search.solution import Solution, nodes_of
from services.planner.solver.solve import Solve
from services.planner.tests.problems import HOUR, at, city, on_plane, shift, spot, task

HOURS = tuple(Window(at(hour), at(hour + 2) - 1) for hour in (6, 8, 9, 11, 13, 15, 18))


@pytest.mark.parametrize("seed", [1, 2])
def test_each_window_costs_what_the_task_would_cost_with_that_window_alone(seed: int) -> None:
    instance = on_plane(city(seed, 30, 3))
    plan = Solve(instance, SearchSettings(solution_limit=5), lambda _: None).run().plan
    by_shift = {r.shift: tuple(n for n in r.sequence if n[0] != 29) for r in plan.routes}
    sequences = [by_shift.get(rank, ()) for rank in range(3)]
    _, offers = price_windows(instance, sequences, 29, HOURS, route_violations)

    assert offers[0].insertion is None
    for window, offer in zip(HOURS, offers, strict=True):
        alone = given_solution(spread(instance, 29, (window,)), sequences)
        found = [one.delta_micros for one in proposals(alone, 29, 1)]
        assert found == ([offer.insertion.delta_micros] if offer.insertion else [])


def test_a_window_that_nobody_can_serve_says_why() -> None:
    instance = on_plane(Problem((task("new", 800, 0),), (shift("s0"), shift("s1"))))
    _, (night,) = price_windows(instance, [(), ()], 0, (Window(at(20), at(22)),), route_violations)

    assert night.insertion is None
    assert [(why.reason, why.shift_ids) for why in night.reasons] == [(Reason.SHIFT, ("s0", "s1"))]


def test_a_window_beside_full_routes_has_no_room() -> None:
    noon = (Window(at(12), at(12) + 60),)
    busy = task("busy", 4_000, 0, windows=noon)
    instance = on_plane(Problem((busy, task("new", -4_000, 0)), (shift("s0"),)))
    _, (offer,) = price_windows(instance, [((0, 0),)], 1, noon, route_violations)

    assert [why.reason for why in offer.reasons] == [Reason.NO_ROOM]


def test_a_slot_where_deliveries_fail_costs_more_and_says_how_much() -> None:
    costs = (SlotCost(at(8), at(12) - 1, 900_000), SlotCost(at(12), at(17), 100_000))
    instance = on_plane(Problem((task("new", 800, 0, slot_costs=costs),), (shift("s0"),)))
    windows = (Window(at(9), at(11)), Window(at(13), at(15)))
    _, offers = price_windows(instance, [()], 0, windows, route_violations)

    assert [offer.failure_micros for offer in offers] == [900_000, 100_000]


def test_a_delivery_that_waits_for_its_pickup_is_offered_with_it() -> None:
    up = task("up", 800, 0, kind=TaskKind.PICKUP)
    down = task("down", 1_600, 0, pickup_task_id="up")
    instance = on_plane(Problem((up, down), (shift("s0"),)))
    _, offers = price_windows(instance, [()], 1, HOURS[:2], route_violations)

    assert offers[0].insertion is None
    assert offers[1].insertion is not None
    assert [node[0] for node in offers[1].insertion.nodes] == [0, 1]


def test_a_block_names_every_rule_that_the_task_breaks_alone() -> None:
    heavy = task("heavy", 800, 0, loads=(600_000, 1, 1), skills=SkillNeed(frozenset({"crane"})))
    instance = on_plane(Problem((heavy,), (shift("s0"), shift("s1"))))
    (block,) = blocks(Solution(instance), 0, route_violations)

    assert block.shift_ids == ("s0", "s1")
    assert {one.reason for one in block.violations} == {Reason.SKILL, Reason.CAPACITY}


def test_of_two_places_the_one_that_breaks_fewer_rules_is_explained() -> None:
    far_and_shut = Option(spot(90_000, 0), windows=(Window(at(20), at(21)),))
    locker = Option(spot(90_000, 0), alternative_id="locker")
    new = Task("new", TaskKind.DELIVERY, (far_and_shut, locker), (1_000, 1_000, 1))
    problem = Problem((new,), (shift("s0", distance_limit_meters=10_000),))
    solution = Solution(on_plane(problem))
    (block,) = blocks(solution, 0, route_violations)
    (why,) = reasons(solution, 0, route_violations)

    assert {one.reason for one in block.violations} == {Reason.DISTANCE}
    assert why.reason is Reason.DISTANCE


def test_a_block_without_room_states_the_price_of_the_cheapest_exchange() -> None:
    noon = (Window(at(12), at(12) + 60),)
    dear = task("dear", 4_000, 0, windows=noon, penalty_micros=90_000_000)
    cheap = task("cheap", -4_000, 1, windows=(Window(at(11), at(11.9)),), penalty_micros=7_000_000,
                 service=50 * 60)  # fmt: skip
    new = task("new", -4_000, 0, windows=(Window(at(11), at(11.2)),), service=HOUR // 2)
    problem = Problem((dear, cheap, new), (shift("s0"),))
    instance = on_plane(problem)
    route = FixedRoute("s0", (FixedVisit("cheap"), FixedVisit("dear")))
    solution = given_solution(instance, nodes_of(problem, [route]))
    (block,) = blocks(solution, 2, route_violations)
    swapped = given_solution(instance, [((2, 0), (0, 0))])

    assert block.displaced_task_ids == ("cheap",)
    assert block.price_micros == (
        swapped.route_cost_micros() - solution.route_cost_micros() + 7_000_000
    )


def test_whoever_fits_is_priced_without_displacing_anybody() -> None:
    instance = on_plane(Problem((task("new", 800, 0, penalty_micros=1),), (shift("s0"),)))
    (block,) = blocks(Solution(instance), 0, route_violations)

    assert block.price_micros == proposals(Solution(instance), 0, 1)[0].delta_micros
    assert block.displaced_task_ids == ()


def test_when_time_ends_between_two_shifts_what_was_found_by_then_is_told() -> None:
    dawn = task("dawn", 800, 0, windows=(Window(at(5), at(6)),))
    far, near = shift("s0", start_second=at(9)), shift("s1")  # the second starts an hour earlier
    instance, looks = on_plane(Problem((dawn,), (far, near))), iter((True, True))
    _, (cut,) = explain_tasks(instance, [(), ()], [0], route_violations, lambda: next(looks, False))
    _, (whole,) = explain_tasks(instance, [(), ()], [0], route_violations)

    assert cut.is_cut
    assert not whole.is_cut
    assert {one.relaxation.shift_id for one in cut.relaxed} <= {"s0", ""}
    assert "s1" in {one.relaxation.shift_id for one in whole.relaxed}


def test_once_time_is_up_a_task_is_only_told_its_reasons() -> None:
    dawn = task("dawn", 800, 0, windows=(Window(at(5), at(6)),))
    instance = on_plane(Problem((dawn,), (shift("s0"),)))
    left = iter((True, True))  # for the look around, and for the only shift
    go_on = partial(next, left, False)
    _, (cut,) = explain_tasks(instance, [()], [0], route_violations, go_on)
    _, (whole,) = explain_tasks(instance, [()], [0], route_violations)

    assert cut.is_cut
    assert cut.unassigned == whole.unassigned
    assert (cut.blocks, cut.relaxed) == ((), ())
    assert whole.blocks
    assert whole.relaxed
