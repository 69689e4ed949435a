"""
The watch of rules on a real port over a real store, and how soon a closure holds elsewhere.

Method: everything is told once, in order, whether a watch goes on or begins anew; two servers over
one database play two processes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from google.type.interval_pb2 import Interval

from doorstep.compliance.v1 import check_service_pb2_grpc as check_grpc
from doorstep.compliance.v1 import closure_pb2, decision_pb2
from doorstep.compliance.v1 import zone_service_pb2 as pb
from doorstep.compliance.v1 import zone_service_pb2_grpc as pb_grpc
from meshkit import watch
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import Invalid
from meshkit.pgtest import PostgresForTests, opened
from meshkit.testing import Role, TestMesh, serving
from services.compliance.__main__ import servicers
from services.compliance.config import ComplianceSettings
from services.compliance.convert.moments import moment_to_proto
from services.compliance.tests import wire
from services.compliance.tests.places import MIGRATIONS, at

pytestmark = pytest.mark.pg

HOLDS_WITHIN_SECONDS = 5.0  # the contract's promise


@pytest.fixture
def zones(mesh: TestMesh) -> Any:
    return raising(pb_grpc.ZoneServiceStub(mesh.channel(Role.DISPATCHER)))


def closure(closure_id: str = "works", end: str = "") -> pb.CreateStreetClosureRequest:
    interval = Interval(start_time=moment_to_proto(at("2026-05-12 00:00")))
    if end:
        interval.end_time.CopyFrom(moment_to_proto(at(end)))
    return pb.CreateStreetClosureRequest(
        request_id=wire.request_id(),
        street_closure=closure_pb2.StreetClosure(
            closure_id=closure_id, title="Works", area=wire.polygon(), interval=interval
        ),
    )


def told(answer: pb.WatchRuleChangesResponse) -> list[str]:
    sets = [f"{one.zone.zone_id} {one.zone.version}" for one in answer.rule_sets]
    return sets + [one.closure_id for one in answer.street_closures]


def watching(zones: Any, rules_version: int = 0) -> AsyncIterator[Any]:
    return aiter(zones.WatchRuleChanges(pb.WatchRuleChangesRequest(rules_version=rules_version)))


def update(zone_id: str, etag: str, start: str = "") -> pb.UpdateZoneRequest:
    request = pb.UpdateZoneRequest(
        request_id=wire.request_id(), zone=wire.zone(wire.day_fee(), zone_id=zone_id), etag=etag
    )
    if start:
        request.effective_start_time.CopyFrom(moment_to_proto(at(start)))
    return request


async def test_a_watch_begins_with_what_holds_now_or_later(zones: Any, clock: StoppedClock) -> None:
    for zone_id in ("b", "a"):
        await zones.CreateZone(wire.create(zone_id=zone_id))
    clock.advance(timedelta(hours=1))
    await zones.UpdateZone(update("a", "1"))  # version 1 holds no longer
    await zones.UpdateZone(update("b", "1", "2026-06-01 00:00"))  # version 1 holds until then
    await zones.CreateStreetClosure(closure())
    await zones.CreateStreetClosure(closure("over", "2026-05-12 01:00"))
    first = await anext(watching(zones))

    assert told(first) == ["a 2", "b 1", "b 2", "works"]
    assert first.rules_version == 6


async def test_every_change_is_told_once_as_it_is_recorded(zones: Any) -> None:
    news = watching(zones)
    empty = await anext(news)
    assert (told(empty), empty.rules_version) == ([], 0)

    await zones.CreateZone(wire.create(zone_id="a"))
    assert told(await anext(news)) == ["a 1"]
    await zones.CreateStreetClosure(closure())
    answer = await anext(news)
    assert (told(answer), answer.rules_version) == (["works"], 2)
    await zones.UpdateZone(update("a", "1"))
    assert told(await anext(news)) == ["a 2"]


async def test_a_watch_goes_on_where_it_broke_off(zones: Any) -> None:
    for zone_id in ("a", "b", "c"):
        await zones.CreateZone(wire.create(zone_id=zone_id))
    news = watching(zones, rules_version=1)
    missed = await anext(news)
    await zones.CreateZone(wire.create(zone_id="d"))

    assert (told(missed), missed.rules_version) == (["b 1", "c 1"], 3)
    assert told(await anext(news)) == ["d 1"]


async def test_what_is_missed_is_told_in_bounded_answers(
    zones: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.compliance.convert.rule_changes.ANSWER_BYTES_MAX", 100)
    monkeypatch.setattr("services.compliance.servicer.rule_changes.READ_MAX", 2)
    for number in range(5):
        await zones.CreateZone(wire.create(zone_id=f"z{number}"))
        await zones.CreateStreetClosure(closure(f"c{number}"))
    news = watching(zones, rules_version=1)
    found: list[str] = []
    places = []
    while len(found) < 9:
        answer = await anext(news)
        found += told(answer)
        places.append(answer.rules_version)

    assert found == ["c0", "z1 1", "c1", "z2 1", "c2", "z3 1", "c3", "z4 1", "c4"]
    assert len(places) > 4
    assert places == sorted(places)
    assert places[-1] == 10


async def test_a_place_that_was_never_given_is_refused(zones: Any) -> None:
    with pytest.raises(Invalid) as caught:
        await anext(watching(zones, rules_version=7))
    assert caught.value.reason == "CURSOR_INVALID"


async def test_a_silent_watch_tells_that_it_lives(
    zones: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    often = partial(watch.watch, heartbeat_seconds=0.05)
    monkeypatch.setattr("services.compliance.servicer.rule_changes.watch", often)
    await zones.CreateZone(wire.create(zone_id="a"))
    news = watching(zones)
    await anext(news)

    heartbeat = await anext(news)
    assert (told(heartbeat), heartbeat.rules_version) == ([], 1)


async def test_a_watch_tells_of_its_own_tenant_only(mesh: TestMesh, zones: Any) -> None:
    other = raising(pb_grpc.ZoneServiceStub(mesh.channel(Role.DISPATCHER, tenant="other")))
    news = watching(other)
    assert told(await anext(news)) == []
    await zones.CreateZone(wire.create(zone_id="a"))
    await other.CreateZone(wire.create(zone_id="b"))

    assert told(await anext(news)) == ["b 1"]


async def test_a_closure_made_by_one_process_holds_in_another_within_five_seconds(
    postgres: PostgresForTests, clock: StoppedClock
) -> None:
    settings = ComplianceSettings()
    async with (
        postgres.access("compliance", MIGRATIONS) as access,
        opened(access, clock=clock) as here,
        opened(access, clock=clock) as there,
        serving(*servicers(here, settings, clock), service="compliance") as first,
        serving(*servicers(there, settings, clock), service="compliance") as second,
    ):
        zones = raising(pb_grpc.ZoneServiceStub(first.channel(Role.DISPATCHER)))
        checks = raising(check_grpc.CheckServiceStub(second.channel(Role.DISPATCHER)))
        news = watching(raising(pb_grpc.ZoneServiceStub(second.channel(Role.DISPATCHER))))
        await anext(news)
        assert await verdict(checks) == decision_pb2.VERDICT_ALLOW  # its rules are in memory

        await zones.CreateStreetClosure(closure())
        begun = time.monotonic()
        while await verdict(checks) != decision_pb2.VERDICT_DENY:
            assert time.monotonic() - begun < HOLDS_WITHIN_SECONDS
            await asyncio.sleep(0)
        held = time.monotonic() - begun
        assert told(await anext(news)) == ["works"]
        heard = time.monotonic() - begun

    print(
        f"a closure held elsewhere after {held * 1e3:.0f} ms, was told after {heard * 1e3:.0f} ms"
    )
    assert heard < HOLDS_WITHIN_SECONDS


async def verdict(checks: Any) -> int:
    return int((await checks.CheckAccess(wire.check())).answers[0].verdict)
