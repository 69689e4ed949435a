"""What is refused, what is told besides plans, and who may ask."""

from __future__ import annotations

import pytest
from google.type.latlng_pb2 import LatLng

from doorstep.planner.v1 import (
    event_pb2,
    optimization_pb2,
    plan_pb2,
    problem_pb2,
)
from doorstep.planner.v1 import planner_service_pb2 as pb
from doorstep.planner.v1 import planner_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.errors import Denied, Invalid, Unimplemented
from meshkit.testing import Role
from services.planner.tests import wire
from services.planner.tests.served.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.pg]


async def test_all_faults_are_told_at_once(town: Town) -> None:
    problem = wire.city(3, 1)
    problem.tasks[0].location.CopyFrom(LatLng())
    problem.shifts[0].breaks[0].break_duration.seconds = -5
    problem.shifts[0].stop_limit = -1
    problem.tasks[1].pickup_task_id = "gone"
    problem.pins.add(task_id="gone", shift_id="s0", level=problem_pb2.FREEZE_LEVEL_SHIFT)
    problem.tasks[2].ClearField("windows")
    problem.tasks[2].windows.add(interval=wire.interval(12, 10))
    problem.shifts[0].interval.end_time.seconds = wire.moment(7).seconds
    with pytest.raises(Invalid) as caught:
        await town.optimize(problem)

    assert caught.value.reason == "PROBLEM_INVALID"
    assert {violation.field for violation in caught.value.violations} == {
        "problem.shifts[0].breaks[0].break_duration",
        "problem.shifts[0].breaks[0]",
        "problem.shifts[0].stop_limit",
        "problem.tasks[1].pickup_task_id",
        "problem.pins[0].task_id",
        "problem.tasks[0].location",
        "problem.tasks[2].windows[0]",
        "problem.shifts[0]",
    }


@pytest.mark.parametrize("latitude", [float("nan"), float("inf"), 91.0])
async def test_a_position_that_is_none_is_refused(town: Town, latitude: float) -> None:
    problem = wire.city(3, 1)
    problem.tasks[1].location.latitude = latitude
    with pytest.raises(Invalid) as caught:
        await town.optimize(problem)

    assert caught.value.violations[0].field.startswith("problem.tasks[1].location")


async def test_one_stop_past_the_limit_is_refused_before_anything_is_asked(town: Town) -> None:
    tasks = [wire.task(f"t{n}", 60.17, 24.94) for n in range(2_001)]
    problem = problem_pb2.Problem(tasks=tasks, shifts=[wire.shift("van")])
    asked = len(town.hall.asked)
    with pytest.raises(Invalid) as caught:
        await town.optimize(problem)

    assert caught.value.reason == "TOO_MANY_STOPS"
    assert len(town.hall.asked) == asked


async def test_given_routes_must_name_what_there_is(town: Town) -> None:
    problem = wire.city(2, 1)
    request = pb.EvaluateRoutesRequest(problem=problem, routes=wire.fixed({"s0": ["t0", "x"]}))
    with pytest.raises(Invalid) as caught:
        await town.planner.EvaluateRoutes(request)

    assert [violation.field for violation in caught.value.violations] == [
        "routes[0].visits[1].task_id"
    ]


async def test_routes_to_start_from_must_name_alternatives_that_there_are(town: Town) -> None:
    seeds = wire.fixed({"s0": ["t0", "gone"], "gone": ["t1"]})
    seeds[0].visits[0].alternative_id = "locker-9"
    options = optimization_pb2.SearchOptions(seed_routes=seeds)
    request = pb.OptimizeRoutesRequest(problem=wire.city(2, 1), options=options)
    with pytest.raises(Invalid) as caught:
        await town.planner.OptimizeRoutes(request)

    assert [violation.field for violation in caught.value.violations] == [
        "options.seed_routes[0].visits[0].alternative_id"
    ]


