"""
Curbs across the wire: created, changed, found.

Method: a real server on a real port over the embedded PostgreSQL; bays lie in a row to the north of
the place from which is searched.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.latlng_pb2 import LatLng

from doorstep.compliance.v1 import curb_pb2
from doorstep.compliance.v1 import zone_service_pb2 as pb
from doorstep.compliance.v1 import zone_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.errors import AlreadyExists, Conflict, Invalid, NotFound
from meshkit.postgres import Database
from meshkit.testing import Role, TestMesh
from services.compliance.convert.moments import moment_to_proto
from services.compliance.tests.places import at
from services.compliance.tests.street_wire import MIDDLE, bay, create_curb, find
from services.compliance.tests.wire import polygon, request_id

pytestmark = pytest.mark.pg


@pytest.fixture
def zones(mesh: TestMesh) -> Any:
    return raising(pb_grpc.ZoneServiceStub(mesh.channel(Role.PLATFORM)))


@pytest.fixture
def strangers(mesh: TestMesh) -> Any:
    return raising(pb_grpc.ZoneServiceStub(mesh.channel(Role.PLATFORM, tenant="other")))


def update(zone: curb_pb2.CurbZone, *paths: str, etag: str = "1") -> pb.UpdateCurbZoneRequest:
    mask = FieldMask(paths=paths)
    return pb.UpdateCurbZoneRequest(
        request_id=request_id(), curb_zone=zone, update_mask=mask, etag=etag
    )


async def test_a_created_stretch_is_answered_as_it_was_written(zones: Any) -> None:
    made = (await zones.CreateCurbZone(create_curb(bay()))).curb_zone
    again = (await zones.GetCurbZone(pb.GetCurbZoneRequest(curb_zone_id="bay"))).curb_zone

    assert again == made
    assert (made.etag, made.policies) == ("1", bay().policies)
    assert made.area == bay().area


async def test_a_repeated_request_gives_the_same_answer_and_one_stretch(zones: Any) -> None:
    request = create_curb(bay())
    first, second = await zones.CreateCurbZone(request), await zones.CreateCurbZone(request)
    listed = (await zones.ListCurbZones(pb.ListCurbZonesRequest())).curb_zones

    assert first == second
    assert len(listed) == 1


async def test_an_id_is_given_once_and_per_tenant(zones: Any, strangers: Any) -> None:
    await zones.CreateCurbZone(create_curb(bay()))
    with pytest.raises(AlreadyExists) as caught:
        await zones.CreateCurbZone(create_curb(bay()))

    assert caught.value.reason == "CURB_ZONE_EXISTS"
    await strangers.CreateCurbZone(create_curb(bay()))
    assert not (await strangers.ListCurbZones(pb.ListCurbZonesRequest())).next_page_token


async def test_stretches_are_listed_page_by_page_in_the_order_of_ids(zones: Any) -> None:
    for name in ("c", "a", "b"):
        await zones.CreateCurbZone(create_curb(bay(name)))
    request, found = pb.ListCurbZonesRequest(page_size=2), []
    while True:
        page = await zones.ListCurbZones(request)
        found += [zone.curb_zone_id for zone in page.curb_zones]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token

    assert found == ["a", "b", "c"]


async def test_a_change_keeps_what_was_and_needs_the_present_etag(zones: Any, db: Database) -> None:
    await zones.CreateCurbZone(create_curb(bay()))
    renamed = bay("bay", 9, "elsewhere")
    renamed.title = "Corner"
    changed = (await zones.UpdateCurbZone(update(renamed, "title"))).curb_zone
    with pytest.raises(Conflict) as caught:
        await zones.UpdateCurbZone(update(renamed, "title"))

    assert (changed.title, changed.etag, changed.policies) == ("Corner", "2", bay().policies)
    assert caught.value.reason == "ETAG_STALE"
    async with db.transaction("acme") as tx:
        kept = await tx.fetch("SELECT revision, replaced FROM curb_zones ORDER BY revision")
    assert [tuple(row) for row in kept] == [(1, True), (2, False)]


async def test_of_two_changes_of_one_revision_one_is_refused(zones: Any) -> None:
    await zones.CreateCurbZone(create_curb(bay()))
    asked = [zones.UpdateCurbZone(update(bay("bay", north))) for north in (1, 2)]
    done = await asyncio.gather(*asked, return_exceptions=True)

    assert sorted(type(one) is Conflict for one in done) == [False, True]


async def test_who_does_not_exist_cannot_be_read_nor_changed(zones: Any, strangers: Any) -> None:
    await strangers.CreateCurbZone(create_curb(bay()))
    for call in (
        zones.GetCurbZone(pb.GetCurbZoneRequest(curb_zone_id="bay")),
        zones.UpdateCurbZone(update(bay())),
    ):
        with pytest.raises(NotFound) as caught:
            await call
        assert caught.value.reason == "CURB_ZONE_UNKNOWN"


async def test_all_faults_of_a_stretch_are_told_at_once_and_where(zones: Any) -> None:
    zone = bay()
    zone.time_zone = "Mars/Crater"
    corners = list(zone.area.outer.points)
    zone.area.outer.ClearField("points")
    zone.area.outer.points.extend([corners[0], corners[2], corners[1], corners[3]])
    zone.policies[0].rules[0].max_stay.seconds = -1
    zone.holidays.add(year=2026, month=2, day=30)
    with pytest.raises(Invalid) as caught:
        await zones.CreateCurbZone(create_curb(zone))

    found = {(v.field.split("[")[0], v.reason) for v in caught.value.violations}
    assert found >= {
        ("curb_zone.time_zone", "TIME_ZONE_UNKNOWN"),
        ("curb_zone.policies", "FIELD_INVALID"),
        ("curb_zone.holidays", "FIELD_INVALID"),
    }
    assert any(v.reason == "GEOMETRY_INVALID" for v in caught.value.violations)


@pytest.mark.parametrize("priority", [1, 2])
async def test_policies_of_one_priority_that_contradict_each_other_are_refused(
    zones: Any, priority: int
) -> None:
    zone = bay()
    rule = curb_pb2.CurbRule(activity=curb_pb2.CURB_ACTIVITY_NO_STOPPING, user_classes=["van"])
    zone.policies.add(policy_id="closed", priority=priority, rules=[rule])
    if priority == 2:
        assert (await zones.CreateCurbZone(create_curb(zone))).curb_zone.policies == zone.policies
        return
    with pytest.raises(Invalid) as caught:
        await zones.CreateCurbZone(create_curb(zone))
    assert [violation.field for violation in caught.value.violations] == ["curb_zone.policies"]


async def test_the_nearest_come_first_with_their_distance_to_the_edge(zones: Any) -> None:
    for name, north in (("far", 5), ("near", 2), ("here", 0), ("away", 50)):
        await zones.CreateCurbZone(create_curb(bay(name, north)))
    findings = (await zones.FindCurbZones(find())).findings

    told = [(found.curb_zone.curb_zone_id, found.distance_meters) for found in findings]
    # a thousandth of a degree of the meridian is 111.41 m at 60 degrees north
    assert told == [("here", 0), ("near", 223), ("far", 558)]
    assert all(found.allowed and found.policy_id == "loading" for found in findings)


async def test_what_is_found_comes_page_by_page(zones: Any) -> None:
    for north in range(5):
        await zones.CreateCurbZone(create_curb(bay(f"bay{north}", north)))
    request, found = find(), []
    request.page_size = 2
    while True:
        page = await zones.FindCurbZones(request)
        found += [one.curb_zone.curb_zone_id for one in page.findings]
        if not page.next_page_token:
            break
        request.page_token = page.next_page_token

    assert found == [f"bay{north}" for north in range(5)]


@pytest.mark.parametrize(
    ("start", "count", "explanation"),
    [
        ("2026-05-12 09:00", 20, ""),
        ("2026-05-12 09:00", 21, "Loading is allowed for 20 min, until 12:20."),
        ("2026-05-12 15:50", 15, "The vehicle must leave by 19:00."),
        ("2026-05-12 17:00", 5, "Loading is not allowed at 20:00."),
        ("2026-05-17 09:00", 5, "Loading is not allowed at 12:00."),  # a Sunday
    ],
)
async def test_each_finding_says_in_a_sentence_why_not(
    zones: Any, start: str, count: int, explanation: str
) -> None:
    await zones.CreateCurbZone(create_curb(bay()))
    (found,) = (await zones.FindCurbZones(find(start, count))).findings

    assert (found.allowed, found.explanation) == (not explanation, explanation)


async def test_only_members_of_all_user_classes_may(zones: Any) -> None:
    await zones.CreateCurbZone(create_curb(bay("bay", 0, "van", "electric")))
    (found,) = (await zones.FindCurbZones(find())).findings

    assert (found.allowed, found.explanation) == (False, "Loading is for electric and van only.")


async def test_a_vehicle_that_left_a_moment_ago_may_not_return_there(zones: Any) -> None:
    for name, north in (("one", 0), ("two", 1)):
        await zones.CreateCurbZone(create_curb(bay(name, north)))
    request = find()
    left = moment_to_proto(at("2026-05-12 08:30"))
    request.departures.add(curb_zone_id="one", depart_time=left)
    found = (await zones.FindCurbZones(request)).findings

    assert [one.allowed for one in found] == [False, True]
    assert found[0].explanation == "The vehicle may return from 12:30 on."


async def test_a_change_holds_for_the_very_next_search(zones: Any) -> None:
    await zones.CreateCurbZone(create_curb(bay()))
    await zones.FindCurbZones(find())
    moved = bay("bay", 3)
    moved.policies[0].rules[0].user_classes.append("electric")
    await zones.UpdateCurbZone(update(moved))
    (found,) = (await zones.FindCurbZones(find())).findings

    assert (found.distance_meters, found.allowed) == (335, False)


async def test_a_search_sees_the_stretches_of_its_tenant_only(zones: Any, strangers: Any) -> None:
    await strangers.CreateCurbZone(create_curb(bay()))

    assert not (await zones.FindCurbZones(find())).findings
    assert len((await strangers.FindCurbZones(find())).findings) == 1


async def test_a_bad_search_is_told_all_that_is_wrong(zones: Any) -> None:
    request = find(count=60 * 24 * 32)
    request.activity = curb_pb2.CURB_ACTIVITY_NO_LOADING
    request.point.CopyFrom(LatLng(latitude=0, longitude=0))
    for _ in range(2):
        request.departures.add(curb_zone_id="bay", depart_time=request.interval.start_time)
    with pytest.raises(Invalid) as caught:
        await zones.FindCurbZones(request)

    found = {(violation.field, violation.reason) for violation in caught.value.violations}
    assert found == {
        ("point", "GEOMETRY_INVALID"),
        ("activity", "FIELD_INVALID"),
        ("interval", "INTERVAL_INVALID"),
        ("departures[1]", "ID_REPEATED"),
    }


@pytest.mark.parametrize("year", [1, 1899, 2201, 9999])
async def test_a_stay_far_from_all_calendars_is_refused(zones: Any, year: int) -> None:
    request = find(f"{year:04}-12-31 23:00", 10)
    with pytest.raises(Invalid) as caught:
        await zones.FindCurbZones(request)

    assert [violation.field for violation in caught.value.violations] == ["interval"]


async def test_a_page_token_of_another_search_is_refused(zones: Any) -> None:
    for north in range(2):
        await zones.CreateCurbZone(create_curb(bay(f"bay{north}", north)))
    request = find()
    request.page_size = 1
    request.page_token = (await zones.FindCurbZones(request)).next_page_token
    request.radius_meters = 5
    with pytest.raises(Invalid):
        await zones.FindCurbZones(request)


async def test_a_stretch_around_the_place_is_no_distance_away(zones: Any) -> None:
    zone = bay()
    zone.area.CopyFrom(polygon(59.99, 24.99, 0.02))
    await zones.CreateCurbZone(create_curb(zone))
    request = find(radius=1)
    request.point.CopyFrom(MIDDLE)
    (found,) = (await zones.FindCurbZones(request)).findings

    assert found.distance_meters == 0
