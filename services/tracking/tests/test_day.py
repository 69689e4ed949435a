"""
A working day through the contract: dispatch tells, drivers report, the feed and every view follow.

Method: a real server on a real port and store; what dispatch would tell is put in by hand, and
ticks are given by hand, so that nothing waits.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from doorstep.tracking.v1 import (
    error_reason_pb2,
    eta_pb2,
    incident_pb2,
    incident_service_pb2,
    ingest_service_pb2,
    milestone_pb2,
    tracking_event_pb2,
    tracking_pb2,
    tracking_service_pb2,
)
from meshkit.clock import StoppedClock
from meshkit.testing import TENANT, Role, TestMesh
from services.tracking.__main__ import judge
from services.tracking.convert.wire import stamp
from services.tracking.domain.progress import RunState
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import (
    incidents_of,
    ingest_of,
    names,
    planned,
    reported,
    ticked,
    tracking_of,
)
from services.tracking.tests.town import NINE, Drive, at, place, route, stop, task
from services.tracking.tests.wire import (
    batch_of,
    cancelled,
    created,
    event,
    failure,
    heard,
    published,
    revised,
    told,
)

pytestmark = pytest.mark.pg

pb = ingest_service_pb2


async def test_a_drivers_day_is_told_to_everybody(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    statuses = await reported(
        mesh,
        event(0, "route_start", route_id="rte_1"),
        event(2, "arrived", stop_id="stp_1"),
        event(4, "delivered", 1),
        event(5, "departed", stop_id="stp_1"),
        event(7, "arrived", stop_id="stp_2"),
        failure(9, 2, "NOT_HOME"),
        event(10, "departed", stop_id="stp_2"),
        event(14, "delivered", 3),
        event(21, "route_end", route_id="rte_1"),
    )
    clock.move_to(at(21))
    await ticked(desk)

    assert set(statuses) == {"RECORDED"}
    feed = names(await told(desk))
    assert feed.count("task_outcome_recorded") == 3
    assert feed.count("stop_arrived") == feed.count("stop_departed") == 3
    assert feed.count("leg_completed") == 4
    assert feed.count("route_completed") == 1
    progress = await tracking_of(mesh).GetRouteProgress(
        tracking_service_pb2.GetRouteProgressRequest(route_id="rte_1")
    )
    completed = tracking_pb2.ROUTE_PROGRESS_STATE_COMPLETED
    assert progress.progress.state == completed
    failed = await tracking_of(mesh).GetTracking(
        tracking_service_pb2.GetTrackingRequest(delivery_id="del_2")
    )
    assert failed.tracking.state == milestone_pb2.TRACKING_STATE_ATTEMPT_FAILED
    reason = tracking_event_pb2.FAILURE_REASON_NOT_HOME
    assert failed.tracking.failure_reason == reason


async def test_facts_sent_twice_are_stored_and_told_once(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    day = [event(0, "route_start", route_id="rte_1"), event(4, "delivered", 1)]

    first, again = await reported(mesh, *day), await reported(mesh, *day)

    assert (first, again) == (["RECORDED"] * 2, ["DUPLICATE"] * 2)
    assert names(await told(desk, "task_outcome_recorded")) == ["task_outcome_recorded"]
    listed = await tracking_of(mesh).ListEvents(tracking_service_pb2.ListEventsRequest())
    assert [one.event_id for one in listed.events] == [one.event_id for one in day]


async def test_another_fact_under_a_known_name_is_refused(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, event(4, "delivered", 1))
    other = failure(4, 1, "REFUSED")

    reply = await ingest_of(mesh).BatchRecordEvents(pb.BatchRecordEventsRequest(events=[other]))

    reason = error_reason_pb2.ERROR_REASON_EVENT_ID_REUSED
    assert [one.error_reason for one in reply.results] == [reason]


async def test_a_bad_fact_keeps_no_good_one_out(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    nameless = event(3, "delivered", 2)
    nameless.event_id = "x"

    statuses = await reported(
        mesh,
        nameless,
        event(4, "delivered"),
        event(5, "attempt_failed", 3),
        tracking_event_pb2.TrackingEvent(event_id=str(uuid.uuid4()), event_time=stamp(NINE)),
        event(6, "delivered", 1),
    )

    assert statuses == ["REJECTED"] * 4 + ["RECORDED"]


async def test_a_fact_waits_for_its_task_and_then_takes_effect(mesh: TestMesh, desk: Desk) -> None:
    early = await reported(mesh, event(4, "delivered", 1, route_id="rte_1"))
    assert early == ["PENDING"]
    await planned(desk)

    outcomes = await told(desk, "task_outcome_recorded")
    assert [one.task_outcome_recorded.task_id for one in outcomes] == ["tsk_1"]


async def test_a_fact_about_a_cancelled_task_is_kept_and_asks_a_person(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    await heard(desk, cancelled(1))

    assert await reported(mesh, event(4, "delivered", 1)) == ["CONTESTED"]
    (opened,) = await told(desk, "incident_opened")
    contested = incident_pb2.INCIDENT_TYPE_CONTESTED_FACT
    assert opened.incident_opened.incident.type == contested
    assert not await told(desk, "task_outcome_recorded")


async def test_a_fact_about_another_drivers_task_waits_and_is_contested_in_the_end(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    who: Any = {"subject": "driver-2", "driver_id": "driver-2"}
    assert await reported(mesh, event(4, "delivered", 1), **who) == ["PENDING"]

    overdue = judge(desk)
    overdue._grace = 0.0
    async with desk.db.worker() as tx:
        await tx.execute("UPDATE facts SET stored_at = stored_at - interval '1 minute'")
    await overdue.beat()

    (opened,) = await told(desk, "incident_opened")
    assert opened.incident_opened.incident.driver_id == "driver-2"
    assert not await told(desk, "task_outcome_recorded")


async def test_a_task_that_moved_to_another_route_is_reported_there(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    relief = route(1, route_id="rte_2", driver_id="driver-2", shift_id="shf_2")
    who: Any = {"subject": "driver-2", "driver_id": "driver-2"}
    early = await reported(mesh, event(4, "delivered", 1, route_id="rte_2"), **who)
    left = route(2, revision=2, stops=(stop(2), stop(3)))
    await heard(desk, revised(left), published(relief))

    assert early == ["PENDING"], "the news of the move had not come"
    (outcome,) = await told(desk, "task_outcome_recorded")
    assert outcome.task_outcome_recorded.route_id == "rte_2"


async def test_positions_start_the_route_and_the_driver_confirms_what_the_fence_saw(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    ingest = ingest_of(mesh)
    request_id = str(uuid.uuid4())
    device = await ingest.OpenDevice(
        pb.OpenDeviceRequest(request_id=request_id, device_id="phone-1", shift_id="shf_1")
    )
    van, epoch = Drive(), device.device.epoch
    way = [*van.stand(30), *van.to(place(1), 120), *van.stand(90)]
    clock.move_to(van.at)
    await ingest.BatchRecordPositions(batch_of("phone-1", epoch, way))
    await ticked(desk)
    assert names(await told(desk, "route_started", "stop_arrived")) == ["route_started"]

    await reported(mesh, event(4, "delivered", 1))
    onward = list(van.to(place(2), 120))
    clock.move_to(van.at)
    await ingest.BatchRecordPositions(batch_of("phone-1", epoch, onward))
    await ticked(desk)

    arrived, departed = await told(desk, "stop_arrived", "stop_departed")
    assert stamp(at(2)) != arrived.stop_arrived.arrival_time
    assert at(2) < arrived.stop_arrived.arrival_time.ToDatetime(tzinfo=NINE.tzinfo) < at(3)
    assert departed.stop_departed.source == tracking_event_pb2.EVENT_SOURCE_GEOFENCE
    await ticked(desk)
    (leg,) = await told(desk, "leg_completed")
    assert leg.leg_completed.distance_meters == pytest.approx(1_112, rel=0.05)


async def test_expectations_follow_the_vehicle_and_are_not_told_for_every_fix(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    await ticked(desk)
    first = await told(desk, "eta_changed")
    await reported(mesh, event(0, "route_start", route_id="rte_1"))
    clock.move_to(at(1))
    await ticked(desk)
    steady = await told(desk, "eta_changed")
    clock.move_to(at(30))
    await ticked(desk)

    assert len(first) == 3, "each stop's first expectation is told"
    assert {one.eta_changed.eta.basis for one in first} == {eta_pb2.ETA_BASIS_PLAN}
    assert len(steady) == len(first), "a minute on the way as planned is no news"
    assert len(await told(desk, "eta_changed")) == 6, "half an hour without progress is"
    etas = await tracking_of(mesh).BatchGetEtas(
        tracking_service_pb2.BatchGetEtasRequest(delivery_ids=["del_2"])
    )
    (eta,) = etas.etas
    assert eta.stop_id == "stp_2"
    p10, p50, p90 = (getattr(eta, f"arrival_{name}_time").seconds for name in ("p10", "p50", "p90"))
    assert p10 < p50 < p90


async def test_a_promise_in_danger_is_told_and_listed(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    clock.move_to(at(110))
    await ticked(desk)

    risks = await incidents_of(mesh).ListRisks(incident_service_pb2.ListRisksRequest())
    assert [one.delivery_id for one in risks.risks] == ["del_3", "del_2", "del_1"][
        : len(risks.risks)
    ]
    assert risks.risks[0].late_probability > 0.5
    opened = await told(desk, "incident_opened")
    types = {one.incident_opened.incident.type for one in opened}
    assert incident_pb2.INCIDENT_TYPE_LATE_RISK in types
    await reported(mesh, *(event(111 + n, "delivered", n) for n in (1, 2, 3)))
    await ticked(desk)
    resolved = await told(desk, "incident_resolved")
    assert len(resolved) == len(opened), "what was feared is over"


async def test_a_carriers_route_completes_by_its_reports_alone(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await heard(desk, created(1), created(2))
    theirs = route(
        2, driver_id="", shift_id="", carrier_id="carrier-1", end=None, legs=(), rates=None
    )
    await heard(desk, published(theirs))
    statuses = await reported(
        mesh, event(4, "delivered", 1), event(9, "delivered", 2), role=Role.CARRIER
    )
    closed = published(theirs)
    closed.route_closed.route_id = "rte_1"
    await heard(desk, closed)

    assert statuses == ["RECORDED", "RECORDED"]
    (completed,) = await told(desk, "route_completed")
    assert completed.route_completed.succeeded_count == 2
    assert completed.route_completed.carrier_id == "carrier-1"
    listed = await tracking_of(mesh, Role.CARRIER).ListEvents(
        tracking_service_pb2.ListEventsRequest()
    )
    assert len(listed.events) == 2


async def test_a_route_revised_under_way_keeps_its_progress(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, event(0, "route_start", route_id="rte_1"), event(4, "delivered", 1))
    await heard(desk, created(9))
    more = route(2, revision=2, stops=(stop(1), stop(2, task(2), task(9))))
    await heard(desk, revised(more), revised(more))
    await reported(mesh, event(9, "delivered", 9))

    async with desk.db.transaction(TENANT) as tx:
        driven = await desk.worlds(tx).routes.get("rte_1")
    assert driven is not None
    assert driven.progress.state is RunState.ACTIVE
    assert set(driven.progress.notes) == {"tsk_1", "tsk_9"}
