"""
Changes to routes that bind: relief after a breakdown, a late delivery, a cancellation.

Method: a real server over a real PostgreSQL; the planner drives straight lines, compliance forbids
what the test says. Times are hours of one day, UTC; the clock stands at five in the morning.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from doorstep.dispatch.v1 import delivery_pb2, route_pb2, task_pb2
from doorstep.dispatch.v1 import delivery_service_pb2 as deliveries
from doorstep.dispatch.v1 import dispatch_service_pb2 as pb
from meshkit.clock import StoppedClock
from meshkit.errors import Conflict, Invalid, NotReady
from services.dispatch.domain.fleet import FuelType
from services.dispatch.domain.route import StopState
from services.dispatch.servicer.tools import Tools
from services.dispatch.tests.changes import (
    kinds,
    on_the_road,
    reach,
    reassign,
    tasks_of,
    two_routes,
)
from services.dispatch.tests.conftest import MORNING
from services.dispatch.tests.office import Office, ask, interval
from services.dispatch.tests.peers import StraightPlanner, Streets

pytestmark = pytest.mark.pg


async def test_a_broken_van_s_tasks_go_to_another_in_one_change(office: Office) -> None:
    ada, bob = await two_routes(office)
    moves = [{"task_id": t, "cheapest": {"route_ids": [bob.route_id]}} for t in tasks_of(ada)]

    reply = await reassign(office, [ada, bob], moves, cause="REVISION_CAUSE_BREAKDOWN")

    empty, full = sorted(reply.routes, key=lambda route: route.shift_id)
    assert (empty.revision, len(empty.stops), len(empty.legs)) == (2, 0, 1)
    assert (full.revision, len(full.stops), len(full.legs)) == (2, 3, 4)
    assert full.cause == route_pb2.REVISION_CAUSE_BREAKDOWN
    assert full.decision_ids
    listed = await office.desk.deliveries.ListTasks(
        deliveries.ListTasksRequest(route_id=bob.route_id)
    )
    assert len(listed.tasks) == 3


async def test_of_two_changes_on_one_route_the_second_is_refused(office: Office) -> None:
    ada, bob = await two_routes(office)
    first, second = tasks_of(ada)
    await reassign(office, [ada], [{"task_id": first, "removal": {}}])

    with pytest.raises(Conflict) as caught:
        await reassign(office, [bob, ada], [{"task_id": second, "cheapest": {}}])

    assert caught.value.reason == "REVISION_STALE"
    assert caught.value.metadata["route_id"] == ada.route_id
    (_, untouched) = await office.routes(bob.route_plan_id)
    assert untouched.revision == 1


async def test_of_two_changes_at_the_same_moment_one_holds(office: Office) -> None:
    ada, bob = await two_routes(office)
    first, second = tasks_of(ada)

    outcomes = await asyncio.gather(
        reassign(office, [ada, bob], [{"task_id": first, "exact": {"route_id": bob.route_id}}]),
        reassign(office, [ada, bob], [{"task_id": second, "exact": {"route_id": bob.route_id}}]),
        return_exceptions=True,
    )

    lost = [outcome for outcome in outcomes if isinstance(outcome, Conflict)]
    assert len(lost) == 1
    after = await office.routes(ada.route_plan_id)
    assert [route.revision for route in after] == [2, 2]
    assert sorted(t for route in after for t in tasks_of(route)) == sorted(
        [*tasks_of(ada), *tasks_of(bob)]
    )


async def test_a_late_delivery_is_put_where_it_costs_least(office: Office) -> None:
    ada, bob = await two_routes(office)
    (late,) = await office.order("late")
    moves = [{"task_id": late, "cheapest": {}}]

    tried = await reassign(office, [ada, bob], moves, validate_only=True)
    reply = await reassign(office, [ada, bob], moves, cause="REVISION_CAUSE_LATE_DELIVERY")

    (route,) = reply.routes
    assert route.route_id == bob.route_id  # ada's van is full
    assert late in tasks_of(route)
    assert reply.delta_cost_micros == tried.delta_cost_micros
    assert (await office.delivery("late")).state == delivery_pb2.DELIVERY_STATE_ASSIGNED


async def test_what_fits_nowhere_refuses_the_change_unless_partial(office: Office) -> None:
    ada, bob = await two_routes(office)
    (late,) = await office.order("late", windows=[interval(4, 5)])
    moves = [{"task_id": late, "cheapest": {}}]

    with pytest.raises(NotReady) as caught:
        await reassign(office, [ada, bob], moves)
    reply = await reassign(office, [ada, bob], moves, allow_partial=True)

    assert caught.value.reason == "NO_FEASIBLE_PLACE"
    assert [task.delivery_id for task in reply.unassigned_tasks] == ["late"]
    assert not reply.routes


async def test_a_stop_that_was_reached_stays_where_it_is(office: Office, kit: Tools) -> None:
    ada, bob = await two_routes(office)
    first, second = tasks_of(ada)
    await reach(kit, ada, 0, StopState.DEPARTED)

    with pytest.raises(NotReady) as caught:
        await reassign(office, [ada, bob], [{"task_id": first, "cheapest": {}}])
    reply = await reassign(
        office, [ada, bob], [{"task_id": second, "exact": {"route_id": bob.route_id}}]
    )

    assert caught.value.reason == "STOP_FROZEN"
    kept = next(route for route in reply.routes if route.route_id == ada.route_id)
    assert tasks_of(kept) == [first]
    assert kept.stops[0].stop_id == ada.stops[0].stop_id
    assert kept.legs[0] == ada.legs[0]
    assert kept.stops[0].state == route_pb2.STOP_STATE_DEPARTED


async def test_the_rest_is_planned_from_where_the_vehicle_stands(
    office: Office, kit: Tools, planner: StraightPlanner, clock: StoppedClock
) -> None:
    ada, bob = await two_routes(office)
    _, second = tasks_of(ada)
    (own,) = tasks_of(bob)
    await reach(kit, ada, 0, StopState.DEPARTED)
    clock.move_to(MORNING + timedelta(hours=3))

    await reassign(office, [ada, bob], [{"task_id": second, "exact": {"route_id": bob.route_id}}])

    shifts = {shift.shift_id: shift for shift in planner.asked[-1].shifts}
    state = shifts["shift-bob"].under_way
    assert state is not None
    assert state.state_time == MORNING + timedelta(hours=3)  # a new next stop begins now
    assert state.onboard_task_ids == (own,)  # the other is fetched first


async def test_a_van_on_the_road_fetches_a_late_parcel_at_the_depot(
    office: Office, kit: Tools, clock: StoppedClock
) -> None:
    routes = await on_the_road(office, kit, clock, *(await two_routes(office)))
    (late,) = await office.order("late")

    reply = await reassign(office, routes, [{"task_id": late, "cheapest": {}}])

    (route,) = reply.routes
    assert kinds(route) == ["PICKUP", "DELIVERY", "DELIVERY"]
    assert route.stops[0].place_id == "depot"
    assert route.stops[0].tasks[0].delivery_id == "late"
    listed = await office.desk.deliveries.ListTasks(
        deliveries.ListTasksRequest(delivery_ids=["late"])
    )
    assert {task.route_id for task in listed.tasks} == {route.route_id}


async def test_a_relief_fetches_the_goods_where_the_broken_van_stands(
    office: Office, kit: Tools, clock: StoppedClock
) -> None:
    ada, bob = await two_routes(office)
    await reach(kit, ada, 0, StopState.DEPARTED)
    ada, bob = await on_the_road(office, kit, clock, ada, bob)
    left = tasks_of(ada)[1]

    reply = await reassign(
        office, [ada, bob], [{"task_id": left, "cheapest": {"route_ids": [bob.route_id]}}]
    )

    full = next(route for route in reply.routes if route.route_id == bob.route_id)
    assert kinds(full) == ["PICKUP", "DELIVERY", "DELIVERY"]
    assert full.stops[0].location == ada.stops[0].location
    manifest = office.driver("bob").dispatch.StreamManifest(
        pb.StreamManifestRequest(shift_id="shift-bob")
    )
    (pickup, *_) = (await anext(aiter(manifest))).snapshot.stops
    assert pickup.tasks[0].parcels
    assert not pickup.tasks[0].HasField("recipient")


async def test_a_pickup_goes_with_the_task_it_is_for(
    office: Office, kit: Tools, clock: StoppedClock
) -> None:
    routes = await on_the_road(office, kit, clock, *(await two_routes(office)))
    (late,) = await office.order("late")
    (bob,) = (await reassign(office, routes, [{"task_id": late, "cheapest": {}}])).routes
    moves = [{"task_id": t, "removal": {}} for t in tasks_of(bob)[:1]]

    with pytest.raises(NotReady) as caught:
        await reassign(office, [bob], moves)
    await office.desk.deliveries.CancelDelivery(
        ask(deliveries.CancelDeliveryRequest, delivery_id="late")
    )

    assert caught.value.reason == "STOP_FROZEN"
    _, after = await office.routes(bob.route_plan_id)
    assert kinds(after) == ["DELIVERY"]
    listed = await office.desk.deliveries.ListTasks(
        deliveries.ListTasksRequest(delivery_ids=["late"])
    )
    assert [task.outcome for task in listed.tasks] == [task_pb2.TASK_OUTCOME_CANCELLED] * 2


async def test_a_vehicle_that_goes_on_as_planned_does_not_upset_a_change(
    office: Office, kit: Tools, streets: Streets
) -> None:
    ada, bob = await two_routes(office)
    first, second = tasks_of(ada)

    streets.meanwhile = lambda: reach(kit, ada, 0, StopState.ARRIVED)  # while the gate is asked
    reply = await reassign(office, [ada, bob], [{"task_id": second, "removal": {}}])

    assert tasks_of(reply.routes[0]) == [first]
    after, _ = await office.routes(ada.route_plan_id)
    assert after.stops[0].state == route_pb2.STOP_STATE_ARRIVED


async def test_a_vehicle_that_reaches_what_is_taken_away_upsets_the_change(
    office: Office, kit: Tools, streets: Streets
) -> None:
    ada, bob = await two_routes(office)
    first, _ = tasks_of(ada)
    streets.meanwhile = lambda: reach(kit, ada, 0, StopState.ARRIVED)

    with pytest.raises(Conflict) as caught:
        await reassign(office, [ada, bob], [{"task_id": first, "removal": {}}])

    assert caught.value.reason == "REVISION_STALE"


async def test_a_change_is_brought_up_to_where_a_vehicle_has_got_to_meanwhile(
    office: Office, kit: Tools, streets: Streets, clock: StoppedClock
) -> None:
    routes = await on_the_road(office, kit, clock, *(await two_routes(office)))
    (late,) = await office.order("late")
    bob = next(route for route in routes if route.driver_id == "bob")
    streets.meanwhile = lambda: reach(kit, bob, 0, StopState.ARRIVED)

    reply = await reassign(office, routes, [{"task_id": late, "cheapest": {}}])

    (route,) = reply.routes
    assert kinds(route) == ["DELIVERY", "PICKUP", "DELIVERY"]
    assert route.stops[0].stop_id == bob.stops[0].stop_id
    assert route.stops[1].place_id == "depot"


async def test_a_change_that_compliance_forbids_changes_nothing(
    office: Office, streets: Streets
) -> None:
    ada, _ = await two_routes(office)
    streets.forbidden = {FuelType.DIESEL}

    with pytest.raises(NotReady) as caught:
        await reassign(office, [ada], [{"task_id": tasks_of(ada)[0], "removal": {}}])

    assert caught.value.reason == "PLAN_VIOLATED"
    assert [route.revision for route in await office.routes(ada.route_plan_id)] == [1, 1]


async def test_a_change_that_breaks_a_rule_is_refused(office: Office) -> None:
    ada, bob = await two_routes(office)
    move = {"task_id": tasks_of(bob)[0], "exact": {"route_id": ada.route_id, "rank": 9}}

    with pytest.raises(NotReady) as caught:
        await reassign(office, [ada, bob], [move])

    assert caught.value.metadata["rule_id"] == "capacity"


async def test_a_route_is_put_into_another_order(office: Office) -> None:
    ada, _ = await two_routes(office)
    first, second = tasks_of(ada)
    request = ask(
        pb.ResequenceRouteRequest,
        route_id=ada.route_id,
        base_revision=1,
        task_ids=[second, first],
    )

    reply = await office.desk.dispatch.ResequenceRoute(request)

    assert tasks_of(reply.route) == [second, first]
    same = await office.desk.dispatch.ResequenceRoute(
        ask(
            pb.ResequenceRouteRequest,
            route_id=ada.route_id,
            base_revision=2,
            task_ids=[second, first],
        )
    )
    assert same.route.revision == 2
    assert {s.stop_id for s in reply.route.stops} == {s.stop_id for s in ada.stops}
    with pytest.raises(Invalid) as caught:
        await office.desk.dispatch.ResequenceRoute(
            ask(
                pb.ResequenceRouteRequest,
                route_id=ada.route_id,
                base_revision=2,
                task_ids=[second],
            )
        )
    assert caught.value.reason == "TASKS_UNEQUAL"
