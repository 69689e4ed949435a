"""
What a change starts from: who must fetch goods, how far that is, and what was broken before.

Method: two routes from one depot, `r1` of shift `s1` and `r2` of shift `s2`; roads as strings.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.dispatch.domain.planning import Problem, Proposal
from services.dispatch.domain.route import Route
from services.dispatch.domain.route_plan import PlanViolation, PlanViolationKind
from services.dispatch.domain.task import TaskType
from services.dispatch.tests.domain.samples import (
    at,
    place,
    plan_shift,
    plan_task,
    route,
    stop_task,
    task,
)
from services.dispatch.usecases.scene import Scene, fresh_violations

V = PlanViolation
RULE = PlanViolationKind.VERIFIER


def route_of(number: int, road: str, depot: str = "depot") -> Route:
    return route(road, route_id=f"r{number}", shift_id=f"s{number}", start_place_id=depot)


def scene(
    home: str = "r1", r1: str = "...", r2: str = "...", depot: str = "depot", **fields: Any
) -> Scene:
    """Task `t9` is moved; its goods came from `depot` and can be fetched by `pick`."""
    pickup = task("pick", type=TaskType.PICKUP, location=place(-1))
    known: dict[str, Any] = {
        "moves": (),
        "routes": {"r1": route_of(1, r1), "r2": route_of(2, r2, depot)},
        "problem": Problem(
            (
                plan_task("t9", location=place(5)),
                plan_task("pick", stop_task=stop_task("pick", TaskType.PICKUP), location=place(-1)),
            ),
            (plan_shift(shift_id="s1"), plan_shift(shift_id="s2")),
        ),
        "sequences": {"r1": ["t9"], "r2": []},
        "homes": {"t9": home},
        "origins": {"t9": "depot"},
        "pickups": {"t9": pickup},
        "stale": (),
        "now": at(0),
    }
    return Scene(**known | fields)


@pytest.mark.parametrize(
    ("found", "to", "fetches"),
    [
        (scene(home="r1"), "r1", False),  # on board already
        (scene(home="r1", r1="D.."), "r1", False),
        (scene(home="r1"), "r2", False),  # both still load at the depot
        (scene(home="r1", r1="D.."), "r2", True),  # it left with the goods
        (scene(home="r1", r2="D.."), "r2", True),  # it left without them
        (scene(home=""), "r2", False),  # at the depot, where the vehicle is
        (scene(home="", r2="A.."), "r2", True),
        (scene(home="", depot="store"), "r2", True),  # the vehicle loads elsewhere
        (scene(home="r1", now=at(1)), "r2", True),  # by the clock both have left
    ],
)
def test_goods_are_fetched_unless_they_are_on_board_or_still_to_be_loaded(
    found: Scene, to: str, fetches: bool
) -> None:
    assert found.needs_pickup("t9", to) is fetches


def test_a_detour_is_measured_from_the_nearest_place_that_a_route_passes() -> None:
    near = scene(home="", r2="......").detour_meters("t9", "r2")
    far = scene(home="", r2="..").detour_meters("t9", "r2")

    assert near == pytest.approx(0)
    assert far > 1_000


def test_a_detour_counts_the_way_to_the_goods_too() -> None:
    """All stops but the last are behind, and so is the depot with the goods."""
    fetched = scene(home="", r2="DDDDD.")

    assert fetched.needs_pickup("t9", "r2")
    assert fetched.detour_meters("t9", "r2") > 1_000


def test_a_task_waits_for_its_pickup_only_where_that_is_in_an_order() -> None:
    found = scene(r1="D..")

    fetching = found.problem_for({"r1": [], "r2": ["pick", "t9"]})
    carrying = found.problem_for({"r1": ["t9"], "r2": []})

    assert fetching.task["t9"].pickup_task_id == "pick"
    assert carrying.task["t9"].pickup_task_id == ""
    assert "pick" not in carrying.task


def test_goods_that_wait_are_on_board_of_nobody() -> None:
    found = scene(r1="D..", r2="D..", now=at(12))

    shifts = found.problem_for({"r1": [], "r2": ["pick", "t9"]}).shift
    aboard = {name: s.under_way.onboard_task_ids for name, s in shifts.items() if s.under_way}

    assert aboard == {"s1": (), "s2": ()}
    carried = found.problem_for({"r1": ["t9"], "r2": []}).shift["s1"].under_way
    assert carried is not None
    assert carried.onboard_task_ids == ("t9",)


def test_a_pickup_that_holds_no_longer_is_waited_for_by_nobody() -> None:
    old = task("old", type=TaskType.PICKUP)
    known = scene().problem
    waiting = replace(known.tasks[0], pickup_task_id="old")
    found = scene(problem=replace(known, tasks=(waiting, known.tasks[1])), stale=(old,))

    assert found.problem_for({"r1": ["t9"], "r2": []}).task["t9"].pickup_task_id == ""


def late(task_id: str, excess: int, shift_id: str = "s1") -> PlanViolation:
    return V(RULE, "window", route_id=shift_id, task_id=task_id, excess=excess)


def overtime(shift_id: str, excess: int) -> PlanViolation:
    """A route as a whole is to blame."""
    return V(RULE, "shift", route_id=shift_id, excess=excess)


@pytest.mark.parametrize(
    ("before", "after", "fresh"),
    [
        ([], [], []),
        ([], [late("t1", 5)], [late("t1", 5)]),
        ([late("t1", 5)], [late("t1", 5)], []),  # it was as late before
        ([late("t1", 5)], [late("t1", 4)], []),
        ([late("t1", 5)], [late("t1", 6)], [late("t1", 6)]),
        ([late("t1", 5, "s1")], [late("t1", 5, "s2")], []),  # as late on another route
        ([late("t1", 5)], [late("t2", 5)], [late("t2", 5)]),
        ([], [late("t1", 0)], [late("t1", 0)]),  # broken, without a measure
        ([late("t1", 0)], [late("t1", 0)], []),
        ([overtime("s1", 60)], [overtime("s1", 60)], []),
        ([overtime("s1", 60)], [overtime("s2", 30)], [overtime("s2", 30)]),
        (
            [overtime("s1", 60), overtime("s2", 5)],
            [overtime("s1", 60), overtime("s2", 5)],
            [],
        ),
        (
            [overtime("s1", 5), overtime("s2", 60)],
            [overtime("s1", 50), overtime("s2", 60)],
            [overtime("s1", 50)],
        ),
    ],
)
def test_what_was_broken_before_and_is_no_worse_is_not_held_against_a_change(
    before: list[PlanViolation], after: list[PlanViolation], fresh: list[PlanViolation]
) -> None:
    base, best = Proposal((), violations=tuple(before)), Proposal((), violations=tuple(after))

    assert fresh_violations(base, best) == fresh
