"""
An explanation does not count on shifts whose way compliance denies.

Method: a van and two cargo bikes on a plane, beside a city hall that denies bikes.
"""

from __future__ import annotations

import pytest

from services.planner.domain.explanation import Block
from services.planner.domain.problem import FixedRoute, FixedVisit, Problem
from services.planner.domain.reason import Reason
from services.planner.ports import Presence
from services.planner.tests.answers.test_returned import bike, day, no_bikes, nobody
from services.planner.tests.near import Denies, Hall, question, world
from services.planner.tests.problems import at, task
from services.planner.usecases.answers import explain_unassigned
from services.planner.usecases.given import propose_insertions

BIKES = ("bike-1", "bike-2")


async def explained(
    problem: Problem, denies: Denies, routes: tuple[FixedRoute, ...] = (), *, omit: bool = False
) -> tuple[dict[Reason, set[str]], dict[str, Block]]:
    """The reasons for the door by their shifts, and what blocks it by shift."""
    near, asked = world(Hall(denies)), question(problem, omit_access=omit)
    answer = await explain_unassigned(near, asked, routes, ["door"], 20.0)
    (one,) = answer.explanations
    reasons = {why.reason: set(why.shift_ids) for why in one.unassigned.reasons}
    return reasons, {name: block for block in one.blocks for name in block.shift_ids}


async def test_a_shift_that_is_denied_could_not_serve_the_task_alone() -> None:
    reasons, blocks = await explained(day(), no_bikes)

    assert reasons[Reason.ZONE] == set(BIKES)
    for name in BIKES:
        (broken,) = blocks[name].violations
        assert (broken.reason, broken.task_id, broken.subject) == (Reason.ZONE, "door", "zone")
        assert blocks[name].price_micros is None
    assert blocks["van"].violations == ()
    assert blocks["van"].price_micros is not None


async def test_it_says_what_insertions_say() -> None:
    problem = Problem(day().tasks, (bike("bike-1"), bike("bike-2")))
    reasons, blocks = await explained(problem, no_bikes)
    near = world(Hall(no_bikes))
    answer = await propose_insertions(near, question(problem), (), ["door"], 1)

    assert not answer.proposals[0].insertions
    assert reasons == {Reason.ZONE: set(BIKES)}
    assert all(block.violations for block in blocks.values())


@pytest.mark.parametrize("denies", [no_bikes, nobody])
async def test_a_rule_that_keeps_a_shift_out_is_told_before_compliance(denies: Denies) -> None:
    reasons, blocks = await explained(day(start_second=at(16.99)), denies)

    assert reasons == {Reason.ZONE: set(BIKES), Reason.SHIFT: {"van"}}
    assert {broken.reason for broken in blocks["van"].violations} == {Reason.SHIFT}


async def test_what_is_denied_only_beside_other_tasks_has_no_price_there() -> None:
    far = task("far", 0, 2_000)
    problem = day(task("door", 700, 0), far)
    routes = (FixedRoute("van", (FixedVisit("far"),)),)

    def long_routes(one: Presence) -> bool:
        return one.vehicle.vehicle_id == "v-van" and one.rank > 2

    reasons, blocks = await explained(problem, long_routes, routes)

    assert "van" in reasons[Reason.ZONE]
    assert (blocks["van"].violations, blocks["van"].price_micros) == ((), None)
    assert blocks["bike-1"].price_micros is not None


async def test_nothing_changes_where_nothing_is_denied_or_nobody_is_asked() -> None:
    allowed = await explained(day(), lambda _: False)
    omitted = await explained(day(), no_bikes, omit=True)

    assert allowed == omitted
    assert Reason.ZONE not in allowed[0]
