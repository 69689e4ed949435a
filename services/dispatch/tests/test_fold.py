"""
What tracking tells, taken in: once, in any order, and without undoing what is done.

Method: changes as tracking's contract has them, handed to the follower's own function over a real
PostgreSQL; then the state as callers see it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from doorstep.dispatch.v1 import delivery_pb2, route_pb2, task_pb2
from doorstep.dispatch.v1 import delivery_service_pb2 as deliveries
from doorstep.dispatch.v1 import dispatch_service_pb2 as pb
from doorstep.tracking.v1 import event_pb2
from meshkit.clock import StoppedClock
from meshkit.postgres import Database
from meshkit.testing import TENANT
from services.dispatch.servicer.follower import take
from services.dispatch.servicer.ticks import Ticks
from services.dispatch.servicer.tools import Tools
from services.dispatch.tests.office import Office, stamp

pytestmark = pytest.mark.pg


async def told(kit: Tools, **event: Any) -> None:
    """One change of tracking's feed, in a transaction of its own."""
    async with kit.db.transaction(TENANT) as tx:
        await take(kit.stores(tx), event_pb2.Change(tenant=TENANT, **event), kit.now())


def outcome(task: str, name: str, outcome: str = "SUCCEEDED", reason: str = "") -> dict[str, Any]:
    failure = f"FAILURE_REASON_{reason or 'UNSPECIFIED'}"
    return {
        "task_outcome_recorded": {
            "task_id": task,
            "delivery_id": name,
            "outcome": f"TASK_OUTCOME_{outcome}",
            "failure_reason": failure,
            "outcome_time": stamp(7),
            "reported_event_id": f"event-{task}",
        }
    }


async def feed_length(db: Database) -> int:
    async with db.worker() as tx:
        return int(await tx.fetchval("SELECT count(*) FROM feed"))


async def task_of(office: Office, name: str) -> Any:
    listed = await office.desk.deliveries.ListTasks(
        deliveries.ListTasksRequest(delivery_ids=[name])
    )
    return listed.tasks[0]


async def test_a_delivery_goes_the_whole_way(office: Office, kit: Tools) -> None:
    await office.hire("ada")
    (task,) = await office.order("d1")
    (route,) = await office.plan_day()
    where = {"route_id": route.route_id, "stop_id": route.stops[0].stop_id}
    steps: list[tuple[dict[str, Any], str]] = [
        (
            {"route_started": {"route_id": route.route_id, "delivery_ids": ["d1"]}},
            "OUT_FOR_DELIVERY",
        ),
        ({"stop_arrived": where | {"delivery_ids": ["d1"], "arrival_time": stamp(6)}}, "ARRIVING"),
        (outcome(task, "d1"), "DELIVERED"),
        ({"stop_departed": where | {"departure_time": stamp(7)}}, "DELIVERED"),
        ({"route_completed": {"route_id": route.route_id}}, "DELIVERED"),
    ]

    for event, state in steps:
        await told(kit, **event)
        found = await office.delivery("d1")
        assert delivery_pb2.DeliveryState.Name(found.state) == f"DELIVERY_STATE_{state}"

    assert (await office.delivery("d1")).delivered_time == stamp(7)
    (done,) = await office.routes(route.route_plan_id)
    assert done.state == route_pb2.ROUTE_STATE_COMPLETED
    assert done.stops[0].state == route_pb2.STOP_STATE_DEPARTED


async def test_a_fact_that_comes_twice_changes_nothing(
    office: Office, kit: Tools, db: Database
) -> None:
    await office.hire("ada")
    (task,) = await office.order("d1")
    (route,) = await office.plan_day()
    where = {"route_id": route.route_id, "stop_id": route.stops[0].stop_id}
    arrived = {"stop_arrived": where | {"delivery_ids": ["d1"], "arrival_time": stamp(6)}}
    for event in (arrived, outcome(task, "d1")):
        await told(kit, **event)
    before = await office.delivery("d1"), await feed_length(db)

    for event in (arrived, outcome(task, "d1"), outcome(task, "d1", "FAILED", "REFUSED")):
        await told(kit, **event)

    assert (await office.delivery("d1"), await feed_length(db)) == before


async def test_an_end_that_comes_before_the_way_holds(office: Office, kit: Tools) -> None:
    await office.hire("ada")
    (task,) = await office.order("d1")
    (route,) = await office.plan_day()

    await told(kit, **outcome(task, "d1"))
    await told(kit, route_started={"route_id": route.route_id, "delivery_ids": ["d1"]})

    assert (await office.delivery("d1")).state == delivery_pb2.DELIVERY_STATE_DELIVERED


@pytest.mark.parametrize(
    ("reason", "state"), [("NOT_HOME", "ATTEMPT_FAILED"), ("DAMAGED", "DAMAGED")]
)
async def test_a_failure_is_told_with_its_reason(
    office: Office, kit: Tools, reason: str, state: str
) -> None:
    (task,) = await office.order("d1")

    await told(kit, **outcome(task, "d1", "FAILED", reason))

    found = await office.delivery("d1")
    assert delivery_pb2.DeliveryState.Name(found.state) == f"DELIVERY_STATE_{state}"
    assert found.state_reason == reason
    closed = await task_of(office, "d1")
    assert closed.state == task_pb2.TASK_STATE_CLOSED
    assert closed.outcome_event_id == f"event-{task}"


async def test_what_is_unknown_is_passed_over(office: Office, kit: Tools) -> None:
    await told(kit, **outcome("tsk_other", "del_other"))
    await told(kit, route_completed={"route_id": "rte_other"})
    await told(kit, stop_departed={"route_id": "rte_other", "stop_id": "stp_other"})

    assert not (await office.desk.deliveries.ListTasks(deliveries.ListTasksRequest())).tasks


async def test_a_silent_driver_is_told_of_once(
    office: Office, kit: Tools, clock: StoppedClock, db: Database
) -> None:
    await office.hire("ada")
    await office.order("d1")
    (route,) = await office.plan_day()
    await office.start("ada")
    ticks = Ticks(kit, seconds=1, acknowledge_within=timedelta(minutes=3))

    async def silences() -> int:
        await ticks.tick()
        async with db.worker() as tx:
            sql = "SELECT count(*) FROM feed WHERE type = 'revision_unacknowledged'"
            return int(await tx.fetchval(sql))

    assert await silences() == 0
    clock.advance(timedelta(minutes=3))
    assert await silences() == 1
    assert await silences() == 1
    got = await office.desk.dispatch.GetRoute(pb.GetRouteRequest(route_id=route.route_id))
    assert got.route.acknowledged_revision == 0
