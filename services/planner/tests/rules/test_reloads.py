"""
Reloads: where, when and how often a route comes back for more.

Method: one valid plan with a reload, one change at a time; the verifier must name this rule and no
other.
"""

from __future__ import annotations

import pytest

from services.planner.domain.instance import RELOAD
from services.planner.domain.task import Window
from services.planner.rules.walk import Walk
from services.planner.tests.problems import at
from services.planner.tests.rules.trips import (
    BACK,
    FIRST,
    ORDER,
    SECOND,
    dock,
    reordered,
    told_of,
    valid,
)
from services.planner.tests.rules.valid import Change, nothing, with_shift

INSTANCE, PLAN = valid()
LOADING = PLAN.routes[0].visits[ORDER.index((RELOAD, 0))].start_second
TABLE = [
    (nothing, []),
    (dock(windows=()), []),
    (dock(windows=(Window(at(8), LOADING),)), []),
    (dock(windows=(Window(at(8), LOADING - 1),)), [("RELOAD", "", "dock", 1)]),
    (dock(windows=(Window(at(8), LOADING - 9), Window(LOADING + 7, at(16)))),
     [("RELOAD", "", "dock", 7)]),
    (with_shift(reload_limit=0), [("RELOAD", "", "limit", 1)]),
    (reordered(*ORDER, (RELOAD, 0)), [("RELOAD", "", "limit", 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_reloads_is_told_as_reloads_alone(change: Change, expected: list[object]) -> None:
    assert told_of(change) == expected


def test_each_trip_carries_what_it_loads_and_what_was_collected_leaves_at_the_reload() -> None:
    walk = Walk(INSTANCE, PLAN.routes[0])

    assert [load[0] for load in walk.loads] == [6_000, 0, 3_000, 6_000, 0]
    assert [[task.task_id for task in trip.loaded] for trip in walk.trips] == [
        ["first"],
        ["second"],
    ]


def test_without_the_reload_both_boxes_are_on_board_at_once() -> None:
    changed = reordered((FIRST, 0), (BACK, 0), (SECOND, 0))

    assert told_of(changed) == [("CAPACITY", "", "mass_grams", 2_000)]
