"""
Travel: a vehicle is nowhere sooner than its road allows.

Method: one valid plan, one change at a time; the verifier must name this rule and no other.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.planner.domain.access import Verdict
from services.planner.domain.instance import Instance, Node
from services.planner.domain.places import places_of
from services.planner.domain.plan import Plan
from services.planner.domain.travel import UNREACHABLE
from services.planner.tests.problems import at, plane_table, spot
from services.planner.tests.rules.test_zones import zoned
from services.planner.tests.rules.valid import Change, told, with_vehicle

AROUND_DEPOT = tuple(spot(x, y) for x, y in ((-99, -99), (99, -99), (99, 99), (-99, 99)))


def slower(seconds: int) -> Change:
    """The way from the parcel to the call takes longer than the plan believes."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        table = plane_table(places_of(instance.problem).points)
        cells = list(table.seconds)
        here, there = instance.place((1, 0)), instance.place((2, 0))
        cells[here * table.size + there] += seconds
        return replace(instance, tables=(replace(table, seconds=cells),)), plan

    return change


def cut_off(node: Node | None) -> Change:
    """No way leads to a node nor from it; to the depot where none is named."""

    def change(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        table = plane_table(places_of(instance.problem).points)
        cells, size = list(table.seconds), table.size
        place = instance.places.starts[0] if node is None else instance.place(node)
        for other in range(size):
            if other != place:
                cells[place * size + other] = cells[other * size + place] = UNREACHABLE
        return replace(instance, tables=(replace(table, seconds=cells),)), plan

    return change


TABLE = [
    (slower(0), []),
    (slower(1), [("TRAVEL", "call", "", 1)]),
    (slower(UNREACHABLE), [("REACHABLE", "call", "", 0)]),
    (cut_off((2, 0)), [("REACHABLE", "call", "", 0), ("REACHABLE", "pick", "", 0)]),
]


@pytest.mark.parametrize(("change", "expected"), TABLE)
def test_breaking_travel_is_told_as_travel_alone(change: Change, expected: list[object]) -> None:
    assert told(change) == expected


def test_a_place_in_a_closed_area_is_told_as_zones_and_not_as_cut_off() -> None:
    def closed(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        return zoned(at(8), at(17))(*cut_off((2, 0))(instance, plan))

    assert told(closed) == [("ZONE", "call", "zone", 0)]


@pytest.mark.parametrize("verdict", [Verdict.DENY, Verdict.UNKNOWN])
def test_a_depot_in_a_closed_area_is_told_once_with_the_area(verdict: Verdict) -> None:
    def closed(instance: Instance, plan: Plan) -> tuple[Instance, Plan]:
        zone = zoned(at(8), at(17), verdict, AROUND_DEPOT)
        return zone(*cut_off(None)(instance, plan))

    assert told(closed) == [(verdict.reason.value, "", "zone", 0)]


def test_a_slower_vehicle_breaks_every_leg() -> None:
    found = told(with_vehicle(travel_percent=110))

    assert {reason for reason, *_ in found} == {"TRAVEL"}
    assert len(found) == 6
