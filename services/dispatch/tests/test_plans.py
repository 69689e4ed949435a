"""
From deliveries to drivers: drafted, checked, published, started, streamed, acknowledged.

Method: a real server on a real port over a real PostgreSQL; planner and compliance are stand-ins
that really plan and really forbid (`peers.py`).
"""

from __future__ import annotations

import pytest

from doorstep.dispatch.v1 import delivery_pb2, route_pb2, route_plan_pb2, shift_pb2, vehicle_pb2
from doorstep.dispatch.v1 import dispatch_service_pb2 as pb
from doorstep.dispatch.v1 import fleet_service_pb2 as fleet
from meshkit.errors import Conflict, Invalid, NotFound, NotReady, Unavailable
from services.dispatch.domain.fleet import FuelType
from services.dispatch.domain.route_plan import PlanViolationKind
from services.dispatch.tests.office import Office, ask
from services.dispatch.tests.peers import StraightPlanner, Streets

pytestmark = pytest.mark.pg


async def test_a_day_is_planned_checked_and_published(office: Office, streets: Streets) -> None:
    await office.hire("ada", "bob", capacity_mass_grams=25_000)
    await office.order("d1", "d2", "d3", "d4")

    draft = await office.draft()
    checked = await office.check(draft)
    published = await office.publish(checked)

    assert draft.state == route_plan_pb2.ROUTE_PLAN_STATE_DRAFT
    assert checked.state == route_plan_pb2.ROUTE_PLAN_STATE_CHECKED
    assert published.state == route_plan_pb2.ROUTE_PLAN_STATE_PUBLISHED
    routes = await office.routes(published.route_plan_id)
    assert [len(route.stops) for route in routes] == [2, 2]
    assert all(route.decision_ids for route in routes)
    assert all(len(route.legs) == len(route.stops) + 1 for route in routes)
    state = (await office.delivery("d1")).state
    assert state == delivery_pb2.DELIVERY_STATE_ASSIGNED
    assert [kept for _, kept in streets.asked] == [True] * 4  # both routes, twice: check, publish


async def test_the_planner_hears_nobody_s_name(office: Office, planner: StraightPlanner) -> None:
    await office.hire("ada")
    await office.order("d1")

    await office.draft()

    heard = repr(planner.asked)
    assert "d1" in heard
    assert not any(word in heard for word in ("Grace", "+358", "ring twice", "Ada"))


async def test_a_task_that_fits_nowhere_comes_back_with_its_reason(office: Office) -> None:
    await office.hire("ada")
    await office.order("d1", required_skills=["fridge"])

    draft = await office.draft()

    assert not draft.route_ids
    assert [(u.delivery_id, u.reason) for u in draft.unassigned_tasks] == [
        ("d1", route_plan_pb2.UNASSIGNED_REASON_SKILL)
    ]


async def test_without_work_or_shifts_there_is_nothing_to_plan(office: Office) -> None:
    await office.hire("ada")

    with pytest.raises(NotReady) as caught:
        await office.draft()

    assert caught.value.reason == "NOTHING_TO_PLAN"


@pytest.mark.parametrize(
    "kind",
    [
        PlanViolationKind.ACCESS_DENIED,
        PlanViolationKind.PERMIT_NEEDED,
        PlanViolationKind.ACCESS_UNKNOWN,
    ],
)
async def test_a_plan_is_not_published_against_compliance(
    office: Office, streets: Streets, kind: PlanViolationKind
) -> None:
    await office.hire("ada")
    await office.order("d1")
    streets.forbidden, streets.kind = {FuelType.DIESEL}, kind

    checked = await office.check(await office.draft())

    assert checked.state == route_plan_pb2.ROUTE_PLAN_STATE_DRAFT
    assert [v.rule_id for v in checked.violations] == ["demo.1"]
    with pytest.raises(NotReady) as caught:
        await office.publish(checked)
    assert caught.value.reason == "PLAN_VIOLATED"