async def test_a_matrix_says_seconds_meters_and_energy_and_what_is_cut_off(town: Town) -> None:
    ends = [wire.DEPOT, LatLng(latitude=60.1745, longitude=24.9475)]
    request = pb.ComputeTravelMatrixRequest(
        origins=ends,
        destinations=[ends[1]],
        vehicle=wire.vehicle("van"),
        departure_times=[wire.moment(3), wire.moment(8)],
        include_energy=True,
    )
    answer = await town.planner.ComputeTravelMatrix(request)
    night, morning = answer.tables

    assert len(night.travel_seconds) == len(night.distance_meters) == 2
    assert night.travel_seconds[1] == night.energy_watt_hours[1] == 0
    assert 0 < night.travel_seconds[0] <= morning.travel_seconds[0]
    assert night.distance_meters[0] > 900
    assert all(snap.has_road for snap in (*answer.origin_snaps, *answer.destination_snaps))
    assert answer.access_checked


async def test_a_matrix_past_the_limit_is_refused(town: Town) -> None:
    places = [LatLng(latitude=60.17, longitude=24.94 + n / 1e6) for n in range(1_001)]
    request = pb.ComputeTravelMatrixRequest(
        origins=places,
        destinations=places,
        vehicle=wire.vehicle("van"),
        departure_times=[wire.moment(hour) for hour in range(4)],
    )
    with pytest.raises(Invalid) as caught:
        await town.planner.ComputeTravelMatrix(request)

    assert caught.value.reason == "MATRIX_TOO_BIG"


async def test_the_map_says_its_name_and_its_makers(town: Town) -> None:
    road_map = (await town.planner.GetRoadMap(pb.GetRoadMapRequest())).road_map

    assert road_map.time_zone == "Europe/Helsinki"
    assert "OpenStreetMap" in road_map.attribution


async def test_suspicions_are_told_without_planning(town: Town) -> None:
    problem = wire.city(3, 1)
    problem.tasks[0].skills.all_of.append("crane")
    answer = await town.planner.LintProblem(pb.LintProblemRequest(problem=problem))
    plan = await town.optimize(problem)

    assert [(notice.code, notice.field_path) for notice in answer.notices] == [
        (plan_pb2.LINT_CODE_SKILL_HELD_BY_NONE, "tasks[0].skills"),
        (plan_pb2.LINT_CODE_FAR_FROM_ROAD, "tasks[0].location"),
    ]
    assert answer.notices == plan.notices


async def test_the_feed_tells_of_every_plan(town: Town) -> None:
    plan = await town.optimize(wire.city(5, 1))
    platform = raising(pb_grpc.PlannerServiceStub(town.mesh.channel(Role.PLATFORM)))
    seen: list[event_pb2.Change] = []
    async for response in platform.WatchEvents(event_pb2.WatchEventsRequest()):
        seen += response.changes
        if any(change.subject == plan.optimization_id for change in seen):
            break
    own = next(change for change in seen if change.subject == plan.optimization_id)

    assert own.plan_computed.cost_micros == plan.cost_micros
    assert own.plan_computed.record == plan.record
    assert own.plan_computed.task_count == 5
    assert [change.sequence for change in seen] == list(range(1, len(seen) + 1))


async def test_what_is_not_there_yet_says_so(town: Town) -> None:
    request = pb.GetTerritoryDesignRequest(territory_design_id="tdg_1")
    with pytest.raises(Unimplemented) as caught:
        await town.planner.GetTerritoryDesign(request)

    assert caught.value.reason == "RPC_PENDING"


async def test_a_driver_may_see_the_map_and_plan_nothing(town: Town) -> None:
    driver = raising(pb_grpc.PlannerServiceStub(town.mesh.channel(Role.DRIVER)))
    with pytest.raises(Denied):
        await driver.OptimizeRoutes(pb.OptimizeRoutesRequest(problem=wire.city(1, 1)))

    assert (await driver.GetRoadMap(pb.GetRoadMapRequest())).road_map.map_id
