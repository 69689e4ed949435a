"""
Travel: a vehicle is nowhere sooner than its road allows.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.instance import Instance
from services.planner.domain.places import places_of
from services.planner.domain.plan import Plan
from services.planner.domain.travel import UNREACHABLE
from services.planner.tests.problems import plane_table
from services.planner.tests.rules.valid import Change, told, with_vehicle


def slower(seconds: int) -> Change:
    """The way from the parcel to the call takes longer than the plan believes."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        table = plane_table(places_of(instance.problem).points)
        cells = list(table.seconds)
        here, there = instance.place((1, 0)), instance.place((2, 0))
        cells[here * table.size + there] += seconds
        return replace(instance, tables=(replace(table, seconds=cells),)), plan

    return change


TABLE = [
    (slower(0), []),
    (slower(1), [("TRAVEL", "call", "", 1)]),
    (slower(UNREACHABLE), [("REACHABLE", "call", "", 0)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_travel_is_told_as_travel_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected


def test_a_slower_vehicle_breaks_every_leg() -> None:
    found = told(with_vehicle(travel_percent=110))

    assert {reason for reason, *_ in found} == {"TRAVEL"}
    assert len(found) == 6