async def test_a_rule_that_changes_after_the_check_is_found_at_publish(
    office: Office, streets: Streets
) -> None:
    await office.hire("ada")
    await office.order("d1")
    checked = await office.check(await office.draft())
    streets.forbidden = {FuelType.DIESEL}

    with pytest.raises(NotReady) as caught:
        await office.publish(checked)

    assert caught.value.reason == "PLAN_VIOLATED"
    assert caught.value.metadata["rule_id"] == "demo.1"
    assert (await office.delivery("d1")).state == delivery_pb2.DELIVERY_STATE_PLANNED


async def test_nothing_is_dispatched_while_compliance_is_away(
    office: Office, streets: Streets
) -> None:
    await office.hire("ada")
    await office.order("d1")
    checked = await office.check(await office.draft())
    streets.down = True

    with pytest.raises(Unavailable) as caught:
        await office.publish(checked)

    assert caught.value.reason == "COMPLIANCE_UNAVAILABLE"


async def test_a_draft_cannot_be_published(office: Office) -> None:
    await office.hire("ada")
    await office.order("d1")

    with pytest.raises(NotReady) as caught:
        await office.publish(await office.draft())

    assert caught.value.reason == "PLAN_NOT_CHECKED"


async def test_publishing_is_a_compare_and_set(office: Office) -> None:
    await office.hire("ada")
    await office.order("d1")
    draft = await office.draft()
    await office.check(draft)

    with pytest.raises(Conflict) as caught:
        await office.publish(draft)

    assert caught.value.reason == "ETAG_STALE"


async def test_the_same_task_is_not_published_twice(office: Office) -> None:
    await office.hire("ada")
    await office.order("d1")
    first, second = await office.draft(), await office.draft()
    second = await office.check(second)
    await office.publish(await office.check(first))

    again = await office.check(second)

    kinds = {violation.kind for violation in again.violations}
    assert kinds == {
        route_plan_pb2.PLAN_VIOLATION_KIND_TASK_TAKEN,
        route_plan_pb2.PLAN_VIOLATION_KIND_RESOURCE_TAKEN,
    }


async def test_a_caller_s_own_sequence_is_timed_and_verified(office: Office) -> None:
    await office.hire("ada")
    tasks = await office.order("d1", "d2", required_skills=["fridge"])
    request = ask(
        pb.CreateRoutePlanRequest, routes=[{"shift_id": "shift-ada", "task_ids": tasks[::-1]}]
    )

    plan = (await office.desk.dispatch.CreateRoutePlan(request)).route_plan

    (route,) = await office.routes(plan.route_plan_id)
    assert [task.task_id for stop in route.stops for task in stop.tasks] == tasks[::-1]
    assert {violation.rule_id for violation in plan.violations} == {"skill"}


async def test_a_driver_is_streamed_what_to_do_and_then_what_changes(office: Office) -> None:
    await office.hire("ada")
    tasks = await office.order("d1", "d2")
    (route,) = await office.plan_day()
    ada = office.driver("ada")
    stream = ada.dispatch.StreamManifest(pb.StreamManifestRequest(shift_id="shift-ada"))
    replies = aiter(stream)

    first = (await anext(replies)).snapshot
    await ada.dispatch.AcknowledgeRevision(
        ask(pb.AcknowledgeRevisionRequest, route_id=route.route_id, revision=1)
    )
    await office.desk.dispatch.ReassignStops(
        ask(
            pb.ReassignStopsRequest,
            routes=[{"route_id": route.route_id, "base_revision": 1}],
            moves=[{"task_id": tasks[0], "removal": {}}],
        )
    )
    delta = (await anext(replies)).delta

    assert first.revision == 1
    assert first.stops[0].tasks[0].recipient.display_name == "Grace H."
    assert first.stops[0].tasks[0].instructions == "ring twice"
    assert (delta.base_revision, delta.revision) == (1, 2)
    assert list(delta.stop_ids) == [first.stops[1].stop.stop_id]
    assert list(delta.removed_task_ids) == [tasks[0]]


