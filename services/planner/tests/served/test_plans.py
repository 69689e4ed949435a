"""Plans, given routes and insertions as callers see them: on real roads, by a real solve."""

from __future__ import annotations

import polyline
import pytest

from doorstep.planner.v1 import (
    load_pb2,
    optimization_pb2,
    plan_pb2,
    problem_pb2,
    reason_pb2,
    shift_pb2,
    task_pb2,
)
from doorstep.planner.v1 import planner_service_pb2 as pb
from services.planner.tests import wire
from services.planner.tests.served.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.pg]


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


async def test_a_small_vehicle_comes_back_for_more_and_waits_for_what_is_released(
    town: Town,
) -> None:
    crates = load_pb2.Load(mass_grams=30_000)
    problem = wire.city(0, 0)
    for rank in range(4):
        place = (60.168 + rank / 1_000, 24.94)
        problem.tasks.append(wire.task(f"t{rank}", *place, load=crates))
    problem.tasks[3].release_time.CopyFrom(wire.moment(12))
    dock = shift_pb2.Reload(reload_id="dock", location=wire.DEPOT, place_id="depot")
    bike = wire.vehicle("bike", capacity=load_pb2.Load(mass_grams=60_000))
    problem.shifts.append(wire.shift("s0", vehicle=bike, reloads=[dock], reload_limit=2))
    plan = await town.optimize(problem)
    route = plan.routes[0]
    reloads = [stop for stop in route.stops if stop.reload_id]

    assert not plan.unassigned
    assert [stop.reload_id for stop in reloads] == ["dock"] * route.metrics.reload_count
    assert 1 <= len(reloads) <= 2
    assert route.peak_load.mass_grams <= 60_000
    at_last = next(n for n, stop in enumerate(route.stops) for t in stop.tasks if t.task_id == "t3")
    loaded = max(n for n, stop in enumerate(route.stops[:at_last]) if stop.reload_id)
    assert route.stops[loaded].departure_time.seconds >= wire.moment(12).seconds
