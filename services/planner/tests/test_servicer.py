"""
The planner as its callers see it: a real server on a real port, real roads, a real solve, a real
store.

Method: one planner for the module on the built-in city; the city hall beside it closes and charges
what a test says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import polyline
import pytest
import pytest_asyncio
from google.type.latlng_pb2 import LatLng

from doorstep.compliance.v1 import check_service_pb2_grpc as check_grpc
from doorstep.compliance.v1 import decision_pb2
from doorstep.planner.v1 import (
    event_pb2,
    optimization_pb2,
    plan_pb2,
    problem_pb2,
    reason_pb2,
    task_pb2,
    vehicle_pb2,
)
from doorstep.planner.v1 import planner_service_pb2 as pb
from doorstep.planner.v1 import planner_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.clock import SystemClock
from meshkit.errors import Denied, Invalid, Unimplemented
from meshkit.pgtest import PostgresForTests
from meshkit.testing import Role, TestMesh, serving
from services.planner.adapters.compliance import ComplianceAccess
from services.planner.adapters.postgres import PostgresRecords
from services.planner.adapters.roads import RoadTravelTimes
from services.planner.adapters.solver_pool import SolverPool
from services.planner.convert.events import computed_draft
from services.planner.servicer import Defaults, PlannerServicer
from services.planner.tests import wire
from services.planner.tests.city_hall import CHARGE_MICROS, CityHall, Zone
from services.planner.tests.roads.test_helsinki import HELSINKI
from services.planner.tests.roads.test_travel_worker import COMPILED_CODE
from services.planner.usecases.optimize import World

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.pg]
MIGRATIONS = Path(__file__).parents[1] / "migrations"
QUICK = optimization_pb2.SearchOptions(solution_limit=20)
MIDDLE = (60.170, 24.940, 60.174, 24.946)  # a part of the city, south, west, north, east


@dataclass
class Town:
    """A planner and its city hall."""

    planner: pb_grpc.PlannerServiceAsyncStub
    mesh: TestMesh
    hall: CityHall

    async def optimize(self, problem: problem_pb2.Problem) -> plan_pb2.Plan:
        request = pb.OptimizeRoutesRequest(problem=problem, options=QUICK)
        return (await self.planner.OptimizeRoutes(request)).plan


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(
    postgres: PostgresForTests, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    maps, hall = tmp_path_factory.getbasetemp() / "maps", CityHall()
    async with (
        postgres.fresh("planner", MIGRATIONS) as db,
        RoadTravelTimes(HELSINKI, maps, COMPILED_CODE) as travel,
        SolverPool(solvers=1, waiting_max=4, version="test") as solver,
        serving(hall, service="compliance") as halls,
    ):
        checks = raising(check_grpc.CheckServiceStub(halls.channel(Role.DISPATCHER)))
        world = World(travel, ComplianceAccess(checks), solver)
        records = PostgresRecords(db, computed_draft)
        servicer = PlannerServicer(db, world, records, SystemClock(), Defaults(4711, 20.0))
        async with serving(servicer, service="planner") as mesh:
            stub = raising(pb_grpc.PlannerServiceStub(mesh.channel(Role.DISPATCHER)))
            yield Town(stub, mesh, hall)


@pytest.fixture
def town(running: Town) -> Town:
    """The town, with nothing closed and the hall open."""
    running.hall.zones, running.hall.is_away = [], False
    return running


async def test_a_day_is_planned_on_real_roads_with_a_break(town: Town) -> None:
    plan = await town.optimize(wire.city(60, 4))
    names = [name for route in wire.served(plan.routes).values() for name in route]

    assert sorted(names) == sorted(f"t{n}" for n in range(60))
    assert plan.access_checked
    assert plan.record.end == plan_pb2.SOLVE_END_LIMIT
    assert plan.record.engine_version.startswith("test+ortools")
    assert [v for v in plan.violations if v.hard] == []
    for route in plan.routes:
        assert len(route.legs) == len(route.stops) + 1
        assert all(leg.basis == plan_pb2.TRAVEL_BASIS_ROAD for leg in route.legs)
        assert all(len(polyline.decode(leg.polyline)) > 1 for leg in route.legs)
        assert sum(term.cost_micros for term in route.costs) == route.cost_micros


async def test_the_times_of_a_route_add_up(town: Town) -> None:
    plan = await town.optimize(wire.city(20, 2))

    for route in plan.routes:
        now = route.start_time.seconds
        for leg, stop in zip(route.legs, [*route.stops, None], strict=True):
            parts = (leg.travel_duration, leg.break_duration, leg.wait_duration, leg.delay_duration)
            assert leg.start_time.seconds == now
            assert sum(part.seconds for part in parts) == leg.total_duration.seconds
            now += leg.total_duration.seconds
            if stop is not None:
                assert stop.service_start_time.seconds == now + stop.setup_duration.seconds
                now = stop.departure_time.seconds
        assert route.end_time.seconds == now


async def test_the_same_request_gives_the_same_routes(town: Town) -> None:
    first, again = [await town.optimize(wire.city(25, 2)) for _ in range(2)]

    assert first.routes == again.routes
    assert first.record.problem_digest == again.record.problem_digest
    assert first.optimization_id != again.optimization_id


async def test_lines_are_left_out_on_demand(town: Town) -> None:
    options = optimization_pb2.SearchOptions(solution_limit=1, omit_polylines=True)
    request = pb.OptimizeRoutesRequest(problem=wire.city(5, 1), options=options)
    plan = (await town.planner.OptimizeRoutes(request)).plan

    assert plan.access_checked
    assert all(leg.distance_meters and not leg.polyline for r in plan.routes for leg in r.legs)


async def test_a_plan_evaluates_to_itself(town: Town) -> None:
    problem = wire.city(30, 3)
    plan = await town.optimize(problem)
    request = pb.EvaluateRoutesRequest(problem=problem, routes=wire.fixed(wire.served(plan.routes)))
    answer = await town.planner.EvaluateRoutes(request)

    assert answer.feasible
    assert answer.plan.routes == plan.routes


async def test_a_route_that_breaks_rules_is_timed_and_every_rule_is_told(town: Town) -> None:
    late = wire.task(
        "late", 60.170, 24.940,
        windows=[task_pb2.TimeWindow(interval=wire.interval(6, 7))],
    )  # fmt: skip
    problem = problem_pb2.Problem(tasks=[late], shifts=[wire.shift("van", breaks=[])])
    request = pb.EvaluateRoutesRequest(problem=problem, routes=wire.fixed({"van": ["late"]}))
    answer = await town.planner.EvaluateRoutes(request)
    told = {(v.reason, v.task_id, v.hard) for v in answer.plan.violations}

    assert not answer.feasible
    assert told == {(reason_pb2.REASON_WINDOW, "late", True)}
    assert answer.plan.routes[0].stops[0].service_start_time.seconds > wire.moment(8).seconds


async def test_an_insertion_is_priced_as_its_route_is(town: Town) -> None:
    problem = wire.city(20, 2)
    problem.tasks.append(wire.task("new", 60.1701, 24.9433))
    plan = await town.optimize(problem)
    routes = {
        shift: [t for t in own if t != "new"] for shift, own in wire.served(plan.routes).items()
    }
    ask = pb.EvaluateRoutesRequest(problem=problem, routes=wire.fixed(routes))
    before = {r.shift_id: r for r in (await town.planner.EvaluateRoutes(ask)).plan.routes}
    request = pb.ProposeInsertionsRequest(
        problem=problem, routes=wire.fixed(routes), task_ids=["new"]
    )
    found = (await town.planner.ProposeInsertions(request)).task_insertions[0]

    assert found.insertions
    for one in found.insertions:
        base = before.get(one.shift_id)
        assert one.delta_cost_micros == one.route.cost_micros - (base.cost_micros if base else 0)
        assert [t for s in one.route.stops for t in s.tasks][one.rank].task_id == "new"


async def test_a_task_that_fits_nowhere_is_told_why(town: Town) -> None:
    heavy = wire.task("heavy", 60.170, 24.940)
    heavy.load.mass_grams = 900_000
    problem = problem_pb2.Problem(tasks=[heavy], shifts=[wire.shift("van")])
    request = pb.ProposeInsertionsRequest(problem=problem, task_ids=["heavy"])
    found = (await town.planner.ProposeInsertions(request)).task_insertions[0]
    plan = await town.optimize(problem)

    assert [r.reason for r in found.unassigned.reasons] == [reason_pb2.REASON_CAPACITY]
    assert plan.unassigned[0].reasons[0].reason == reason_pb2.REASON_CAPACITY
    assert list(plan.unassigned[0].reasons[0].shift_ids) == ["van"]
    assert "LOAD_TOO_BIG" in {plan_pb2.LintCode.Name(n.code)[10:] for n in plan.notices}


async def test_a_closed_zone_is_served_by_whoever_may_and_driven_around_by_others(
    town: Town,
) -> None:
    day = (wire.moment(0).seconds, wire.moment(24).seconds)
    town.hall.zones = [Zone(*MIDDLE, *day)]
    problem = wire.city(40, 1)
    electric = wire.vehicle("e-van", profile=vehicle_pb2.TRAVEL_PROFILE_E_VAN)
    electric.access.fuel_type = vehicle_pb2.FUEL_TYPE_ELECTRIC
    problem.shifts.append(wire.shift("green", vehicle=electric))
    plan = await town.optimize(problem)
    inside = {t.task_id for t in problem.tasks if in_middle(t.location)}
    by_shift = wire.served(plan.routes)

    assert inside
    assert not plan.unassigned
    assert inside <= set(by_shift["green"])
    assert plan.access_checked
    assert plan.record.access_rules_version == 7


async def test_a_task_in_a_closed_zone_is_left_out_with_the_zone_as_reason(town: Town) -> None:
    day = (wire.moment(0).seconds, wire.moment(24).seconds)
    town.hall.zones = [Zone(*MIDDLE, *day)]
    tasks = [wire.task("inside", 60.172, 24.943), wire.task("outside", 60.1661, 24.9480)]
    problem = problem_pb2.Problem(tasks=tasks, shifts=[wire.shift("van")])
    plan = await town.optimize(problem)

    assert [left.task_id for left in plan.unassigned] == ["inside"]
    assert plan.unassigned[0].reasons[0].reason == reason_pb2.REASON_ZONE


async def test_a_zone_that_opens_later_is_served_later(town: Town) -> None:
    town.hall.zones = [Zone(*MIDDLE, wire.moment(7).seconds, wire.moment(11).seconds)]
    tasks = [wire.task("inside", 60.172, 24.943), wire.task("outside", 60.1661, 24.9480)]
    problem = problem_pb2.Problem(tasks=tasks, shifts=[wire.shift("van")])
    plan = await town.optimize(problem)
    stops = {s.tasks[0].task_id: s for route in plan.routes for s in route.stops}

    assert not plan.unassigned
    assert stops["inside"].arrival_time.seconds >= wire.moment(11).seconds


async def test_a_given_route_goes_round_a_zone_that_is_closed_for_a_while(town: Town) -> None:
    ends = (60.1665, 24.9430), (60.1755, 24.9430)  # south and north of the middle
    tasks = [wire.task(f"t{n}", *place) for n, place in enumerate(ends)]
    problem = problem_pb2.Problem(tasks=tasks, shifts=[wire.shift("van")])
    request = pb.EvaluateRoutesRequest(
        problem=problem, routes=wire.fixed({"van": ["t0", "t1"]}), omit_access=True
    )
    straight = (await town.planner.EvaluateRoutes(request)).plan.routes[0]
    town.hall.zones = [Zone(*MIDDLE, wire.moment(7).seconds, wire.moment(12).seconds)]
    around = (await town.planner.EvaluateRoutes(request)).plan

    assert not around.access_checked
    assert around.routes[0].metrics.distance_meters > straight.metrics.distance_meters
    assert [v.reason for v in around.violations if v.hard] == []


async def test_a_charge_is_paid_once_a_day_and_counts_as_cost(town: Town) -> None:
    day = (wire.moment(0).seconds, wire.moment(24).seconds)
    town.hall.zones = [Zone(*MIDDLE, *day, decision_pb2.VERDICT_ALLOW_WITH_CHARGE)]
    tasks = [wire.task(f"t{n}", 60.171 + n / 1e3, 24.943) for n in range(3)]
    plan = await town.optimize(problem_pb2.Problem(tasks=tasks, shifts=[wire.shift("van")]))
    (route,) = plan.routes
    access = [t.cost_micros for t in route.costs if t.kind == plan_pb2.COST_KIND_ACCESS]

    assert access == [CHARGE_MICROS]
    assert [charge.zone_id for charge in route.access_charges] == ["zone-0"]


async def test_without_compliance_there_is_a_plan_that_says_so(town: Town) -> None:
    town.hall.is_away = True
    plan = await town.optimize(wire.city(10, 1))

    assert not plan.access_checked
    assert plan.record.access_rules_version == 0
    assert plan_pb2.LINT_CODE_ACCESS_NOT_CHECKED in {notice.code for notice in plan.notices}
    assert not plan.unassigned


async def test_all_faults_are_told_at_once(town: Town) -> None:
    problem = wire.city(3, 1)
    problem.tasks[0].location.CopyFrom(LatLng())
    problem.tasks[2].ClearField("windows")
    problem.tasks[2].windows.add(interval=wire.interval(12, 10))
    problem.shifts[0].interval.end_time.seconds = wire.moment(7).seconds
    with pytest.raises(Invalid) as caught:
        await town.optimize(problem)

    assert caught.value.reason == "PROBLEM_INVALID"
    assert {violation.field for violation in caught.value.violations} == {
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

    assert [notice.field_path for notice in answer.notices] == ["tasks[0].skills"]


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
    request = pb.GetOptimizationRequest(optimization_id="opt_1")
    with pytest.raises(Unimplemented) as caught:
        await town.planner.GetOptimization(request)

    assert caught.value.reason == "RPC_PENDING"


async def test_a_driver_may_see_the_map_and_plan_nothing(town: Town) -> None:
    driver = raising(pb_grpc.PlannerServiceStub(town.mesh.channel(Role.DRIVER)))
    with pytest.raises(Denied):
        await driver.OptimizeRoutes(pb.OptimizeRoutesRequest(problem=wire.city(1, 1)))

    assert (await driver.GetRoadMap(pb.GetRoadMapRequest())).road_map.map_id


def in_middle(place: LatLng) -> bool:
    south, west, north, east = MIDDLE
    return bool(south < place.latitude < north and west < place.longitude < east)
