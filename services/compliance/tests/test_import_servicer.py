"""
Imports of zones on a real port over a real store.

Method: files of one or two features; the runner works one import at a time, when the test says so,
and reads it in this process but where the test is about the other one.
"""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from doorstep.compliance.v1 import zone_service_pb2 as pb
from doorstep.compliance.v1 import zone_service_pb2_grpc as pb_grpc
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import Exhausted, Invalid, NotFound
from meshkit.ids import new_id
from meshkit.postgres import Database
from meshkit.testing import Role, TestMesh
from services.compliance.__main__ import import_runner, rules
from services.compliance.adapters.import_process import ImportProcess
from services.compliance.adapters.import_runner import BROKEN, ImportRunner
from services.compliance.adapters.postgres_imports import PostgresImportQueue
from services.compliance.adapters.postgres_streets import PostgresStreets
from services.compliance.convert.imports.files import read_file
from services.compliance.convert.moments import moment_to_proto
from services.compliance.domain.zone_import import WAITING_MAX, Harvest, ZoneImport
from services.compliance.tests import wire
from services.compliance.tests.files import MEANS, OURS, SQUARE, collection, feature
from services.compliance.tests.places import at

pytestmark = pytest.mark.pg

GEOJSON, CDS = pb.ZONE_IMPORT_FORMAT_GEOJSON, pb.ZONE_IMPORT_FORMAT_CDS
RUNNING, DONE = pb.ZONE_IMPORT_STATE_RUNNING, pb.ZONE_IMPORT_STATE_DONE
FAILED, CANCELLED = pb.ZONE_IMPORT_STATE_FAILED, pb.ZONE_IMPORT_STATE_CANCELLED
EXPIRE = "UPDATE zone_imports SET lease_until = clock_timestamp() - interval '1 second'"


@pytest.fixture
def zones(mesh: TestMesh) -> Any:
    return raising(pb_grpc.ZoneServiceStub(mesh.channel(Role.DISPATCHER)))


def queue_of(db: Database) -> PostgresImportQueue:
    return PostgresImportQueue(db, rules, PostgresStreets, new_id)


class Here:
    """Reads in this process: none has to be started for every file."""

    async def read(self, own: ZoneImport, content: bytes) -> Harvest:
        return read_file(MEANS, own, content)


@pytest.fixture
def runner(db: Database, clock: StoppedClock) -> ImportRunner:
    return ImportRunner(queue_of(db), Here(), clock)


def start(content: bytes | None = None, **fields: Any) -> pb.StartZoneImportRequest:
    return pb.StartZoneImportRequest(
        request_id=wire.request_id(),
        format=fields.pop("format", GEOJSON),
        content=collection(feature(OURS)) if content is None else content,
        **fields,
    )


async def imported(zones: Any, runner: ImportRunner, request: Any) -> Any:
    """What became of an import."""
    begun = (await zones.StartZoneImport(request)).zone_import
    assert begun.state == RUNNING
    assert await runner.work_once()
    return await found(zones, begun.import_id)


async def found(zones: Any, import_id: str) -> Any:
    return (await zones.GetZoneImport(pb.GetZoneImportRequest(import_id=import_id))).zone_import


async def versions(zones: Any) -> list[tuple[str, int]]:
    listed = await zones.ListZones(pb.ListZonesRequest())
    return [(zone.zone_id, zone.version) for zone in listed.zones]


async def test_a_file_becomes_zones(zones: Any, runner: ImportRunner, clock: StoppedClock) -> None:
    own = await imported(zones, runner, start(source="the city"))

    assert (own.state, own.zone_count, own.unchanged_count) == (DONE, 1, 0)
    assert own.end_time == moment_to_proto(clock.now())
    zone = (await zones.GetZone(pb.GetZoneRequest(zone_id="centre"))).zone
    assert (zone.version, zone.source, zone.rules[0].rule_id) == (1, "the city", "ban")
    assert not zone.effective_interval.HasField("start_time")


