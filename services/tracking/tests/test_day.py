"""
A working day through the contract: dispatch tells, drivers report, the feed and every view follow.

Method: a real server on a real port and store; what dispatch would tell is put in by hand, and
ticks are given by hand, so that nothing waits.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta
from typing import Any

import pytest
from google.type.interval_pb2 import Interval

from doorstep.dispatch.v1 import delivery_pb2
from doorstep.tracking.v1 import (
    analytics_service_pb2,
    analytics_service_pb2_grpc,
    error_reason_pb2,
    eta_pb2,
    incident_pb2,
    incident_service_pb2,
    incident_service_pb2_grpc,
    ingest_service_pb2,
    ingest_service_pb2_grpc,
    metric_pb2,
    milestone_pb2,
    tracking_event_pb2,
    tracking_pb2,
    tracking_service_pb2,
    tracking_service_pb2_grpc,
)
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import NotFound, Unimplemented
from meshkit.testing import TENANT, Role, TestMesh
from services.tracking.__main__ import judge, ticker
from services.tracking.config import TrackingSettings
from services.tracking.convert.wire import stamp
from services.tracking.domain.progress import RunState
from services.tracking.domain.route import Window
from services.tracking.domain.words import FailureReason
from services.tracking.projections import deliveries, timeline
from services.tracking.servicer.common import Desk
from services.tracking.tests.town import NINE, Drive, at, place, route, stop, task
from services.tracking.tests.wire import (
    batch_of,
    cancelled,
    created,
    event,
    failure,
    heard,
    heard_emission,
    published,
    revised,
    told,
)
from services.tracking.usecases.recording import LATE

pytestmark = pytest.mark.pg

pb = ingest_service_pb2
Status = ingest_service_pb2.EventStatus


def ingest_of(mesh: TestMesh, role: Role = Role.DRIVER, **caller: Any) -> Any:
    return raising(ingest_service_pb2_grpc.IngestServiceStub(mesh.channel(role, **caller)))


def tracking_of(mesh: TestMesh, role: Role | None = Role.DISPATCHER, **caller: Any) -> Any:
    return raising(tracking_service_pb2_grpc.TrackingServiceStub(mesh.channel(role, **caller)))


def incidents_of(mesh: TestMesh) -> Any:
    channel = mesh.channel(Role.DISPATCHER)
    return raising(incident_service_pb2_grpc.IncidentServiceStub(channel))


def analytics_of(mesh: TestMesh) -> Any:
    channel = mesh.channel(Role.DISPATCHER)
    return raising(analytics_service_pb2_grpc.AnalyticsServiceStub(channel))


async def reported(mesh: TestMesh, *events: Any, role: Role = Role.DRIVER, **who: Any) -> list[str]:
    """What became of facts, by name."""
    request = pb.BatchRecordEventsRequest(events=events)
    reply = await ingest_of(mesh, role, **who).BatchRecordEvents(request)
    return [Status.Name(one.status).removeprefix("EVENT_STATUS_") for one in reply.results]


async def ticked(desk: Desk) -> None:
    """One tick of every route."""
    await ticker(desk, TrackingSettings(tick_seconds=0.000001)).beat()


def names(changes: list[Any]) -> list[str]:
    """What the feed tells, in order."""
    return [str(change.WhichOneof("event")) for change in changes]


async def planned(desk: Desk, count: int = 3) -> None:
    """Deliveries and their route, as dispatch tells of them."""
    await heard(desk, *(created(number) for number in range(1, count + 1)))
    await heard(desk, published(route(count)))


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


async def test_the_scorecard_counts_events_and_nothing_else(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    await heard(desk, created(4))
    await reported(
        mesh,
        event(0, "route_start", route_id="rte_1"),
        event(4, "delivered", 1),
        failure(9, 2, "NOT_HOME"),
        event(130, "delivered", 3),
        event(150, "route_end", route_id="rte_1"),
    )
    await ticked(desk)
    for rank in range(1, 5):
        await heard_emission(desk, f"rte_1.{rank}", 1_000_000, at(100))

    day = Interval(start_time=stamp(NINE), end_time=stamp(NINE + timedelta(hours=12)))
    request = analytics_service_pb2.GetScorecardRequest(interval=day)
    card = (await analytics_of(mesh).GetScorecard(request)).scorecard

    counts = (card.delivery_count, card.delivered_count, card.failed_count, card.unserved_count)
    assert counts == (4, 2, 1, 1)
    assert (card.on_time_count, card.promised_count) == (1, 2)
    assert (card.first_attempt_success_count, card.attempted_count) == (2, 3)
    kilometers = 6 * 1_112 / 1_000
    assert card.cost.distance_micros == pytest.approx(kilometers * 200_000, abs=2)
    assert card.cost.time_micros == 75_000_000, "two and a half hours at 30"
    assert card.cost_per_drop_micros == round(card.cost.total_micros / 2)
    assert card.co2e_milligrams_per_drop == 2_000_000
    assert card.co2e_milligrams_per_kilogram == 1_000_000
    assert card.unaccounted_leg_count == 0
    assert (card.distance_meters, card.planned_distance_meters) == (6_672, 6_672)
    assert list(card.notes) == ["co2e: factors of another country, flagged DEFAULT"]


async def test_metrics_split_without_losing_anything(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    await reported(
        mesh, event(4, "delivered", 1), failure(9, 2, "NOT_HOME"), failure(14, 3, "NO_ACCESS")
    )
    day = Interval(start_time=stamp(NINE), end_time=stamp(NINE + timedelta(hours=12)))
    request = analytics_service_pb2.QueryMetricsRequest(
        interval=day,
        metrics=[metric_pb2.METRIC_FAILED_ATTEMPTS],
        dimensions=[metric_pb2.DIMENSION_FAILURE_REASON],
    )

    points = (await analytics_of(mesh).QueryMetrics(request)).points

    values = {point.dimensions[0].value: point.numerator for point in points}
    assert values == {FailureReason.NOT_HOME: 1, FailureReason.NO_ACCESS: 1}


async def test_a_replay_of_the_journal_gives_the_same_read_models(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    await heard(desk, cancelled(3), revised(route(2, revision=2)))
    await reported(
        mesh,
        event(0, "route_start", route_id="rte_1"),
        event(4, "delivered", 1),
        failure(9, 2, "NOT_HOME"),
    )
    clock.move_to(at(12))
    await ticked(desk)

    async with desk.db.transaction(TENANT) as tx:
        world = desk.worlds(tx)
        journal = await world.journal.read(_always())
        kept = await world.deliveries.get(["del_1", "del_2", "del_3"])
        shown = {
            entry.entry_id: entry for name in kept for entry in await world.timeline.of(name, 1_000)
        }
    assert deliveries.replayed(event for event, _ in journal) == kept
    assert timeline.replayed(journal, LATE) == shown


def _always() -> Window:
    return Window(NINE - timedelta(days=400), NINE + timedelta(days=400))


async def test_a_link_shows_one_delivery_as_far_as_its_rules_allow(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    made = await tracking_of(mesh).CreateTrackingLink(
        tracking_service_pb2.CreateTrackingLinkRequest(
            request_id=str(uuid.uuid4()), delivery_id="del_3"
        )
    )
    anybody = tracking_of(mesh, None)
    request = tracking_service_pb2.GetTrackingRequest(token=made.token, delivery_id="del_1")
    ingest = ingest_of(mesh)
    device = await ingest.OpenDevice(
        pb.OpenDeviceRequest(request_id=str(uuid.uuid4()), device_id="phone-1", shift_id="shf_1")
    )
    van = Drive()
    far = [*van.stand(30), *van.to(place(1), 120)]
    clock.move_to(van.at)
    await ingest.BatchRecordPositions(batch_of("phone-1", device.device.epoch, far))
    await ticked(desk)
    before = (await anybody.GetTracking(request)).tracking

    assert before.delivery_id == "del_3", "the token decides"
    assert before.HasField("vehicle_position"), "the third stop: three remain"
    assert before.HasField("eta")
    assert not before.encoded_polyline, "shown when it is next"
    assert not before.route_id + before.stop_id + before.task_id + before.eta.stop_id
    assert not before.HasField("risk")
    await reported(mesh, event(4, "delivered", 3))
    after = (await anybody.GetTracking(request)).tracking
    assert after.state == milestone_pb2.TRACKING_STATE_DELIVERED
    assert not after.HasField("vehicle_position"), "nobody is followed home"

    await tracking_of(mesh).RevokeTrackingLink(
        tracking_service_pb2.RevokeTrackingLinkRequest(
            request_id=str(uuid.uuid4()), link_id=made.link.link_id
        )
    )
    with pytest.raises(NotFound) as caught:
        await anybody.GetTracking(request)
    assert caught.value.reason == "LINK_INVALID"


async def test_a_watch_shows_first_everything_then_changes_and_ends_with_the_delivery(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    request = tracking_service_pb2.WatchTrackingRequest(delivery_id="del_1")
    seen: list[Any] = []
    async for reply in tracking_of(mesh).WatchTracking(request):
        seen.append(reply)
        if len(seen) == 1:
            await reported(mesh, event(4, "delivered", 1))

    assert seen[0].WhichOneof("content") == "snapshot"
    assert seen[-1].WhichOneof("content") == "update"
    assert seen[-1].ended
    assert seen[-1].update.state == milestone_pb2.TRACKING_STATE_DELIVERED


async def test_an_incident_is_taken_up_once_and_ended_once(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    stub = incidents_of(mesh)
    await reported(mesh, failure(9, 2, "WRONG_ADDRESS"))
    (incident,) = (await stub.ListIncidents(incident_service_pb2.ListIncidentsRequest())).incidents
    taken = await stub.AcknowledgeIncident(
        incident_service_pb2.AcknowledgeIncidentRequest(
            request_id=str(uuid.uuid4()), incident_id=incident.incident_id, etag=incident.etag
        )
    )
    ended = await stub.ResolveIncident(
        incident_service_pb2.ResolveIncidentRequest(
            request_id=str(uuid.uuid4()),
            incident_id=incident.incident_id,
            etag=taken.incident.etag,
            resolution=incident_pb2.INCIDENT_RESOLUTION_CORRECTED,
        )
    )

    assert incident.type == incident_pb2.INCIDENT_TYPE_WRONG_ADDRESS
    assert ended.incident.state == incident_pb2.INCIDENT_STATE_RESOLVED
    feed = await told(desk, "incident_opened", "incident_acknowledged", "incident_resolved")
    assert names(feed) == ["incident_opened", "incident_acknowledged", "incident_resolved"]


async def test_a_breakdown_is_an_incident_until_it_is_over(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    broken = event(6, "trouble_reported", route_id="rte_1")
    broken.trouble_reported.kind = tracking_event_pb2.TROUBLE_KIND_BREAKDOWN
    over = event(40, "trouble_reported", route_id="rte_1")
    over.trouble_reported.kind = tracking_event_pb2.TROUBLE_KIND_OVER

    await reported(mesh, broken, over)

    opened, resolved = await told(desk, "incident_opened", "incident_resolved")
    incident = opened.incident_opened.incident
    assert incident.type == incident_pb2.INCIDENT_TYPE_VEHICLE_BREAKDOWN
    assert incident.severity == incident_pb2.INCIDENT_SEVERITY_CRITICAL
    assert resolved.incident_resolved.incident.incident_id == incident.incident_id


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


async def test_a_carrier_sees_nothing_of_others(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, event(4, "delivered", 1))
    carrier = tracking_of(mesh, Role.CARRIER)

    with pytest.raises(NotFound) as delivery:
        await carrier.GetTracking(tracking_service_pb2.GetTrackingRequest(delivery_id="del_1"))
    with pytest.raises(NotFound) as nothing:
        await carrier.GetTracking(tracking_service_pb2.GetTrackingRequest(delivery_id="del_x"))
    with pytest.raises(NotFound):
        await carrier.GetRouteProgress(
            tracking_service_pb2.GetRouteProgressRequest(route_id="rte_1")
        )

    assert delivery.value.reason == nothing.value.reason == "DELIVERY_UNKNOWN"
    assert not (await carrier.ListEvents(tracking_service_pb2.ListEventsRequest())).events


async def test_another_tenant_sees_nothing(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    stranger = tracking_of(mesh, Role.DISPATCHER, tenant="other")

    with pytest.raises(NotFound):
        await stranger.GetTracking(tracking_service_pb2.GetTrackingRequest(delivery_id="del_1"))


async def test_what_is_not_served_says_so(mesh: TestMesh) -> None:
    with pytest.raises(Unimplemented) as caught:
        await tracking_of(mesh).ListGeofences(tracking_service_pb2.ListGeofencesRequest())

    assert caught.value.reason == "RPC_PENDING"


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


async def test_a_proof_waits_for_its_photo_and_is_accepted_with_it(
    mesh: TestMesh, desk: Desk
) -> None:
    photo = delivery_pb2.VerificationRequirement(kind=delivery_pb2.VERIFICATION_KIND_PHOTO)
    await heard(desk, created(1, verification_requirements=[photo]), published(route(1)))
    content = bytes(range(256)) * 9_000
    sha = _sha(content)
    request = pb.SubmitProofRequest(request_id=str(uuid.uuid4()))
    request.proof.proof_id, request.proof.task_id = str(uuid.uuid4()), "tsk_1"
    request.proof.capture_time.CopyFrom(stamp(at(3)))
    request.proof.items.add(kind=1, media_sha256=sha)
    ingest = ingest_of(mesh)
    submitted = await ingest.SubmitProof(request)
    again = await ingest.SubmitProof(request)
    await _uploaded(ingest, sha, content)

    assert submitted == again
    pending, accepted = 1, 2
    assert submitted.proof.state == pending
    proofs = await tracking_of(mesh).ListProofs(
        tracking_service_pb2.ListProofsRequest(task_id="tsk_1")
    )
    assert [one.state for one in proofs.proofs] == [accepted]
    assert names(await told(desk, "proof_accepted")) == ["proof_accepted"]
    assert names(await told(desk, "stop_arrived")) == ["stop_arrived"], "a proof confirms"
    read = await tracking_of(mesh).ReadMedia(
        tracking_service_pb2.ReadMediaRequest(sha256=sha, offset=1_000_000)
    )
    assert read.data == content[1_000_000 : 1_000_000 + (1 << 20)]


async def test_a_proof_without_what_was_asked_is_insufficient(mesh: TestMesh, desk: Desk) -> None:
    signed = delivery_pb2.VerificationRequirement(kind=delivery_pb2.VERIFICATION_KIND_SIGNATURE)
    await heard(desk, created(1, verification_requirements=[signed]), published(route(1)))
    request = pb.SubmitProofRequest(request_id=str(uuid.uuid4()))
    request.proof.proof_id, request.proof.task_id = str(uuid.uuid4()), "tsk_1"
    request.proof.capture_time.CopyFrom(stamp(at(3)))
    request.proof.items.add(kind=3, code="B1")

    proof = (await ingest_of(mesh).SubmitProof(request)).proof

    insufficient, signature = 3, 2
    assert (proof.state, list(proof.missing_kinds)) == (insufficient, [signature])
    (opened,) = await told(desk, "incident_opened")
    assert opened.incident_opened.incident.task_id == "tsk_1"


async def _uploaded(ingest: Any, sha: str, content: bytes) -> None:
    """A file in pieces, one of them twice, as a phone on a bad line sends it."""
    offset = 0
    while offset < len(content):
        piece = pb.UploadMediaRequest(
            sha256=sha,
            offset=offset,
            data=content[offset : offset + (1 << 20)],
            total_bytes=len(content),
            content_type="image/jpeg",
        )
        await ingest.UploadMedia(piece)
        offset = (await ingest.UploadMedia(piece)).next_offset


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
