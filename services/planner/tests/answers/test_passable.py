"""
A given route is timed although no way leads along some of its legs, and the cause is told once.

Method: roads on a plane that lead nowhere near closed areas, beside a hall that closes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from services.planner.domain.access import AccessArea, AccessSpan, Finding, Verdict
from services.planner.domain.geometry import inside
from services.planner.domain.plan import CostKind, Plan
from services.planner.domain.problem import FixedRoute, FixedVisit, Problem
from services.planner.domain.shift import Vehicle
from services.planner.domain.task import Window
from services.planner.domain.travel import (
    UNREACHABLE,
    BlockedArea,
    Point,
    TravelMatrix,
    TravelQuestion,
)
from services.planner.ports import AreasAnswer, CheckAnswer, Presence
from services.planner.tests.near import Hall, Plane, question
from services.planner.tests.near import world as near_world
from services.planner.tests.problems import at, shift, spot, task
from services.planner.usecases.asked import World
from services.planner.usecases.given import evaluate_routes

ALL_DAY = AccessSpan(at(8), at(17), Verdict.DENY)
Box = tuple[int, int, int, int]  # west, south, east, north
AROUND_DEPOT, AROUND_FIRST = (-99, -99, 99, 99), (400, -99, 600, 99)
TASKS = (
    task("first", 500, 0, windows=(Window(at(8), at(12)),)),
    task("second", 800, 0, windows=(Window(at(8), at(12)),)),
)
ROUTES = (FixedRoute("van", (FixedVisit("first"), FixedVisit("second"))),)


class Roads(Plane):
    """Straight lines, none of which leads into a blocked area."""

    async def matrix(self, question: TravelQuestion) -> TravelMatrix:
        """The table of the plane without what is blocked."""
        found = await super().matrix(question)
        for rank, point in enumerate(question.points):
            if any(inside(point, area.rings) for area in question.blocked):
                for table in (found.seconds, found.meters):
                    table[rank, :] = table[:, rank] = UNREACHABLE
                    table[rank, rank] = 0
        return found


@dataclass
class Closes(Hall):
    """A hall that closes one area for a while."""

    box: Box = AROUND_DEPOT
    span: AccessSpan = ALL_DAY

    async def areas(self, vehicle: Vehicle, start_second: int, end_second: int) -> AreasAnswer:
        """The area."""
        part = BlockedArea("old-town", (ring(self.box),))
        return AreasAnswer((AccessArea("old-town", (part,), (self.span,)),), 7)

    async def check(self, routes: int, presences: Sequence[Presence]) -> CheckAnswer:
        """Denies stays and ends of legs in it."""
        found: list[list[Finding]] = [[] for _ in range(routes)]
        for one in presences:
            last = one.start_second + one.length_seconds
            open_then = last < self.span.start_second or one.start_second >= self.span.end_second
            if not open_then and any(inside(point, (ring(self.box),)) for point in one.points):
                found[one.route].append(Finding(one.rank, self.span.verdict, "old-town"))
        return CheckAnswer(tuple(map(tuple, found)), ((),) * routes, 7)


def ring(box: Box) -> tuple[Point, ...]:
    west, south, east, north = box
    return (spot(west, south), spot(east, south), spot(east, north), spot(west, north))


async def evaluated(hall: Hall, *, omit: bool = False) -> Plan:
    world: World = replace(near_world(hall), travel=Roads())
    asked = question(Problem(TASKS, (shift("van"),)), omit_access=omit)
    return (await evaluate_routes(world, asked, ROUTES)).plan


def told(plan: Plan) -> set[tuple[str, str, str, int]]:
    return {
        (one.reason.value, one.task_id, one.subject, one.excess_seconds)
        for one in plan.violations
        if one.hard
    }


@pytest.mark.parametrize("omit", [False, True])
@pytest.mark.parametrize("verdict", [Verdict.DENY, Verdict.UNKNOWN])
async def test_a_depot_in_a_closed_zone_is_told_by_the_name_of_the_zone(
    verdict: Verdict, omit: bool
) -> None:
    hall = Closes(span=AccessSpan(at(8), at(17), verdict))
    plan = await evaluated(hall, omit=omit)
    costs = dict(plan.costs)

    assert (verdict.reason.value, "", "old-town", 0) in told(plan)
    assert {(reason, subject) for reason, _, subject, _ in told(plan)} == {
        (verdict.reason.value, "old-town")
    }
    assert costs[CostKind.TIME] < 25_000_000
    assert costs[CostKind.DISTANCE] < 1_000_000


async def test_a_stop_in_a_closed_zone_leaves_the_rest_of_the_route_as_it_is() -> None:
    plan = await evaluated(Closes(box=AROUND_FIRST), omit=True)
    first, second = plan.routes[0].visits

    assert told(plan) == {("ZONE", "first", "old-town", 0)}
    assert second.arrival_second == first.end_second
    assert plan.routes[0].end_second < at(12)


async def test_a_stop_in_a_zone_that_is_closed_for_a_while_keeps_its_way() -> None:
    hall = Closes(box=AROUND_FIRST, span=AccessSpan(at(6), at(13), Verdict.DENY))
    plan = await evaluated(hall)
    free = await evaluated(Hall())

    assert {(reason, subject) for reason, _, subject, _ in told(plan)} == {("ZONE", "old-town")}
    assert plan.costs == free.costs, plan
