"""
Work that is called off: a delivery cancelled before and on the road, a task a driver declines.

Method: as for the other changes to bound routes, a real server over a real PostgreSQL.
"""

from __future__ import annotations

import pytest

from doorstep.dispatch.v1 import delivery_pb2, route_pb2, task_pb2
from doorstep.dispatch.v1 import delivery_service_pb2 as deliveries
from doorstep.dispatch.v1 import dispatch_service_pb2 as pb
from meshkit.errors import NotReady
from meshkit.testing import TENANT
from services.dispatch.servicer.tools import Tools
from services.dispatch.tests.changes import (
    reassign,
    tasks_of,
    two_routes,
)
from services.dispatch.tests.office import Office, ask
from services.dispatch.tests.peers import StraightPlanner
from services.dispatch.usecases import fold

pytestmark = pytest.mark.pg


@pytest.mark.parametrize("planner_down", [False, True])
async def test_a_cancellation_takes_the_stop_off_its_route(
    office: Office, planner: StraightPlanner, planner_down: bool
) -> None:
    ada, _ = await two_routes(office)
    planner.down = planner_down

    reply = await office.desk.deliveries.CancelDelivery(
        ask(deliveries.CancelDeliveryRequest, delivery_id="d1", reason="ordered twice")
    )

    assert reply.delivery.state == delivery_pb2.DELIVERY_STATE_CANCELLED
    assert (reply.route_id, reply.revision) == (ada.route_id, 2)
    after, _ = await office.routes(ada.route_plan_id)
    assert len(after.stops) == 1
    assert len(after.legs) == 2
    assert after.cause == route_pb2.REVISION_CAUSE_CANCELLATION
    assert sum(leg.distance_meters for leg in after.legs) == after.distance_meters
    again = await office.desk.deliveries.CancelDelivery(
        ask(deliveries.CancelDeliveryRequest, delivery_id="d1")
    )
    assert again.delivery == reply.delivery


async def test_what_is_on_the_road_comes_back_when_it_is_cancelled(
    office: Office, kit: Tools
) -> None:
    ada, _ = await two_routes(office)
    async with kit.db.transaction(TENANT) as tx:
        await fold.take_start(kit.stores(tx), ada.route_id, ["d1", "d2"], kit.now())

    reply = await office.desk.deliveries.CancelDelivery(
        ask(deliveries.CancelDeliveryRequest, delivery_id="d1")
    )

    assert reply.delivery.state == delivery_pb2.DELIVERY_STATE_RETURNING
    listed = await office.desk.deliveries.ListTasks(
        deliveries.ListTasksRequest(delivery_ids=["d1"])
    )
    assert [task.outcome for task in listed.tasks] == [task_pb2.TASK_OUTCOME_CANCELLED]


async def test_what_a_driver_declines_is_not_planned_for_that_driver_again(
    office: Office,
) -> None:
    ada, _ = await two_routes(office)
    task = tasks_of(ada)[0]
    request = ask(
        pb.DeclineAssignmentRequest,
        route_id=ada.route_id,
        revision=1,
        task_ids=[task],
        reason="DECLINE_REASON_SKILL",
    )

    reply = await office.driver("ada").dispatch.DeclineAssignment(request)
    await reassign(office, [ada], [{"task_id": task, "removal": {}}])

    assert list(reply.task_ids) == [task]
    after = (await office.routes(ada.route_plan_id))[0]
    with pytest.raises(NotReady):
        await reassign(
            office, [after], [{"task_id": task, "exact": {"route_id": ada.route_id, "rank": 0}}]
        )
