"""
What stands beside the way: dispatch's wishes for incidents, comments, the weather, pages, fleets,
and what is refused.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng

from doorstep.dispatch.v1 import event_pb2
from doorstep.tracking.v1 import (
    analytics_service_pb2,
    incident_pb2,
    incident_service_pb2,
    ingest_service_pb2,
    metric_pb2,
    timeline_pb2,
    tracking_pb2,
    tracking_service_pb2,
    weather_pb2,
)
from meshkit.clock import StoppedClock
from meshkit.errors import Conflict, Denied, Invalid, MeshError, NotFound, NotReady
from meshkit.testing import TENANT, Role, TestMesh
from services.tracking.convert.wire import stamp
from services.tracking.servicer import incidents
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import (
    analytics_of,
    incidents_of,
    ingest_of,
    planned,
    reported,
    ticked,
    tracking_of,
)
from services.tracking.tests.town import NINE, at
from services.tracking.tests.wire import event, failure, heard, told

pytestmark = pytest.mark.pg


def change(minutes: float) -> event_pb2.Change:
    """A change of dispatch at a moment, to be filled in."""
    return event_pb2.Change(tenant=TENANT, event_time=stamp(at(minutes)))


def request_id() -> str:
    return str(uuid.uuid4())


async def test_dispatch_asks_for_an_incident_and_takes_it_back(desk: Desk) -> None:
    await planned(desk)
    unread, read = change(5), change(6)
    unread.revision_unacknowledged.route_id, unread.revision_unacknowledged.revision = "rte_1", 2
    read.revision_acknowledged.route_id, read.revision_acknowledged.revision = "rte_1", 2

    await heard(desk, unread, unread, read)

    opened, resolved = await told(desk, "incident_opened", "incident_resolved")
    incident = opened.incident_opened.incident
    assert incident.type == incident_pb2.INCIDENT_TYPE_REVISION_UNACKNOWLEDGED
    assert resolved.incident_resolved.incident.occurrence_count == 2, "asked for twice, opened once"


async def test_a_shift_that_ended_ends_its_route(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, event(0, "route_start", route_id="rte_1"), event(4, "delivered", 1))
    ended = change(30)
    ended.shift_ended.shift.shift_id = "shf_1"

    await heard(desk, ended)
    await ticked(desk)

    (completed,) = await told(desk, "route_completed")
    assert completed.route_completed.unattempted_count == 2
    assert completed.route_completed.end_time == stamp(at(30))


async def test_a_route_that_was_taken_back_sets_its_deliveries_free(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    back = change(5)
    back.route_withdrawn.route_id = "rte_1"

    await heard(desk, back, back)

    seen = await tracking_of(mesh).GetTracking(
        tracking_service_pb2.GetTrackingRequest(delivery_id="del_1")
    )
    assert not seen.tracking.route_id


async def test_a_watch_of_incidents_starts_with_the_open_ones(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(mesh, failure(4, 1, "NO_ACCESS"))
    watched = aiter(incidents_of(mesh).WatchIncidents(incident_service_pb2.WatchIncidentsRequest()))
    snapshot = await anext(watched)
    await reported(mesh, failure(9, 2, "DAMAGED"))
    news = await anext(watched)

    types = [[one.type for one in reply.incidents] for reply in (snapshot, news)]
    no_access, damaged = (
        incident_pb2.INCIDENT_TYPE_NO_ACCESS,
        incident_pb2.INCIDENT_TYPE_DAMAGED_PARCEL,
    )
    assert types == [[no_access], [damaged]]
    assert (snapshot.snapshot, news.snapshot) == (True, False)


async def test_a_watch_of_incidents_starts_with_all_the_open_ones_however_many(
    mesh: TestMesh, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incidents, "SNAPSHOT_MAX", 1)
    await planned(desk)
    await reported(mesh, failure(4, 1, "NO_ACCESS"), failure(9, 2, "DAMAGED"))
    watched = aiter(incidents_of(mesh).WatchIncidents(incident_service_pb2.WatchIncidentsRequest()))
    parts = [await anext(watched) for _ in range(2)]

    assert len({one.incident_id for part in parts for one in part.incidents}) == 2
    assert [(part.snapshot, bool(part.cursor)) for part in parts] == [(True, False), (True, True)]


async def test_a_comment_is_read_by_its_audience_only(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    stub, driver = tracking_of(mesh), tracking_of(mesh, Role.DRIVER)
    ask = tracking_service_pb2.GetTimelineRequest(delivery_id="del_1")
    entry = (await stub.GetTimeline(ask)).entries[0]
    for audience in ("INTERNAL", "CREW"):
        await stub.AddComment(
            tracking_service_pb2.AddCommentRequest(
                request_id=request_id(),
                entry_id=entry.entry_id,
                text=f"for {audience}",
                audience=timeline_pb2.CommentAudience.Value(f"COMMENT_AUDIENCE_{audience}"),
            )
        )

    inside = (await stub.GetTimeline(ask)).entries[0].comments
    crew = (await driver.GetTimeline(ask)).entries[0].comments
    assert [one.text for one in inside] == ["for INTERNAL", "for CREW"]
    assert [one.text for one in crew] == ["for CREW"]


async def test_snow_delays_what_is_expected(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    ask = tracking_service_pb2.BatchGetEtasRequest(route_ids=["rte_1"])
    await ticked(desk)
    fair = (await tracking_of(mesh).BatchGetEtas(ask)).etas
    report = weather_pb2.WeatherReport(
        report_id="snow-1",
        center=LatLng(latitude=60.17, longitude=24.94),
        radius_meters=20_000,
        interval=Interval(start_time=stamp(NINE), end_time=stamp(at(600))),
        condition=weather_pb2.WEATHER_CONDITION_SNOW,
        travel_time_permille=2_000,
    )
    request = tracking_service_pb2.ReportWeatherRequest(request_id=request_id(), report=report)
    await tracking_of(mesh).ReportWeather(request)
    await ticked(desk)
    snowy = (await tracking_of(mesh).BatchGetEtas(ask)).etas

    late = [
        b.arrival_p50_time.seconds - a.arrival_p50_time.seconds
        for a, b in zip(fair, snowy, strict=True)
    ]
    assert late == [120, 240, 360], "every leg takes its two minutes twice"
    listed = await tracking_of(mesh).ListWeatherReports(
        tracking_service_pb2.ListWeatherReportsRequest(hold_time=stamp(at(10)))
    )
    assert [one.report_id for one in listed.reports] == ["snow-1"]


async def test_pages_give_every_fact_once_and_refuse_another_question(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    sent = [event(n / 10, "telemetry_read", route_id="rte_1") for n in range(1, 8)]
    await reported(mesh, *sent)
    stub, found, token = tracking_of(mesh), [], ""
    while True:
        request = tracking_service_pb2.ListEventsRequest(page_size=3, page_token=token)
        reply = await stub.ListEvents(request)
        found += [one.event_id for one in reply.events]
        if not reply.next_page_token:
            break
        token = reply.next_page_token

    assert found == [one.event_id for one in sent]
    with pytest.raises(Invalid) as caught:
        await stub.ListEvents(
            tracking_service_pb2.ListEventsRequest(page_token=token, route_id="rte_1")
        )
    assert caught.value.reason == "PAGE_TOKEN_MISMATCH"


async def test_the_fleet_shows_who_is_where_and_what_it_does(
    mesh: TestMesh, desk: Desk, clock: StoppedClock
) -> None:
    await planned(desk)
    await reported(mesh, event(0, "route_start", route_id="rte_1"))
    clock.move_to(at(1))
    await ticked(desk)

    fleet = tracking_of(mesh).WatchFleet(tracking_service_pb2.WatchFleetRequest())
    (vehicle,) = (await anext(aiter(fleet))).vehicles

    assert (vehicle.vehicle_id, vehicle.next_stop_id) == ("van-1", "stp_1")
    assert vehicle.state == tracking_pb2.FLEET_STATE_EN_ROUTE
    assert vehicle.remaining_stop_count == 3


async def test_a_plan_is_compared_with_what_was_driven(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    await reported(
        mesh,
        event(0, "route_start", route_id="rte_1"),
        *(event(5 * n - 1, "delivered", n) for n in (1, 2, 3)),
        event(30, "route_end", route_id="rte_1"),
    )
    await ticked(desk)
    request = analytics_service_pb2.GetPlanAdherenceRequest(
        interval=Interval(start_time=stamp(NINE), end_time=stamp(at(600)))
    )

    (route,) = (await analytics_of(mesh).GetPlanAdherence(request)).routes

    assert (route.planned_distance_meters, route.distance_meters) == (6_672, 6_672)
    assert (route.arrived_stop_count, route.sequenced_stop_count) == (3, 3)
    assert (route.planned_seconds, route.actual_seconds) == (21 * 60, 30 * 60)


def _reversed() -> Interval:
    return Interval(start_time=stamp(at(10)), end_time=stamp(NINE))


def _year_and_more() -> Interval:
    return Interval(start_time=stamp(NINE), end_time=stamp(NINE + timedelta(days=367)))


@pytest.mark.parametrize("interval", [_reversed(), _year_and_more()])
async def test_a_wrong_interval_is_refused_with_its_reason(
    mesh: TestMesh, interval: Interval
) -> None:
    request = analytics_service_pb2.GetScorecardRequest(interval=interval)

    with pytest.raises(Invalid) as caught:
        await analytics_of(mesh).GetScorecard(request)

    assert caught.value.reason == "INTERVAL_INVALID"
    assert [one.field for one in caught.value.violations] == ["interval"]


async def test_a_dimension_that_is_not_kept_is_refused(mesh: TestMesh) -> None:
    request = analytics_service_pb2.QueryMetricsRequest(
        interval=Interval(start_time=stamp(NINE), end_time=stamp(at(10))),
        metrics=[metric_pb2.METRIC_DELIVERED],
        dimensions=[metric_pb2.DIMENSION_INCIDENT_TYPE],
    )

    with pytest.raises(Invalid) as caught:
        await analytics_of(mesh).QueryMetrics(request)

    assert caught.value.reason == "DIMENSION_UNSUPPORTED"


async def test_an_incident_that_was_changed_or_has_ended_is_not_changed_blindly(
    mesh: TestMesh, desk: Desk
) -> None:
    await planned(desk)
    await reported(mesh, failure(4, 1, "NO_ACCESS"))
    stub = incidents_of(mesh)
    (one,) = (await stub.ListIncidents(incident_service_pb2.ListIncidentsRequest())).incidents

    async def resolved(etag: str) -> Any:
        return await stub.ResolveIncident(
            incident_service_pb2.ResolveIncidentRequest(
                request_id=request_id(),
                incident_id=one.incident_id,
                etag=etag,
                resolution=incident_pb2.INCIDENT_RESOLUTION_FALSE_ALARM,
            )
        )

    with pytest.raises(Conflict) as stale:
        await resolved("7")
    dismissed = await resolved(one.etag)
    with pytest.raises(NotReady) as ended:
        await resolved(dismissed.incident.etag)

    assert (stale.value.reason, ended.value.reason) == ("ETAG_MISMATCH", "INCIDENT_ENDED")
    assert dismissed.incident.state == incident_pb2.INCIDENT_STATE_DISMISSED


async def test_a_file_with_another_hash_is_dropped(mesh: TestMesh) -> None:
    ingest, wrong = ingest_of(mesh), "0" * 64
    piece = ingest_service_pb2.UploadMediaRequest(
        sha256=wrong, data=b"abc", total_bytes=3, content_type="image/png"
    )
    ahead = ingest_service_pb2.UploadMediaRequest(
        sha256=wrong, offset=2, data=b"c", total_bytes=3, content_type="image/png"
    )

    with pytest.raises(Invalid) as mismatch:
        await ingest.UploadMedia(piece)
    with pytest.raises(MeshError) as gap:
        await ingest.UploadMedia(ahead)
    with pytest.raises(NotFound) as nothing:
        await tracking_of(mesh).ReadMedia(tracking_service_pb2.ReadMediaRequest(sha256=wrong))

    assert mismatch.value.reason == "MEDIA_HASH_MISMATCH"
    assert (gap.value.reason, gap.value.metadata["next_offset"]) == ("OFFSET_AHEAD", "0")
    assert nothing.value.reason == "MEDIA_UNKNOWN"


async def test_a_proof_of_another_drivers_task_is_refused(mesh: TestMesh, desk: Desk) -> None:
    await planned(desk)
    request = ingest_service_pb2.SubmitProofRequest(request_id=request_id())
    request.proof.proof_id, request.proof.task_id = request_id(), "tsk_1"
    request.proof.capture_time.CopyFrom(stamp(at(3)))
    request.proof.items.add(kind=7)
    other = ingest_of(mesh, Role.DRIVER, subject="driver-2", driver_id="driver-2")

    with pytest.raises(Denied) as caught:
        await other.SubmitProof(request)

    assert caught.value.reason == "TASK_NOT_YOURS"


@pytest.mark.parametrize("token", ["", "guess", "0" * 26])
async def test_a_wrong_token_shows_nothing(mesh: TestMesh, desk: Desk, token: str) -> None:
    await planned(desk)
    request = tracking_service_pb2.GetTrackingRequest(token=token, delivery_id="del_1")

    with pytest.raises(NotFound) as caught:
        await tracking_of(mesh, None).GetTracking(request)

    assert caught.value.reason == "LINK_INVALID"
