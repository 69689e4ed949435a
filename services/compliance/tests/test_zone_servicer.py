"""
ZoneService on a real port over a real store.

Method: a caller's requests; every change must make a version, and nothing may be overwritten.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.interval_pb2 import Interval

from doorstep.compliance.v1 import check_service_pb2_grpc as check_grpc
from doorstep.compliance.v1 import closure_pb2, decision_pb2, zone_pb2
from doorstep.compliance.v1 import zone_service_pb2 as pb
from doorstep.compliance.v1 import zone_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import (
    AlreadyExists,
    Conflict,
    Denied,
    Invalid,
    NotFound,
    NotReady,
)
from meshkit.testing import Role, TestMesh
from services.compliance.convert.moments import moment_to_proto
from services.compliance.tests import wire
from services.compliance.tests.places import at

pytestmark = pytest.mark.pg


@pytest.fixture
def zones(mesh: TestMesh) -> Any:
    return raising(pb_grpc.ZoneServiceStub(mesh.channel(Role.DISPATCHER)))


@pytest.fixture
def checks(mesh: TestMesh) -> Any:
    return raising(check_grpc.CheckServiceStub(mesh.channel(Role.DISPATCHER)))


def update(zone: zone_pb2.Zone, *paths: str, etag: str = "1") -> pb.UpdateZoneRequest:
    return pb.UpdateZoneRequest(
        request_id=wire.request_id(), zone=zone, update_mask=FieldMask(paths=paths), etag=etag
    )


async def test_a_zone_comes_back_as_it_was_created(zones: Any) -> None:
    created = (await zones.CreateZone(wire.create(wire.diesel_ban()))).zone
    found = (await zones.GetZone(pb.GetZoneRequest(zone_id="centre"))).zone

    assert found == created
    assert found.rules[0] == wire.diesel_ban()
    assert (found.version, found.etag, found.state) == (1, "1", zone_pb2.ZONE_STATE_ACTIVE)
    assert found.rule_set_id.startswith("rls_")


async def test_the_same_request_makes_one_zone(zones: Any) -> None:
    request = wire.create(wire.diesel_ban())
    first, again = await zones.CreateZone(request), await zones.CreateZone(request)

    assert first == again
    with pytest.raises(AlreadyExists) as caught:
        await zones.CreateZone(wire.create())
    assert caught.value.reason == "ZONE_EXISTS"


async def test_every_change_is_a_version_and_nothing_is_overwritten(
    zones: Any, clock: StoppedClock
) -> None:
    await zones.CreateZone(wire.create(wire.diesel_ban()))
    clock.advance(timedelta(hours=1))
    changed = (await zones.UpdateZone(update(wire.zone(wire.day_fee()), "rules"))).zone
    versions = (await zones.ListRuleSets(pb.ListRuleSetsRequest(zone_id="centre"))).rule_sets

    assert changed.version == 2
    assert changed.effective_interval.start_time == moment_to_proto(clock.now())
    assert [rule_set.zone.rules[0].rule_id for rule_set in versions] == ["fee", "ban"]
    oldest = await zones.GetRuleSet(pb.GetRuleSetRequest(rule_set_id=versions[1].rule_set_id))
    assert oldest.rule_set == versions[1]


async def test_a_mask_changes_what_it_names_and_nothing_else(zones: Any) -> None:
    created = (await zones.CreateZone(wire.create(wire.diesel_ban()))).zone
    changed = (
        await zones.UpdateZone(
            update(
                zone_pb2.Zone(
                    zone_id="centre",
                    title="New",
                    kind=created.kind,
                    time_zone=created.time_zone,
                    areas=created.areas,
                ),
                "title",
            )
        )
    ).zone

    assert changed.title == "New"
    assert changed.rules == created.rules


async def test_a_stale_etag_changes_nothing(zones: Any) -> None:
    await zones.CreateZone(wire.create())
    await zones.UpdateZone(update(wire.zone(wire.day_fee())))

    with pytest.raises(Conflict) as caught:
        await zones.UpdateZone(update(wire.zone()))
    assert caught.value.reason == "ETAG_STALE"
    assert (await zones.GetZone(pb.GetZoneRequest(zone_id="centre"))).zone.version == 2


async def test_a_change_cannot_begin_before_one_that_holds(zones: Any) -> None:
    await zones.CreateZone(wire.create())
    await zones.UpdateZone(update(wire.zone(wire.day_fee())))
    early = update(wire.zone(), etag="2")
    early.effective_start_time.CopyFrom(moment_to_proto(at("2026-05-12 08:59")))

    with pytest.raises(NotReady) as caught:
        await zones.UpdateZone(early)
    assert caught.value.reason == "EFFECTIVE_TIME_PAST"


async def test_every_fault_of_a_zone_is_told_at_once(zones: Any) -> None:
    bad = wire.zone(wire.diesel_ban(), wire.day_fee())
    bad.rules[0].filter.euro_class.min, bad.rules[0].filter.euro_class.max = 6, 5
    points = bad.areas[0].outer.points
    crossed = [points[0], points[2], points[1], points[3]]
    bad.areas.add().outer.points.extend(points[:2])
    del points[:]
    points.extend(crossed)
    bad.areas[1].outer.points.append(points[0])

    with pytest.raises(Invalid) as caught:
        await zones.CreateZone(pb.CreateZoneRequest(request_id=wire.request_id(), zone=bad))
    assert {violation.field for violation in caught.value.violations} == {
        "zone.areas[0].outer",
        "zone.areas[1].outer",
        "zone.rules[0].filter.euro_class",
    }


async def test_rules_that_contradict_are_refused_wherever_they_are_written(zones: Any) -> None:
    never = wire.diesel_ban()
    never.filter.excluded_fuels.append(never.filter.fuels[0])
    await zones.CreateZone(wire.create(wire.day_fee()))
    dearer = wire.day_fee(7_000_000)
    dearer.charge.currency_code, dearer.charge.daily_cap_micros = "SEK", 9_000_000
    dearer.rule_id = "crowns"
    attempts = (
        zones.CreateZone(wire.create(never, zone_id="other")),
        zones.UpdateZone(update(wire.zone(never), "rules")),
        zones.CreateAccessRule(rule_request(pb.CreateAccessRuleRequest, dearer)),
    )

    fields = []
    for attempt in attempts:
        with pytest.raises(Invalid) as caught:
            await attempt
        assert caught.value.reason == "RULES_CONTRADICT"
        fields.append(caught.value.violations[0].field)
    assert fields == [
        "zone.rules[0].filter.excluded_fuels",
        "zone.rules[0].filter.excluded_fuels",
        "zone.rules[1].charge.currency_code",
    ]
    assert (await zones.GetZone(pb.GetZoneRequest(zone_id="centre"))).zone.version == 1


def rule_request(kind: Any, rule: Any) -> Any:
    return kind(request_id=wire.request_id(), zone_id="centre", etag="1", access_rule=rule)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("time_zone", "Europe/Atlantis", "TIME_ZONE_UNKNOWN"),
        ("title", "", "FIELD_INVALID"),
        ("zone_id", "Centre!", "FIELD_INVALID"),
    ],
)
async def test_a_bad_field_is_refused_by_its_reason(
    zones: Any, field: str, value: str, reason: str
) -> None:
    request = wire.create()
    setattr(request.zone, field, value)

    with pytest.raises(Invalid) as caught:
        await zones.CreateZone(request)
    assert caught.value.reason == reason


async def test_a_moment_beyond_the_calendar_is_refused(zones: Any) -> None:
    request = wire.create()
    request.effective_start_time.seconds = 10**15

    with pytest.raises(Invalid) as caught:
        await zones.CreateZone(request)
    assert [v.field for v in caught.value.violations] == ["effective_start_time"]


async def test_a_polygon_that_crosses_itself_is_refused_with_the_place(zones: Any) -> None:
    request = wire.create()
    points = request.zone.areas[0].outer.points
    first, second = list(points[:2]), list(points[2:])
    del points[:]
    points.extend([first[0], second[0], first[1], second[1]])

    with pytest.raises(Invalid) as caught:
        await zones.CreateZone(request)
    assert caught.value.reason == "GEOMETRY_INVALID"
    assert "Self-intersection" in str(caught.value)


async def test_zones_are_listed_page_by_page(zones: Any) -> None:
    for name in ("c", "a", "b"):
        await zones.CreateZone(wire.create(zone_id=name))
    first = await zones.ListZones(pb.ListZonesRequest(page_size=2))
    rest = await zones.ListZones(pb.ListZonesRequest(page_size=2, page_token=first.next_page_token))

    assert [zone.zone_id for zone in first.zones] == ["a", "b"]
    assert [zone.zone_id for zone in rest.zones] == ["c"]
    assert rest.next_page_token == ""


async def test_zones_are_listed_by_what_touches_a_box(zones: Any) -> None:
    await zones.CreateZone(wire.create())
    inside = zone_pb2.Box(
        south_degrees=60, west_degrees=25, north_degrees=60.01, east_degrees=25.01
    )
    outside = zone_pb2.Box(south_degrees=10, west_degrees=10, north_degrees=11, east_degrees=11)

    assert len((await zones.ListZones(pb.ListZonesRequest(box=inside))).zones) == 1
    assert len((await zones.ListZones(pb.ListZonesRequest(box=outside))).zones) == 0


async def test_rules_are_added_and_changed_one_by_one(zones: Any) -> None:
    await zones.CreateZone(wire.create(wire.diesel_ban()))
    added = await zones.CreateAccessRule(
        pb.CreateAccessRuleRequest(
            request_id=wire.request_id(), zone_id="centre", access_rule=wire.day_fee(), etag="1"
        )
    )
    changed = await zones.UpdateAccessRule(
        pb.UpdateAccessRuleRequest(
            request_id=wire.request_id(),
            zone_id="centre",
            access_rule=wire.day_fee(7_000_000),
            etag=added.zone.etag,
        )
    )
    listed = await zones.ListAccessRules(pb.ListAccessRulesRequest(zone_id="centre"))
    got = await zones.GetAccessRule(pb.GetAccessRuleRequest(zone_id="centre", rule_id="fee"))

    assert [rule.rule_id for rule in listed.access_rules] == ["ban", "fee"]
    assert got.access_rule == changed.access_rule
    assert changed.access_rule.charge.amount_micros == 7_000_000
    assert changed.zone.version == 3


async def test_an_unknown_name_is_not_found(zones: Any) -> None:
    await zones.CreateZone(wire.create())

    for call, reason in (
        (zones.GetZone(pb.GetZoneRequest(zone_id="x")), "ZONE_UNKNOWN"),
        (zones.UpdateZone(update(wire.zone(zone_id="x"))), "ZONE_UNKNOWN"),
        (
            zones.GetAccessRule(pb.GetAccessRuleRequest(zone_id="centre", rule_id="x")),
            "RULE_UNKNOWN",
        ),
        (zones.GetRuleSet(pb.GetRuleSetRequest(rule_set_id="rls_x")), "RULE_SET_UNKNOWN"),
        (zones.GetStreetClosure(pb.GetStreetClosureRequest(closure_id="x")), "CLOSURE_UNKNOWN"),
    ):
        with pytest.raises(NotFound) as caught:
            await call
        assert caught.value.reason == reason


async def test_a_foreign_zone_is_not_found_like_an_absent_one(zones: Any, mesh: TestMesh) -> None:
    await zones.CreateZone(wire.create())
    stranger: Any = raising(pb_grpc.ZoneServiceStub(mesh.channel(Role.DISPATCHER, tenant="other")))

    with pytest.raises(NotFound):
        await stranger.GetZone(pb.GetZoneRequest(zone_id="centre"))
    assert (await stranger.ListZones(pb.ListZonesRequest())).zones == []


async def test_a_driver_may_not_change_zones(mesh: TestMesh) -> None:
    driver: Any = raising(pb_grpc.ZoneServiceStub(mesh.channel(Role.DRIVER)))

    with pytest.raises(Denied):
        await driver.CreateZone(wire.create())


async def test_a_closed_street_forbids_at_once_and_until_it_is_ended(
    zones: Any, checks: Any
) -> None:
    closure = closure_pb2.StreetClosure(
        closure_id="works",
        title="Roadworks",
        line=closure_pb2.StreetLine(
            points=[wire.polygon().outer.points[0], wire.polygon().outer.points[2]]
        ),
        interval=Interval(start_time=moment_to_proto(at("2026-05-12 00:00"))),
    )
    created = await zones.CreateStreetClosure(
        pb.CreateStreetClosureRequest(request_id=wire.request_id(), street_closure=closure)
    )
    closed = (await checks.CheckAccess(wire.check())).answers[0]
    closure.interval.end_time.CopyFrom(moment_to_proto(at("2026-05-12 01:00")))
    await zones.UpdateStreetClosure(
        pb.UpdateStreetClosureRequest(
            request_id=wire.request_id(),
            street_closure=closure,
            etag=created.street_closure.etag,
        )
    )
    opened = (await checks.CheckAccess(wire.check())).answers[0]

    assert closed.verdict == decision_pb2.VERDICT_DENY
    assert closed.findings[0].closure_id == "works"
    assert opened.verdict == decision_pb2.VERDICT_ALLOW
    listed = await zones.ListStreetClosures(pb.ListStreetClosuresRequest())
    assert [found.etag for found in listed.street_closures] == ["2"]