async def test_a_driver_sees_no_other_driver_s_shift_or_route(office: Office) -> None:
    await office.hire("ada", "bob")
    await office.order("d1")
    (route,) = await office.plan_day()
    bob = office.driver("bob")

    for call in (
        bob.fleet.GetShift(fleet.GetShiftRequest(shift_id="shift-ada")),
        bob.dispatch.GetRoute(pb.GetRouteRequest(route_id=route.route_id)),
        bob.dispatch.AcknowledgeRevision(
            ask(pb.AcknowledgeRevisionRequest, route_id=route.route_id, revision=1)
        ),
    ):
        with pytest.raises(NotFound):
            await call
    assert not (await bob.dispatch.ListRoutes(pb.ListRoutesRequest())).routes


async def test_an_acknowledgement_is_never_taken_back(office: Office) -> None:
    await office.hire("ada")
    await office.order("d1")
    (route,) = await office.plan_day()
    ada = office.driver("ada").dispatch

    async def acknowledge(revision: int) -> pb.AcknowledgeRevisionResponse:
        return await ada.AcknowledgeRevision(
            ask(pb.AcknowledgeRevisionRequest, route_id=route.route_id, revision=revision)
        )

    assert (await acknowledge(1)).acknowledged_revision == 1
    assert (await acknowledge(1)).acknowledged_revision == 1
    with pytest.raises(Invalid) as caught:
        await acknowledge(2)
    assert caught.value.reason == "REVISION_UNKNOWN"


async def test_a_shift_starts_its_vehicle_route_and_plan(office: Office) -> None:
    await office.hire("ada")
    await office.order("d1")
    (route,) = await office.plan_day()

    reply = await office.start("ada")

    assert reply.shift.state == shift_pb2.SHIFT_STATE_STARTED
    assert [(r.route_id, r.base_revision) for r in reply.routes] == [(route.route_id, 1)]
    (driven,) = await office.routes(route.route_plan_id)
    assert driven.state == route_pb2.ROUTE_STATE_ACTIVE
    vehicle = (
        await office.desk.fleet.GetVehicle(fleet.GetVehicleRequest(vehicle_id="van-ada"))
    ).vehicle
    assert vehicle.state == vehicle_pb2.VEHICLE_STATE_IN_SERVICE
    request = pb.GetRoutePlanRequest(route_plan_id=route.route_plan_id)
    plan = (await office.desk.dispatch.GetRoutePlan(request)).route_plan
    assert plan.state == route_plan_pb2.ROUTE_PLAN_STATE_ACTIVE


async def test_a_vehicle_swapped_at_the_dock_meets_the_gate(
    office: Office, streets: Streets
) -> None:
    await office.hire("ada", fuel="ELECTRIC")
    await office.buy("old-diesel")
    await office.buy("spare", "ELECTRIC")
    await office.order("d1")
    (route,) = await office.plan_day()
    streets.forbidden = {FuelType.DIESEL}

    with pytest.raises(NotReady) as caught:
        await office.start("ada", "old-diesel")
    assert caught.value.reason == "PLAN_VIOLATED"

    await office.start("ada", "spare")
    (driven,) = await office.routes(route.route_plan_id)
    assert (driven.vehicle_id, driven.revision) == ("spare", 2)
    assert driven.cause == route_pb2.REVISION_CAUSE_SWAP


async def test_a_shift_that_ends_frees_what_nobody_attempted(office: Office) -> None:
    await office.hire("ada")
    tasks = await office.order("d1")
    (route,) = await office.plan_day()
    await office.start("ada")

    request = ask(fleet.EndShiftRequest, shift_id="shift-ada", odometer_meters=5)
    reply = await office.driver("ada").fleet.EndShift(request)

    assert list(reply.open_task_ids) == tasks
    assert reply.shift.state == shift_pb2.SHIFT_STATE_ENDED
    assert (await office.delivery("d1")).state == delivery_pb2.DELIVERY_STATE_CREATED
    plan = await office.desk.dispatch.GetRoutePlan(
        pb.GetRoutePlanRequest(route_plan_id=route.route_plan_id)
    )
    assert plan.route_plan.state == route_plan_pb2.ROUTE_PLAN_STATE_COMPLETED
