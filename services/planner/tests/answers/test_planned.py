"""
A plan from its search to its answer: what compliance denies leaves it, every rule has its say.

Method: a search that finds what a test says, on a plane, beside a city hall that denies presences.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from meshkit.errors import Exhausted, Internal
from services.planner.adapters.no_compliance import NoCompliance
from services.planner.domain.instance import Instance, Node
from services.planner.domain.plan import CostKind, Plan, SolveEnd, WhyNot
from services.planner.domain.problem import Balance, Objective, Problem
from services.planner.domain.reason import Reason
from services.planner.ports import Presence, Solved
from services.planner.rules.balance import evenness_of
from services.planner.rules.verify import verify
from services.planner.search.given import given_solution
from services.planner.tests.near import QUICK, Denies, Hall, InPlace, question, world
from services.planner.tests.problems import shift, task
from services.planner.usecases.cleaned import CLEANINGS_MAX
from services.planner.usecases.finish import Finished, denied_areas
from services.planner.usecases.optimize import planned
from services.planner.usecases.searches import Searches
from services.planner.usecases.world import Prepared, prepare

STREET = tuple((rank, 0) for rank in range(6))
SEARCHED = (WhyNot(Reason.TIME, (), "not placed"),)


def day(objective: Objective = Objective()) -> Problem:  # noqa: B008 - a value, never changed
    tasks = tuple(task(f"t{rank}", 500 + 100 * rank, 0) for rank in range(6))
    return Problem(tasks, (shift("s0"), shift("s1")), objective=objective)


def finding(sequences: Sequence[Sequence[Node]]) -> InPlace:
    """A search that finds some routes, and says why it leaves the rest out."""

    def plans(instance: Instance) -> Sequence[Plan]:
        plan = given_solution(instance, sequences).plan()
        left = tuple(replace(one, reasons=SEARCHED) for one in plan.unassigned)
        even = evenness_of(instance, plan, plan.cost_micros)
        return (replace(plan, unassigned=left, evenness=even),)

    return InPlace(finds=plans)


async def answered(
    problem: Problem, solver: InPlace, hall: Hall | None = None
) -> tuple[Prepared, Finished]:
    near = world(hall, solver)
    prepared = await prepare(near.travel, near.access, problem, omit_access=False)
    prepared, _, finished = await planned(near, question(problem), prepared)
    return prepared, finished


def leg(vehicle_id: str, *ranks: int) -> Denies:
    def denies(one: Presence) -> bool:
        return one.vehicle.vehicle_id == vehicle_id and (not ranks or one.rank in ranks)

    return denies


async def test_a_route_that_is_denied_whatever_is_taken_out_goes_as_a_whole() -> None:
    prepared, finished = await answered(day(), finding([STREET, ()]), Hall(leg("v-s0", 0)))

    assert finished.plan.routes == ()
    assert not any(denied_areas(finished.plan))
    assert {left.task for left in finished.plan.unassigned} == set(range(6))
    assert {why.reason for left in finished.plan.unassigned for why in left.reasons} == {
        Reason.ZONE
    }
    assert verify(prepared.instance, finished.plan, is_answer=True) == ()


async def test_what_one_stop_is_denied_for_leaves_the_others() -> None:
    def at_the_third(one: Presence) -> bool:
        return len(one.points) == 1 and round(one.points[0].longitude - 24, 6) == 0.007

    prepared, finished = await answered(day(), finding([STREET, ()]), Hall(at_the_third))

    assert [visit.task for visit in finished.plan.routes[0].visits] == [0, 1, 3, 4, 5]
    assert verify(prepared.instance, finished.plan, is_answer=True) == ()


@dataclass
class Busy(InPlace):
    """A solver that has no second turn for anybody."""

    async def solve(self, *question: Any) -> Solved:
        if self.seconds:
            raise Exhausted("SOLVERS_BUSY", "every solver has work")
        return await super().solve(*question)


@pytest.mark.parametrize(("solver", "seconds"), [(InPlace, 0.99), (Busy, 60.0)])
async def test_without_time_or_a_turn_for_another_search_what_is_denied_is_taken_out(
    solver: type[InPlace], seconds: float
) -> None:
    own = solver(finds=finding([STREET, ()]).finds)
    near = world(Hall(leg("v-s0", 2)), own)
    asked = question(day(), answer_by=time.monotonic() + seconds)
    prepared = await prepare(near.travel, near.access, day(), omit_access=False)
    _, solved, finished = await planned(near, asked, prepared)

    assert own.asked.count("solve") == 1
    assert solved.end is SolveEnd.DEADLINE
    assert finished.plan.unassigned
    assert not any(denied_areas(finished.plan))


@pytest.mark.parametrize(("seconds", "rounds"), [(60.0, CLEANINGS_MAX), (0.5, 0)])
async def test_when_time_runs_out_routes_go_as_a_whole_and_in_a_replay_too(
    seconds: float, rounds: int
) -> None:
    own, searches = finding([STREET, ()]), Searches()
    near = world(Hall(leg("v-s0", 0)), own)
    prepared = await prepare(near.travel, near.access, day(), omit_access=False)
    in_haste = question(day(), answer_by=time.monotonic() + seconds)
    _, _, finished = await planned(near, in_haste, prepared, searches)
    keeps = own.asked.count("keep")
    again = Searches(again=tuple(searches.runs))
    _, _, replayed = await planned(near, question(day()), prepared, again)

    assert keeps == rounds + 1
    assert own.asked.count("keep") == 2 * keeps
    assert replayed.plan.routes == finished.plan.routes


async def test_a_balanced_plan_still_says_how_even_it_is_after_something_was_taken_out() -> None:
    even = Objective(balance=Balance.STOPS, balance_cost_percent_max=10)
    halves = (STREET[:3], STREET[3:])
    prepared, finished = await answered(day(even), finding(halves), Hall(leg("v-s0", 1)))

    assert finished.plan.evenness is not None
    assert verify(prepared.instance, finished.plan, is_answer=True) == ()


async def test_charges_of_zones_make_no_balanced_plan_too_dear() -> None:
    even = Objective(balance=Balance.STOPS, balance_cost_percent_max=1)
    hall = Hall(charges_micros=1_000_000_000)
    _, finished = await answered(day(even), finding((STREET[:3], STREET[3:])), hall)

    assert dict(finished.plan.costs)[CostKind.ACCESS] == 2_000_000_000


async def test_a_plan_that_a_rule_is_against_is_no_answer() -> None:
    honest = finding([STREET, ()])

    def cheaper(instance: Instance) -> Sequence[Plan]:
        (plan,) = honest.finds(instance)
        costs = tuple((kind, micros - 1) for kind, micros in plan.routes[0].costs)
        return (plan.with_routes((replace(plan.routes[0], costs=costs),)),)

    solver = InPlace(finds=cheaper)
    with pytest.raises(Internal) as caught:
        await answered(day(), solver)

    assert caught.value.reason == "PLAN_UNVERIFIED"
    assert len(solver.rejected) == 1


@pytest.mark.parametrize("denies", [leg("nobody", 0), leg("v-s0")])
async def test_both_searches_together_take_no_longer_than_was_asked(denies: Denies) -> None:
    solver = finding([STREET, ()])
    await answered(day(), solver, Hall(denies))

    assert sum(solver.seconds) <= QUICK.seconds


async def test_where_no_area_is_known_one_search_gets_all_the_time() -> None:
    solver = finding([STREET, ()])
    near = replace(world(solver=solver), access=NoCompliance())
    prepared = await prepare(near.travel, near.access, day(), omit_access=False)
    await planned(near, question(day()), prepared)

    assert solver.seconds == [QUICK.seconds]
