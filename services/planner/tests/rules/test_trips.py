"""
Trips: what a reload changes for the other rules.

Method: the plan with a reload, one change at a time; the verifier must name the one rule that is
broken and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.access import AccessArea, AccessSpan, Verdict
from services.planner.domain.instance import RELOAD, Instance
from services.planner.domain.plan import Plan
from services.planner.domain.shift import StartState
from services.planner.domain.task import TaskKind
from services.planner.domain.travel import BlockedArea
from services.planner.rules.stop_limit import stops_of
from services.planner.rules.walk import Walk
from services.planner.tests.problems import DEPOT, at, spot
from services.planner.tests.rules.trips import (
    BACK,
    FIRST,
    ORDER,
    SECOND,
    at_reload,
    dock,
    reordered,
    told_of,
    valid,
)
from services.planner.tests.rules.valid import (
    Change,
    with_problem,
    with_shift,
    with_task,
    with_vehicle,
)

FOOD_AND_PAINT = frozenset({frozenset({"food", "paint"})})


def both(*changes: Change) -> Change:
    """Changes one after another."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        for one in changes:
            instance, plan = one(instance, plan)
        return instance, plan

    return change


def classes(**by_task: str) -> Change:
    """Tasks with classes of goods; food and paint may not meet."""
    named = (with_task(task_id, goods_class=name) for task_id, name in by_task.items())
    return both(with_problem(incompatible_goods=FOOD_AND_PAINT), *named)


def under_way(*onboard: str, grams: int = 0) -> Change:
    """The shift on its way since 8:00 from the depot."""
    load = (grams, 0, 0) if grams else ()
    return with_shift(start_state=StartState(at(8), DEPOT, frozenset(onboard), onboard_load=load))


def zoned(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
    """A zone around the dock, closed all day."""
    square = tuple(spot(x, y) for x, y in ((400, -100), (600, -100), (600, 100), (400, 100)))
    spans = (AccessSpan(at(8), at(17), Verdict.DENY),)
    area = AccessArea("zone", (BlockedArea("zone", (square,)),), spans)
    return replace(instance, areas_of_shift=((area,),)), plan


COLLECT_LATER = reordered((FIRST, 0), (RELOAD, 0), (BACK, 0), (SECOND, 0))
RIDE = both(
    with_task("second", pickup_task_id="back", loads=(3_000, 0, 1)), with_vehicle(capacity=(0,) * 3)
)
TABLE = [
    # Nine kilograms at once: what is collected after the reload is on board with the second box.
    (both(COLLECT_LATER, with_vehicle(capacity=(9_000, 0, 0))), []),
    (both(COLLECT_LATER, with_vehicle(capacity=(8_999, 0, 0))),
     [("CAPACITY", "back", "mass_grams", 1)]),
    (with_task("second", loads=(11_000, 0, 1)), [("CAPACITY", "", "mass_grams", 1_000)]),
    # What was on board before, and no task's, leaves at the reload.
    (under_way("first", grams=4_000), []),
    (under_way("first", grams=4_001), [("CAPACITY", "", "mass_grams", 1)]),
    # The collected food leaves before the paint comes; with what is loaded for the first it rides.
    (classes(back="food", second="paint"), []),
    (both(COLLECT_LATER, classes(back="food", second="paint")),
     [("GOODS", "", "food|paint", 0)]),
    (both(RIDE, classes(back="food", second="food", first="paint")), []),
    # A vehicle under way brings what it has on board, and what it loads at a reload.
    (under_way("first"), []),
    (under_way(), [("LOCK", "first", "goods", 0)]),
    # Loading takes what the place says, and no setup.
    (dock(service_seconds=601), [("SERVICE", "", "dock", 1)]),
    (at_reload(ready=-7, arrival=-7), [("TRAVEL", "", "dock", 7), ("SERVICE", "", "dock", 7)]),
    (dock(point=spot(500, 0)), []),
    (zoned, [("ZONE", "", "zone", 0)]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_a_reload_breaks_no_other_rule_than_it_should(
    change: Change, expected: list[object]
) -> None:
    assert told_of(change) == expected


def test_a_reload_is_no_stop_and_ends_the_one_before_it() -> None:
    instance, plan = valid()
    twice = reordered((FIRST, 0), (RELOAD, 0), (FIRST, 0))(instance, plan)[1]

    assert stops_of(Walk(instance, plan.routes[0])) == len(ORDER) - 1
    assert stops_of(Walk(instance, twice.routes[0])) == 2


def test_what_rides_from_a_pickup_to_its_delivery_stays_on_board_at_a_reload() -> None:
    instance, plan = RIDE(*valid())

    assert [load[0] for load in Walk(instance, plan.routes[0]).loads] == [6_000, 0, 3_000, 3_000, 0]
    assert instance.problem.tasks[BACK].kind is TaskKind.PICKUP