async def test_what_did_not_change_gets_no_new_version(
    zones: Any, runner: ImportRunner, clock: StoppedClock
) -> None:
    other = feature({**OURS, "zone_id": "other"})
    both = start(collection(feature(OURS), other))
    await imported(zones, runner, both)
    changed = feature({**OURS, "title": "New"})
    clock.advance(timedelta(hours=1))
    own = await imported(zones, runner, start(collection(changed, other)))

    assert (own.state, own.zone_count, own.unchanged_count) == (DONE, 1, 1)
    assert await versions(zones) == [("centre", 2), ("other", 1)]
    zone = (await zones.GetZone(pb.GetZoneRequest(zone_id="centre"))).zone
    assert zone.effective_interval.start_time == moment_to_proto(clock.now())


async def test_one_fault_and_nothing_of_the_file_is_kept(zones: Any, runner: ImportRunner) -> None:
    bad = feature({**OURS, "zone_id": "bad", "kind": "ZFE"}, SQUARE[:2])
    own = await imported(zones, runner, start(collection(feature(OURS), bad)))

    assert (own.state, own.zone_count) == (FAILED, 0)
    assert [fault.path for fault in own.faults] == [
        "features[1].geometry.coordinates[0]",
        "features[1].properties.kind",
    ]
    assert await versions(zones) == []


async def test_a_check_alone_imports_nothing(zones: Any, runner: ImportRunner) -> None:
    own = await imported(zones, runner, start(validate_only=True))

    assert (own.state, own.zone_count, own.unchanged_count) == (DONE, 1, 0)
    assert await versions(zones) == []


async def test_what_has_no_meaning_is_told_and_the_rest_holds(
    zones: Any, runner: ImportRunner
) -> None:
    own = await imported(zones, runner, start(collection(feature({**OURS, "colour": "green"}))))

    assert [notice.path for notice in own.notices] == ["features[0].properties.colour"]
    assert await versions(zones) == [("centre", 1)]


async def test_a_file_that_comes_too_late_fails_whole(zones: Any, runner: ImportRunner) -> None:
    await imported(
        zones, runner, start(effective_start_time=moment_to_proto(at("2026-06-01 00:00")))
    )
    late = collection(feature({**OURS, "zone_id": "a"}), feature({**OURS, "title": "New"}))
    own = await imported(zones, runner, start(late))

    assert own.state == FAILED
    assert [fault.path for fault in own.faults] == ["features[1].properties"]
    assert await versions(zones) == [("centre", 1)]


async def test_curbs_become_curb_zones(zones: Any, runner: ImportRunner) -> None:
    curb = {
        "curb_zone_id": "bay",
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
        "curb_policy_ids": [],
    }
    data = {"zones": [curb], "policies": []}
    content = json.dumps({"time_zone": "Europe/Helsinki", "data": data}).encode()
    first = await imported(zones, runner, start(content, format=CDS))
    again = await imported(zones, runner, start(content, format=CDS))

    assert (first.zone_count, again.zone_count, again.unchanged_count) == (1, 0, 1)
    listed = await zones.ListCurbZones(pb.ListCurbZonesRequest())
    assert [(zone.curb_zone_id, zone.etag) for zone in listed.curb_zones] == [("bay", "1")]


async def test_the_same_request_starts_one_import(zones: Any, runner: ImportRunner) -> None:
    request = start()
    first, again = await zones.StartZoneImport(request), await zones.StartZoneImport(request)

    assert first == again
    assert await runner.work_once()
    assert not await runner.work_once()


async def test_a_file_that_is_none_is_refused_at_once(zones: Any) -> None:
    with pytest.raises(Invalid) as caught:
        await zones.StartZoneImport(start(b"PK"))
    assert caught.value.reason == "IMPORT_INVALID"
    assert [violation.field for violation in caught.value.violations] == ["content"]


async def test_nothing_stays_of_an_import_that_was_cancelled(
    zones: Any, runner: ImportRunner
) -> None:
    own = (await zones.StartZoneImport(start())).zone_import
    cancel = pb.CancelZoneImportRequest(request_id=wire.request_id(), import_id=own.import_id)
    cancelled = (await zones.CancelZoneImport(cancel)).zone_import

    assert cancelled.state == CANCELLED
    assert not await runner.work_once()
    assert await versions(zones) == []


async def test_one_that_is_over_is_not_cancelled(zones: Any, runner: ImportRunner) -> None:
    own = await imported(zones, runner, start())
    cancel = pb.CancelZoneImportRequest(request_id=wire.request_id(), import_id=own.import_id)

    assert (await zones.CancelZoneImport(cancel)).zone_import == own


