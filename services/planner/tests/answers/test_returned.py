"""
What compliance denies one shift, another serves that may; else every shift has its reason.

Method: a search that puts tasks on cargo bikes, beside a city hall that denies bikes, on a plane.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from services.planner.domain.instance import Node
from services.planner.domain.plan import CostKind
from services.planner.domain.problem import Problem
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Costs, Shift, Vehicle
from services.planner.domain.task import Task
from services.planner.domain.travel import Profile
from services.planner.ports import Presence
from services.planner.rules.verify import verify
from services.planner.tests.answers.test_planned import answered, finding
from services.planner.tests.near import Hall, question, world
from services.planner.tests.problems import at, shift, task
from services.planner.usecases.finish import Finished, denied_areas
from services.planner.usecases.optimize import planned
from services.planner.usecases.searches import Searches
from services.planner.usecases.world import prepare

BIKE_COSTS = Costs(fixed_micros=20_000_000, hour_micros=22_000_000)
VAN_COSTS = Costs(fixed_micros=80_000_000, hour_micros=25_000_000)
ON_A_BIKE: tuple[Sequence[Node], ...] = ((), (), ((0, 0),))
DENIED = (Reason.ZONE, ("bike-1", "bike-2"), "zone")


def bike(shift_id: str) -> Shift:
    vehicle = Vehicle(f"v-{shift_id}", Profile.CARGO_BIKE, (100_000, 0, 0))
    return shift(shift_id, vehicle=vehicle, costs=BIKE_COSTS)


def day(*tasks: Task, **van: object) -> Problem:
    """A dear van, and two cheap bikes of one kind."""
    fleet = (shift("van", **({"costs": VAN_COSTS} | van)), bike("bike-1"), bike("bike-2"))
    return Problem(tasks or (task("door", 700, 0),), fleet)


def no_bikes(one: Presence) -> bool:
    return one.vehicle.profile is Profile.CARGO_BIKE


def nobody(one: Presence) -> bool:
    return True


def served(finished: Finished) -> dict[int, set[int]]:
    """The tasks of each shift in use."""
    return {route.shift: {own.task for own in route.served} for route in finished.plan.routes}


def told(finished: Finished) -> list[tuple[Reason, tuple[str, ...], str]]:
    """The reasons of the one task that is left out."""
    (left,) = finished.plan.unassigned
    return [(why.reason, why.shift_ids, why.message) for why in left.reasons]


async def test_what_bikes_are_denied_the_van_serves() -> None:
    hall = Hall(no_bikes, charges_micros=5_000_000)
    prepared, finished = await answered(day(), finding(ON_A_BIKE), hall)

    assert served(finished) == {0: {0}}
    assert dict(finished.plan.costs)[CostKind.ACCESS] == 5_000_000
    assert verify(prepared.instance, finished.plan, is_answer=True) == ()


async def test_further_shifts_make_no_plan_worse() -> None:
    alone = Problem(day().tasks, day().shifts[:1])
    _, by_van = await answered(alone, finding((((0, 0),),)), Hall(no_bikes))
    _, by_any = await answered(day(), finding(ON_A_BIKE), Hall(no_bikes))

    assert by_any.plan.cost_micros == by_van.plan.cost_micros


async def test_several_tasks_go_back_into_one_route() -> None:
    tasks = tuple(task(f"t{rank}", 500 + 100 * rank, 0) for rank in range(4))
    found = ((), ((0, 0), (1, 0)), ((2, 0), (3, 0)))
    prepared, finished = await answered(day(*tasks), finding(found), Hall(no_bikes))

    assert served(finished) == {0: {0, 1, 2, 3}}
    assert verify(prepared.instance, finished.plan, is_answer=True) == ()


async def test_a_task_that_nobody_may_serve_has_a_reason_for_every_shift() -> None:
    _, finished = await answered(day(), finding(ON_A_BIKE), Hall(nobody))

    assert told(finished) == [(Reason.ZONE, ("van", "bike-1", "bike-2"), "zone")]


async def test_a_rule_is_told_of_the_shift_that_it_keeps_out() -> None:
    late = day(start_second=at(16.99))
    _, finished = await answered(late, finding(ON_A_BIKE), Hall(no_bikes))

    assert [one[:2] for one in told(finished)] == [
        (Reason.ZONE, ("bike-1", "bike-2")),
        (Reason.SHIFT, ("van",)),
    ]


async def test_a_task_goes_nowhere_where_that_costs_more_than_to_leave_it_out() -> None:
    cheap = task("door", 700, 0, penalty_micros=30_000_000)
    _, finished = await answered(day(cheap), finding(ON_A_BIKE), Hall(no_bikes))

    assert DENIED in told(finished)
    assert {(reason, ids) for reason, ids, _ in told(finished)} == {
        (Reason.ZONE, ("bike-1", "bike-2")),
        (Reason.TOO_DEAR, ("van",)),
    }


async def test_twins_of_a_denied_route_are_not_asked_about_again() -> None:
    checks = []
    for fleet in (2, 40):
        hall = Hall(no_bikes)
        shifts = (day().shifts[0], *(bike(f"b{rank}") for rank in range(fleet)))
        found = finding([*((),) * fleet, ((0, 0),)])
        _, finished = await answered(Problem(day().tasks, shifts), found, hall)
        checks.append(hall.checks)
        assert served(finished) == {0: {0}}

    assert checks[0] == checks[1]


@pytest.mark.parametrize("seconds", [60.0, 0.5])
async def test_in_haste_nothing_goes_back_and_in_a_replay_neither(seconds: float) -> None:
    searches, near = Searches(), world(Hall(no_bikes), finding(ON_A_BIKE))
    prepared = await prepare(near.travel, near.access, day(), omit_access=False)
    in_haste = question(day(), answer_by=time.monotonic() + seconds)
    _, _, finished = await planned(near, in_haste, prepared, searches)
    again = Searches(again=tuple(searches.runs))
    _, _, replayed = await planned(near, question(day()), prepared, again)

    assert bool(finished.plan.routes) == (seconds > 1)
    assert replayed.plan.routes == finished.plan.routes
    assert not any(denied_areas(finished.plan))
    if not finished.plan.routes:
        assert {shift_id for _, ids, _ in told(finished) for shift_id in ids} == {
            "van",
            "bike-1",
            "bike-2",
        }
