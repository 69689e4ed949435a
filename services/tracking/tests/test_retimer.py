"""
The planner, asked by ticks: one question for a tenant's routes, and what becomes of the answer.

Method: a stand-in for the planner on a real port that needs ten minutes for every way; a route of
the town is under way, and revised.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from doorstep.planner.v1 import plan_pb2
from doorstep.planner.v1 import planner_service_pb2 as pb
from doorstep.planner.v1 import planner_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.errors import Unavailable
from meshkit.testing import TENANT, Role, TestMesh, serving
from services.tracking.__main__ import retimer, ticker
from services.tracking.adapters.planner import MeshPlanner
from services.tracking.adapters.retimer import Retimer
from services.tracking.config import TrackingSettings
from services.tracking.domain.event import EtaBasis
from services.tracking.ports import Driven
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import planned, reported
from services.tracking.tests.town import at, place, route
from services.tracking.tests.wire import event, heard, revised

pytestmark = pytest.mark.pg


@dataclass
class Slow(pb_grpc.PlannerServiceServicer):
    """Ten minutes to everywhere."""

    asked: list[pb.EvaluateRoutesRequest] = field(default_factory=list)
    away: bool = False

    async def EvaluateRoutes(  # noqa: N802
        self, request: pb.EvaluateRoutesRequest, context: Any
    ) -> pb.EvaluateRoutesResponse:
        self.asked.append(request)
        if self.away:
            raise Unavailable("TRAVEL_UNAVAILABLE", "no roads")
        return pb.EvaluateRoutesResponse(plan=plan_pb2.Plan(routes=map(_timed, request.routes)))


def _timed(fixed: Any) -> plan_pb2.Route:
    timed = plan_pb2.Route(shift_id=fixed.shift_id)
    for visit in fixed.visits:
        timed.stops.add().tasks.add(task_id=visit.task_id)
        timed.legs.add(distance_meters=2_000).travel_duration.FromSeconds(600)
    return timed


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
async def roads(slow: Slow) -> AsyncIterator[TestMesh]:
    async with serving(slow, service="planner") as mesh:
        yield mesh


@pytest.fixture
def asking(desk: Desk, roads: TestMesh) -> Retimer:
    channel = roads.channel(Role.SERVICE)
    return retimer(desk, MeshPlanner(raising(pb_grpc.PlannerServiceStub(channel))))


async def ticked(desk: Desk, asking: Retimer) -> Driven:
    """One tick of every route; the first route as it is then."""
    await ticker(desk, TrackingSettings(tick_seconds=0.000001), asking.wish).beat()
    async with desk.db.transaction(TENANT) as tx:
        driven = await desk.worlds(tx).routes.get("rte_1")
    assert driven is not None
    return driven


async def under_way(mesh: TestMesh, desk: Desk) -> None:
    """The first stop is reached, and the route revised."""
    await planned(desk)
    await reported(mesh, event(0, "route_start", route_id="rte_1"), event(2, "arrived", 1))
    await heard(desk, revised(route(3, revision=2), at(2)))


async def test_a_revised_route_is_asked_about_once_and_expected_by_the_answer(
    mesh: TestMesh, desk: Desk, asking: Retimer, slow: Slow
) -> None:
    await under_way(mesh, desk)
    before = await ticked(desk, asking)
    assert await asking.ask()
    after = await ticked(desk, asking)
    assert await asking.ask()

    (request,) = slow.asked
    assert [task.task_id for task in request.problem.tasks] == ["stp_2", "stp_3"]
    start = request.problem.shifts[0].start_location
    assert (start.latitude, start.longitude) == (place(1).latitude, place(1).longitude)
    second = {one.stop_id: one.p50 for one in after.etas}["stp_2"]
    assert second - {one.stop_id: one.p50 for one in before.etas}["stp_2"] == timedelta(minutes=8)


async def test_a_route_that_does_as_planned_asks_nobody(
    mesh: TestMesh, desk: Desk, asking: Retimer, slow: Slow
) -> None:
    await planned(desk)
    await reported(mesh, event(0, "route_start", route_id="rte_1"), event(2, "arrived", 1))
    await ticked(desk, asking)
    await asking.ask()

    assert slow.asked == []


async def test_while_the_planner_is_away_the_plan_is_the_basis_and_it_is_asked_again(
    mesh: TestMesh, desk: Desk, asking: Retimer, slow: Slow
) -> None:
    await under_way(mesh, desk)
    slow.away = True
    await ticked(desk, asking)
    assert not await asking.ask()
    flagged = await ticked(desk, asking)
    slow.away = False
    assert await asking.ask()
    found = await ticked(desk, asking)

    assert {eta.basis for eta in flagged.etas} == {EtaBasis.PLAN}
    assert flagged.progress.untimed
    assert not found.progress.untimed
    assert found.progress.retimed.keys() == {"stp_2", "stp_3"}