async def test_a_watch_tells_the_beginning_and_the_end(zones: Any, runner: ImportRunner) -> None:
    own = (await zones.StartZoneImport(start())).zone_import
    told = aiter(zones.WatchZoneImport(pb.WatchZoneImportRequest(import_id=own.import_id)))
    first = (await anext(told)).zone_import
    await runner.work_once()
    rest = [answer.zone_import async for answer in told]

    assert first == own
    assert [one.state for one in rest] == [DONE]


async def test_an_import_is_known_to_its_tenant_only(mesh: TestMesh, zones: Any) -> None:
    own = (await zones.StartZoneImport(start())).zone_import
    other = raising(pb_grpc.ZoneServiceStub(mesh.channel(Role.DISPATCHER, tenant="other")))

    for request in (own.import_id, "imp_nobody"):
        with pytest.raises(NotFound) as caught:
            await other.GetZoneImport(pb.GetZoneImportRequest(import_id=request))
        assert caught.value.reason == "IMPORT_UNKNOWN"


async def test_only_so_many_imports_wait(zones: Any) -> None:
    for _ in range(WAITING_MAX):
        await zones.StartZoneImport(start())

    with pytest.raises(Exhausted) as caught:
        await zones.StartZoneImport(start())
    assert caught.value.reason == "IMPORTS_EXHAUSTED"


async def test_an_import_survives_the_process_that_began_it(
    zones: Any, db: Database, runner: ImportRunner, clock: StoppedClock
) -> None:
    own = (await zones.StartZoneImport(start())).zone_import
    queue = queue_of(db)
    lost = await queue.claim()
    assert lost is not None
    assert not await runner.work_once()  # it is somebody's
    async with db.worker() as tx:
        await tx.execute(EXPIRE)

    assert await runner.work_once()
    assert (await found(zones, own.import_id)).state == DONE
    assert not await queue.renew(lost)
    await queue.finish(lost, Harvest(), clock.now())  # it wakes up, and nobody listens
    assert (await found(zones, own.import_id)).zone_count == 1


class Slow:
    """A reader that never ends by itself."""

    def __init__(self) -> None:
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def read(self, own: ZoneImport, content: bytes) -> Harvest:
        self.begun.set()
        try:
            return await asyncio.Future()
        finally:
            self.ended.set()


class Broken:
    """A reader with a fault."""

    async def read(self, own: ZoneImport, content: bytes) -> Harvest:
        raise RuntimeError("a bug")


async def test_a_drain_gives_the_work_back(zones: Any, db: Database, clock: StoppedClock) -> None:
    own = (await zones.StartZoneImport(start())).zone_import
    slow = Slow()
    working = asyncio.create_task(ImportRunner(queue_of(db), slow, clock).run())
    await slow.begun.wait()
    working.cancel()
    await asyncio.wait((working,))

    assert slow.ended.is_set()
    assert await import_runner(db, clock).work_once()
    assert (await found(zones, own.import_id)).state == DONE


async def test_a_cancelled_import_is_read_no_further(
    zones: Any, db: Database, clock: StoppedClock
) -> None:
    own = (await zones.StartZoneImport(start())).zone_import
    slow = Slow()
    runner = ImportRunner(queue_of(db), slow, clock, renew_seconds=0.05)
    working = asyncio.create_task(runner.work_once())
    await slow.begun.wait()
    cancel = pb.CancelZoneImportRequest(request_id=wire.request_id(), import_id=own.import_id)
    await zones.CancelZoneImport(cancel)

    assert await working
    assert slow.ended.is_set()
    assert (await found(zones, own.import_id)).state == CANCELLED


async def test_a_file_that_takes_too_long_to_read_is_refused(
    zones: Any, db: Database, clock: StoppedClock
) -> None:
    reader = ImportProcess(seconds=0.05)
    own = await imported(zones, ImportRunner(queue_of(db), reader, clock), start())

    assert own.state == FAILED
    (fault,) = own.faults
    assert fault.description == "reading it took over 0.05 s: cut the file"


async def test_a_fault_of_ours_ends_one_import_and_not_the_runner(
    zones: Any, db: Database, clock: StoppedClock
) -> None:
    own = await imported(zones, ImportRunner(queue_of(db), Broken(), clock), start())

    assert own.state == FAILED
    assert [fault.description for fault in own.faults] == [BROKEN]
