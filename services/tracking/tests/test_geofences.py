"""
Tenants' own geofences over a real server: kept, changed, deleted, and told of on the feed.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.latlng_pb2 import LatLng

from doorstep.tracking.v1 import geofence_pb2, ingest_service_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from meshkit.clock import StoppedClock
from meshkit.errors import AlreadyExists, Conflict, Exhausted, Invalid, NotFound
from meshkit.testing import Role, TestMesh
from services.tracking.adapters.postgres_fences import FENCES_NEAR_MAX
from services.tracking.domain.fence import Circle, Fence, around
from services.tracking.domain.geo import Point
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import ingest_of, planned, ticked, tracking_of
from services.tracking.tests.town import Drive, place
from services.tracking.tests.wire import batch_of, told
from services.tracking.usecases import geofences

pytestmark = pytest.mark.pg


def circle(name: str, at: Point, radius: int = 150, **fields: Any) -> geofence_pb2.Geofence:
    made = geofence_pb2.Geofence(geofence_id=name, **fields)
    made.circle.center.CopyFrom(LatLng(latitude=at.latitude, longitude=at.longitude))
    made.circle.radius_meters = radius
    return made


def polygon(name: str, *corners: tuple[float, float]) -> geofence_pb2.Geofence:
    made = geofence_pb2.Geofence(geofence_id=name)
    for latitude, longitude in corners:
        made.polygon.corners.add(latitude=latitude, longitude=longitude)
    return made


async def created(stub: Any, fence: geofence_pb2.Geofence) -> geofence_pb2.Geofence:
    request = pb.CreateGeofenceRequest(request_id=str(uuid.uuid4()), geofence=fence)
    made: geofence_pb2.Geofence = (await stub.CreateGeofence(request)).geofence
    return made


async def updated(
    stub: Any, fence: geofence_pb2.Geofence, etag: str, *paths: str
) -> geofence_pb2.Geofence:
    request = pb.UpdateGeofenceRequest(
        request_id=str(uuid.uuid4()), geofence=fence, etag=etag, update_mask=FieldMask(paths=paths)
    )
    made: geofence_pb2.Geofence = (await stub.UpdateGeofence(request)).geofence
    return made


async def test_a_geofence_is_kept_changed_and_forgotten(mesh: TestMesh) -> None:
    stub = tracking_of(mesh)
    made = await created(stub, circle("yard", place(1), display_name="Yard"))
    got = (await stub.GetGeofence(pb.GetGeofenceRequest(geofence_id="yard"))).geofence
    larger = await updated(stub, circle("yard", place(2), 500), made.etag, "circle")

    assert got == made
    assert made.etag == "1"
    assert (larger.circle.radius_meters, larger.display_name) == (500, "Yard")
    assert larger.etag == "2"

    with pytest.raises(Conflict) as stale:
        await updated(stub, circle("yard", place(1)), made.etag)
    assert stale.value.reason == "ETAG_MISMATCH"

    request = pb.DeleteGeofenceRequest(
        request_id=str(uuid.uuid4()), geofence_id="yard", etag=larger.etag
    )
    await stub.DeleteGeofence(request)
    await stub.DeleteGeofence(request)  # the same request: the same answer
    with pytest.raises(NotFound) as gone:
        await stub.GetGeofence(pb.GetGeofenceRequest(geofence_id="yard"))
    assert gone.value.reason == "GEOFENCE_UNKNOWN"


async def test_without_a_mask_what_is_set_is_changed(mesh: TestMesh) -> None:
    stub = tracking_of(mesh)
    made = await created(stub, circle("yard", place(1), exit_margin_meters=50))
    shape = polygon("yard", (60.0, 24.0), (60.0, 24.01), (60.01, 24.0))

    changed = await updated(stub, shape, made.etag)

    assert changed.WhichOneof("shape") == "polygon"
    assert changed.exit_margin_meters == 50


async def test_all_faults_of_a_shape_are_named_at_once(mesh: TestMesh) -> None:
    stub = tracking_of(mesh)
    with pytest.raises(Invalid) as placed:
        await created(stub, polygon("far", (91.0, 24.0), (60.0, 181.0), (60.0, 24.0)))
    with pytest.raises(Invalid) as drawn:
        await created(
            stub, polygon("tie", (60, 24), (60.1, 24.1), (60, 24.1), (60.1, 24), (60, 24))
        )
    with pytest.raises(Invalid) as bare:
        await created(stub, geofence_pb2.Geofence(geofence_id="bare"))

    assert {one.value.reason for one in (placed, drawn, bare)} == {"SHAPE_INVALID"}
    assert [one.field for one in placed.value.violations] == [
        "geofence.polygon.corners[0].latitude",
        "geofence.polygon.corners[1].longitude",
    ]
    assert [one.field for one in drawn.value.violations] == [
        "geofence.polygon.corners[4]",
        "geofence.polygon.corners",
    ]


async def test_a_field_that_cannot_be_changed_is_refused(mesh: TestMesh) -> None:
    stub = tracking_of(mesh)
    made = await created(stub, circle("yard", place(1)))

    with pytest.raises(Invalid) as caught:
        await updated(stub, circle("yard", place(1)), made.etag, "etag", "colour")

    assert len(caught.value.violations) == 2


async def test_ids_are_taken_once_and_the_number_is_bounded(
    mesh: TestMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = tracking_of(mesh)
    await created(stub, circle("yard", place(1)))
    with pytest.raises(AlreadyExists) as taken:
        await created(stub, circle("yard", place(2)))
    monkeypatch.setattr(geofences, "FENCES_MAX", 1)
    with pytest.raises(Exhausted) as full:
        await created(stub, circle("gate", place(2)))

    assert taken.value.reason == "GEOFENCE_EXISTS"
    assert full.value.reason == "GEOFENCES_EXHAUSTED"


async def test_lists_have_pages_and_tenants_see_their_own(mesh: TestMesh) -> None:
    stub = tracking_of(mesh)
    for name in ("c", "a", "b"):
        await created(stub, circle(name, place(1)))
    first = await stub.ListGeofences(pb.ListGeofencesRequest(page_size=2))
    rest = await stub.ListGeofences(
        pb.ListGeofencesRequest(page_size=2, page_token=first.next_page_token)
    )
    other = tracking_of(mesh, Role.DISPATCHER, tenant="other")
    foreign = await other.ListGeofences(pb.ListGeofencesRequest())

    assert [one.geofence_id for one in (*first.geofences, *rest.geofences)] == ["a", "b", "c"]
    assert not foreign.geofences


async def test_a_visit_is_told_on_the_feed(mesh: TestMesh, desk: Desk, clock: StoppedClock) -> None:
    await planned(desk)
    stub, ingest = tracking_of(mesh), ingest_of(mesh)
    fence = circle("yard", place(1))
    fence.dwell_duration.FromTimedelta(timedelta(minutes=2))
    await created(stub, fence)
    await created(stub, circle("elsewhere", place(9)))
    device = await ingest.OpenDevice(
        ingest_service_pb2.OpenDeviceRequest(
            request_id=str(uuid.uuid4()), device_id="phone-1", shift_id="shf_1"
        )
    )
    van = Drive()
    fixes = [*van.stand(30), *van.to(place(1), 120), *van.stand(200), *van.to(place(2), 120)]
    clock.move_to(van.at)
    for start in range(0, len(fixes), 7):  # ticks in the middle of things
        await ingest.BatchRecordPositions(
            batch_of("phone-1", device.device.epoch, fixes[start : start + 7])
        )
        await ticked(desk)

    changes = await told(desk, "geofence_passed")

    passages = [change.geofence_passed for change in changes]
    assert [geofence_pb2.GeofencePassage.Name(one.passage) for one in passages] == [
        "GEOFENCE_PASSAGE_ENTER",
        "GEOFENCE_PASSAGE_DWELL",
        "GEOFENCE_PASSAGE_EXIT",
    ]
    assert {one.geofence_id for one in passages} == {"yard"}
    assert {one.route_id for one in passages} == {"rte_1"}
    assert passages[2].stay_duration.seconds >= 200


async def test_of_too_many_geofences_none_that_a_vehicle_is_in_is_missing(desk: Desk) -> None:
    area = Circle(place(1), 100)
    box = around([place(1)])
    async with desk.db.transaction("acme") as tx:
        fences = desk.worlds(tx).fences
        for number in range(FENCES_NEAR_MAX + 2):
            await fences.add(Fence(f"f{number:03}", area))
        last = f"f{FENCES_NEAR_MAX + 1}"

        names = [one.fence_id for one in await fences.near(box, [last])]

    assert len(names) == FENCES_NEAR_MAX + 1
    assert names.count(last) == 1
