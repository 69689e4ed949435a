"""
Insertions and windows of which compliance denies some, or the verifier refuses some.

Method: three vans, the nearest two of which may not go where the task is; the use-cases run on a
plane, with a city hall that denies presences by vehicle.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route, Violation
from services.planner.domain.problem import Problem
from services.planner.domain.reason import Reason
from services.planner.domain.shift import Shift
from services.planner.domain.task import Window
from services.planner.ports import Presence
from services.planner.rules.verify import route_violations
from services.planner.search.answers import propose_insertions
from services.planner.search.given import kept_plan
from services.planner.search.offers import price_windows
from services.planner.tests.near import Denies, Hall, InPlace, question, world
from services.planner.tests.problems import at, on_plane, shift, spot, task
from services.planner.usecases.answers import (
    ExplanationsAnswer,
    explain_unassigned,
    suggest_windows,
)
from services.planner.usecases.given import propose_insertions as propose

NINE = Window(at(9), at(11))


def van(rank: int) -> Shift:
    """The further its rank, the further it starts."""
    return shift(f"s{rank}", start_point=spot(-1_000 * rank, 0), end_point=spot(-1_000 * rank, 0))


FLEET = tuple(van(rank) for rank in range(5))
DAY = Problem((task("new", 800, 0),), FLEET)


def denying(*shift_ids: str) -> Denies:
    return lambda one: one.vehicle.vehicle_id in {f"v-{shift_id}" for shift_id in shift_ids}


def refusing(*shifts: int) -> InPlace:
    """A solver whose verifier finds something against every route of some shifts."""

    def check(instance: Instance, route: Route) -> Iterable[Violation]:
        yield from route_violations(instance, route)
        if route.shift in shifts:
            yield Violation(Reason.CHARGE, instance.problem.shifts[route.shift].shift_id)

    return InPlace(check)


async def offered_shift(hall: Hall, solver: InPlace | None = None) -> str | None:
    answer = await suggest_windows(world(hall, solver), question(DAY), (), "new", [NINE])
    (offer,) = answer.offers
    return FLEET[offer.insertion.line].shift_id if offer.insertion else None


@pytest.mark.parametrize(
    ("denied", "served_by"),
    [((), "s0"), (("s0",), "s1"), (("s0", "s1"), "s2"), (("s0", "s1", "s2"), None)],
)
async def test_a_window_is_served_by_the_cheapest_shift_that_compliance_allows(
    denied: tuple[str, ...], served_by: str | None
) -> None:
    assert await offered_shift(Hall(denying(*denied))) == served_by


async def test_what_nobody_denies_is_asked_about_once() -> None:
    hall = Hall()
    await offered_shift(hall)

    assert hall.checks == 1


async def test_denied_insertions_are_made_up_for_by_the_next_in_cost() -> None:
    near = world(Hall(denying("s0", "s2")))
    answer = await propose(near, question(DAY), (), ["new"], 2)
    (own,) = answer.proposals

    assert [one.line for one in own.insertions] == [1, 3]
    assert [route.shift for route in answer.finished.plan.routes] == [1, 3]
    assert answer.finished.access_checked


async def test_a_task_whose_every_insertion_is_denied_says_so() -> None:
    answer = await propose(world(Hall(lambda _: True)), question(DAY), (), ["new"], 5)
    (own,) = answer.proposals

    assert own.insertions == ()
    assert own.unassigned is not None
    assert [why.reason for why in own.unassigned.reasons] == [Reason.ZONE]


async def test_a_way_that_only_one_leg_denies_is_not_answered_with() -> None:
    def first_leg(one: Presence) -> bool:
        return one.vehicle.vehicle_id == "v-s0" and one.rank == 0

    answer = await propose(world(Hall(first_leg)), question(DAY), (), ["new"], 1)

    assert [one.line for own in answer.proposals for one in own.insertions] == [1]


def test_an_insertion_that_the_rules_refuse_never_leaves_and_is_told_to_the_log() -> None:
    check = refusing(0).check
    _, (own,) = propose_insertions(on_plane(DAY), [()] * 5, [0], 3, check)

    assert [one.line for one in own.insertions] == [1, 2]
    assert [(one.reason, one.shift_id) for one in own.refused] == [(Reason.CHARGE, "s0")]


def test_a_task_whose_every_insertion_is_refused_hears_by_which_rule() -> None:
    check = refusing(0, 1, 2, 3, 4).check
    _, (own,) = propose_insertions(on_plane(DAY), [()] * 5, [0], 5, check)

    assert own.insertions == ()
    assert own.unassigned is not None
    assert [why.reason for why in own.unassigned.reasons] == [Reason.CHARGE]


async def test_a_window_whose_insertion_the_rules_refuse_is_offered_by_another_shift() -> None:
    _, (offer,) = price_windows(on_plane(DAY), [()] * 5, 0, [NINE], refusing(0).check)

    assert [one.line for one in offer.insertions] == [1, 2]
    assert [one.reason for one in offer.refused] == [Reason.CHARGE]
    assert await offered_shift(Hall(), refusing(0)) == "s1"


def test_a_window_whose_every_insertion_is_refused_is_not_feasible() -> None:
    check = refusing(0, 1, 2, 3, 4).check
    _, (offer,) = price_windows(on_plane(DAY), [()] * 5, 0, [NINE], check)

    assert offer.insertion is None
    assert [why.reason for why in offer.reasons] == [Reason.CHARGE]


def test_a_known_route_that_the_rules_refuse_is_not_kept() -> None:
    tasks = (task("here", 800, 0), task("there", 900, 0))
    instance = on_plane(Problem(tasks, FLEET[:2]))
    plan = kept_plan(instance, [((0, 0),), ((1, 0),)], refusing(0).check)

    assert [route.shift for route in plan.routes] == [1]
    assert [left.task for left in plan.unassigned] == [0]


DUSK = task("new", 800, 0, windows=(Window(at(19), at(20)),))  # a longer shift, another hour


async def test_explanations_and_changes_at_other_hours_share_the_time_of_their_caller() -> None:
    solver = InPlace(seconds_each=0.3)
    asked = question(Problem((DUSK,), (shift("s0"),)))
    answer = await explain_unassigned(world(solver=solver), asked, (), ["new"], 0.2)

    # It took all the time: no change is tried after it, and compliance is asked about what is told.
    assert solver.asked == ["explain", "insert", "insert"]
    assert Reason.SHIFT not in reasons_relaxed(answer)


async def test_with_time_a_change_is_tried_at_the_hour_that_it_brings_about() -> None:
    asked = question(Problem((DUSK,), (shift("s0"),)))
    solver = InPlace()
    answer = await explain_unassigned(world(solver=solver), asked, (), ["new"], 3_600.0)

    assert solver.asked[0] == "explain"
    assert "insert" in solver.asked
    assert Reason.SHIFT in reasons_relaxed(answer)


def reasons_relaxed(answer: ExplanationsAnswer) -> set[Reason]:
    return {one.relaxation.reason for own in answer.explanations for one in own.relaxed}
