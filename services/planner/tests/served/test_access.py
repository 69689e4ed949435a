"""What compliance closes and charges, in plans: the city hall beside the planner says it."""

from __future__ import annotations

import pytest
from google.type.latlng_pb2 import LatLng

from doorstep.compliance.v1 import decision_pb2
from doorstep.planner.v1 import (
    plan_pb2,
    problem_pb2,
    reason_pb2,
    shift_pb2,
    task_pb2,
    vehicle_pb2,
)
from doorstep.planner.v1 import planner_service_pb2 as pb
from services.planner.tests import wire
from services.planner.tests.city_hall import CHARGE_MICROS, Zone
from services.planner.tests.served.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.pg]
MIDDLE = (60.170, 24.940, 60.174, 24.946)  # a part of the city, south, west, north, east


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
    assert "zone-0" in plan.unassigned[0].reasons[0].message


async def test_a_given_route_from_a_depot_in_a_closed_zone_names_the_zone(town: Town) -> None:
    day = (wire.moment(0).seconds, wire.moment(24).seconds)
    town.hall.zones = [Zone(60.1655, 24.9402, 60.1667, 24.9422, *day)]
    window = [task_pb2.TimeWindow(interval=wire.interval(8, 12))]
    tasks = [wire.task("first", 60.172, 24.943, windows=window)]
    problem = problem_pb2.Problem(tasks=tasks, shifts=[wire.shift("van")])
    request = pb.EvaluateRoutesRequest(problem=problem, routes=wire.fixed({"van": ["first"]}))
    answer = await town.planner.EvaluateRoutes(request)
    told = {(v.reason, v.subject) for v in answer.plan.violations if v.hard}

    assert told == {(reason_pb2.REASON_ZONE, "zone-0")}
    assert answer.plan.cost_micros < 100_000_000
    assert {leg.basis for leg in answer.plan.routes[0].legs} == {plan_pb2.TRAVEL_BASIS_UNREACHABLE}


async def test_what_a_zone_denies_one_vehicle_another_serves(town: Town) -> None:
    way = (60.170, 24.930, 60.1715, 24.960)  # a band between the depot and the door
    town.hall.zones = [Zone(*way, wire.moment(7).seconds, wire.moment(15).seconds)]
    electric = wire.vehicle("e-van", profile=vehicle_pb2.TRAVEL_PROFILE_E_VAN)
    electric.access.fuel_type = vehicle_pb2.FUEL_TYPE_ELECTRIC
    dear = shift_pb2.ShiftCosts(fixed_cost_micros=200_000_000, hour_cost_micros=25_000_000)
    shifts = [wire.shift("diesel"), wire.shift("green", vehicle=electric, costs=dear)]
    window = [task_pb2.TimeWindow(interval=wire.interval(9, 10))]
    task = wire.task("door", 60.1735, 24.943, windows=window)
    plan = await town.optimize(problem_pb2.Problem(tasks=[task], shifts=shifts))

    assert wire.served(plan.routes) == {"green": ["door"]}
    assert not plan.unassigned


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


def in_middle(place: LatLng) -> bool:
    south, west, north, east = MIDDLE
    return bool(south < place.latitude < north and west < place.longitude < east)
