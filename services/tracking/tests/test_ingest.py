"""
Positions from the device to the store, over a real server.

Goal: what is acknowledged is stored once, whatever is sent twice, out of order or broken; and every
reader of the feed sees it once.
"""

from __future__ import annotations

import asyncio
import math
import uuid
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.type.latlng_pb2 import LatLng

from doorstep.tracking.v1 import ingest_service_pb2 as pb
from doorstep.tracking.v1 import ingest_service_pb2_grpc as pb_grpc
from doorstep.tracking.v1 import position_pb2, tracking_event_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as tracking_pb
from doorstep.tracking.v1 import tracking_service_pb2_grpc as tracking_grpc
from meshkit.client import raising
from meshkit.clock import StoppedClock
from meshkit.errors import Denied, Gone, Invalid, NotFound
from meshkit.postgres import Database
from meshkit.testing import Role, TestMesh
from services.tracking.convert.wire import stamp
from services.tracking.tests.town import NINE

pytestmark = pytest.mark.pg
COUNT = "SELECT count(*) FROM positions"


def position(sequence: int, when: datetime | None = None, **fields: Any) -> position_pb2.Position:
    """A position a second after the one before, a meter on."""
    return position_pb2.Position(
        sequence=sequence,
        device_time=stamp(when or NINE + timedelta(seconds=sequence)),
        location=fields.pop("location", LatLng(latitude=60 + sequence * 1e-5, longitude=25)),
        **fields,
    )


def positions(first: int, last: int) -> list[position_pb2.Position]:
    """Positions of a range of sequences, both ends included."""
    return [position(sequence) for sequence in range(first, last + 1)]


async def opened(mesh: TestMesh, device_id: str = "phone-1", **fields: Any) -> str:
    """The epoch of a device that was opened."""
    stub = raising(pb_grpc.IngestServiceStub(mesh.channel(Role.DRIVER)))
    request = pb.OpenDeviceRequest(request_id=str(uuid.uuid4()), device_id=device_id, **fields)
    reply = await stub.OpenDevice(request)
    return str(reply.device.epoch)


async def sent(
    mesh: TestMesh, batches: Iterable[pb.StreamPositionsRequest], role: Role = Role.DRIVER
) -> list[pb.StreamPositionsResponse]:
    """The answers to batches on one stream."""

    async def requests() -> AsyncIterator[pb.StreamPositionsRequest]:
        for one in batches:
            yield one

    stub = raising(pb_grpc.IngestServiceStub(mesh.channel(role)))
    return [answer async for answer in stub.StreamPositions(requests())]


def batch(epoch: str, found: list[position_pb2.Position], device_id: str = "phone-1") -> Any:
    """A batch of a device."""
    return pb.StreamPositionsRequest(device_id=device_id, epoch=epoch, positions=found)


async def test_every_batch_of_a_stream_is_answered_in_order_once_durable(
    mesh: TestMesh, db: Database
) -> None:
    epoch = await opened(mesh)

    answers = await sent(mesh, [batch(epoch, positions(n, n + 9)) for n in range(1, 201, 10)])

    acked = [answer.acked_through_sequence for answer in answers]
    assert len(answers) == 20
    assert acked == sorted(acked), "one commit may answer later batches too, never earlier ones"
    assert all(through >= 10 * number for number, through in enumerate(acked, 1))
    assert {answer.accepted_count for answer in answers} == {10}
    async with db.worker() as tx:
        assert await tx.fetchval(COUNT) == 200


async def test_a_replayed_buffer_is_stored_once_and_counted_as_duplicate(
    mesh: TestMesh, db: Database
) -> None:
    epoch = await opened(mesh)
    await sent(mesh, [batch(epoch, positions(1, 50))])

    (answer,) = await sent(mesh, [batch(epoch, positions(41, 60))])

    assert (answer.accepted_count, answer.duplicate_count) == (10, 10)
    assert answer.acked_through_sequence == 60
    async with db.worker() as tx:
        assert await tx.fetchval(COUNT) == 60


async def test_the_same_sequences_twice_in_one_commit_are_stored_once(
    mesh: TestMesh, db: Database
) -> None:
    epoch = await opened(mesh)
    same = [batch(epoch, positions(1, 20)) for _ in range(8)]

    answers = await sent(mesh, same)

    assert sum(answer.accepted_count for answer in answers) == 20
    assert sum(answer.duplicate_count for answer in answers) == 140
    async with db.worker() as tx:
        assert await tx.fetchval(COUNT) == 20


async def test_gaps_are_reported_until_they_are_filled(mesh: TestMesh) -> None:
    epoch = await opened(mesh)

    (first,) = await sent(mesh, [batch(epoch, positions(1, 10))])
    (late,) = await sent(mesh, [batch(epoch, positions(21, 30))])
    (full,) = await sent(mesh, [batch(epoch, positions(11, 20))])

    assert not first.missing_ranges
    assert late.acked_through_sequence == 10
    assert [(r.first_sequence, r.last_sequence) for r in late.missing_ranges] == [(11, 20)]
    assert full.acked_through_sequence == 30


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"location": LatLng(latitude=math.nan, longitude=25)}, "NON_FINITE"),
        ({"location": LatLng(latitude=95, longitude=25)}, "OUT_OF_RANGE"),
        ({"location": LatLng(latitude=0, longitude=0)}, "NULL_ISLAND"),
        ({"location": LatLng(latitude=61, longitude=25)}, "IMPOSSIBLE_SPEED"),
        ({"accuracy_meters": -1}, "OUT_OF_RANGE"),
        ({"heading_degrees": math.inf}, "OUT_OF_RANGE"),
    ],
)
async def test_a_bad_position_is_refused_and_the_rest_is_kept(
    mesh: TestMesh, broken: dict[str, Any], reason: str
) -> None:
    epoch = await opened(mesh)
    found = [position(1), position(2, **broken), position(3)]

    (answer,) = await sent(mesh, [batch(epoch, found)])

    expected = position_pb2.PositionRejectReason.Value(f"POSITION_REJECT_REASON_{reason}")
    assert [(one.sequence, one.index, one.reason) for one in answer.rejects] == [(2, 1, expected)]
    assert answer.accepted_count == 2
    assert answer.acked_through_sequence == 3, "a refused position counts as answered"


async def test_another_content_under_a_known_sequence_is_refused_and_the_first_stays(
    mesh: TestMesh, db: Database
) -> None:
    epoch = await opened(mesh)
    await sent(mesh, [batch(epoch, positions(1, 3))])
    other = position(2, location=LatLng(latitude=60.5, longitude=25))

    (answer,) = await sent(mesh, [batch(epoch, [other])])

    conflict = position_pb2.POSITION_REJECT_REASON_SEQUENCE_CONFLICT
    assert [one.reason for one in answer.rejects] == [conflict]
    async with db.worker() as tx:
        kept = await tx.fetchval("SELECT latitude FROM positions WHERE sequence = 2")
    assert kept == pytest.approx(60.00002)


async def test_a_position_from_the_future_is_kept_and_never_the_latest(
    mesh: TestMesh, clock: StoppedClock
) -> None:
    clock.move_to(NINE + timedelta(minutes=1))
    epoch = await opened(mesh)
    future = position(2, NINE + timedelta(days=300))
    await sent(mesh, [batch(epoch, [position(1), future])])

    stub = raising(tracking_grpc.TrackingServiceStub(mesh.channel(Role.DISPATCHER)))
    fleet = stub.WatchFleet(tracking_pb.WatchFleetRequest())
    snapshot = await anext(aiter(fleet))
    listed = await stub.ListPositions(
        tracking_pb.ListPositionsRequest(device_id="phone-1", epoch=epoch)
    )

    assert snapshot.vehicles[0].device_time == stamp(NINE + timedelta(seconds=1))
    suspect = position_pb2.TIME_QUALITY_SUSPECT
    assert [one.time_quality for one in listed.positions] == [1, suspect]


async def test_what_was_sent_is_what_is_listed(mesh: TestMesh) -> None:
    epoch = await opened(mesh)
    read = tracking_event_pb2.Telemetry(
        ignition=tracking_event_pb2.IGNITION_ON,
        odometer_meters=12_345,
        state_of_charge_ratio=0.5,
    )
    rich = position(
        1, accuracy_meters=7, speed_centimeters_per_second=830, heading_degrees=90, telemetry=read
    )
    await sent(mesh, [batch(epoch, [rich])])

    stub = raising(tracking_grpc.TrackingServiceStub(mesh.channel(Role.DRIVER)))
    listed = await stub.ListPositions(
        tracking_pb.ListPositionsRequest(device_id="phone-1", epoch=epoch)
    )

    assert listed.positions[0].position == rich


async def test_batches_by_themselves_keep_the_same_promise(mesh: TestMesh) -> None:
    epoch = await opened(mesh)
    stub = raising(pb_grpc.IngestServiceStub(mesh.channel(Role.DRIVER)))
    request = pb.BatchRecordPositionsRequest(
        device_id="phone-1", epoch=epoch, positions=positions(1, 1000)
    )

    once, again = await asyncio.gather(*(stub.BatchRecordPositions(request) for _ in range(2)))

    assert once.accepted_count + again.accepted_count == 1000
    assert once.acked_through_sequence == again.acked_through_sequence == 1000


async def test_another_drivers_device_is_refused(mesh: TestMesh) -> None:
    epoch = await opened(mesh)
    other = mesh.channel(Role.DRIVER, subject="driver-2", driver_id="driver-2")
    stub = raising(pb_grpc.IngestServiceStub(other))
    request = pb.BatchRecordPositionsRequest(
        device_id="phone-1", epoch=epoch, positions=positions(1, 1)
    )

    with pytest.raises(Denied) as positions_refused:
        await stub.BatchRecordPositions(request)
    with pytest.raises(Denied) as device_refused:
        await stub.OpenDevice(
            pb.OpenDeviceRequest(request_id=str(uuid.uuid4()), device_id="phone-1")
        )

    assert positions_refused.value.reason == device_refused.value.reason == "DEVICE_NOT_YOURS"


@pytest.mark.parametrize(
    ("device_id", "epoch", "error", "reason"),
    [
        ("phone-9", None, NotFound, "DEVICE_UNKNOWN"),
        ("phone-1", "01900000-0000-7000-8000-000000000000", Gone, "EPOCH_EXPIRED"),
        ("phone-1", "no-epoch", NotFound, "DEVICE_UNKNOWN"),
    ],
)
async def test_a_stream_under_a_wrong_name_ends_with_the_reason(
    mesh: TestMesh, device_id: str, epoch: str | None, error: type[Exception], reason: str
) -> None:
    real = await opened(mesh)

    with pytest.raises(error) as caught:
        await sent(mesh, [batch(epoch or real, positions(1, 1), device_id)])

    assert caught.value.reason == reason  # type: ignore[attr-defined]


async def test_a_batch_past_the_limit_ends_the_stream(mesh: TestMesh) -> None:
    epoch = await opened(mesh)

    with pytest.raises(Invalid) as caught:
        await sent(mesh, [batch(epoch, positions(1, 501))])

    assert caught.value.reason == "BATCH_TOO_LARGE"


async def test_a_device_that_is_opened_again_gets_another_epoch(mesh: TestMesh) -> None:
    first, second = await opened(mesh), await opened(mesh)

    assert first != second
    old, new = await sent(mesh, [batch(first, positions(1, 2)), batch(second, positions(1, 2))])
    assert old.accepted_count == new.accepted_count == 2


async def test_every_position_is_watched_once_across_a_resume(mesh: TestMesh) -> None:
    epochs = {name: await opened(mesh, name) for name in ("phone-1", "phone-2", "phone-3")}
    stub = raising(tracking_grpc.TrackingServiceStub(mesh.channel(Role.PLATFORM)))

    async def watched(cursor: str, until: int) -> tuple[list[tuple[str, int]], str]:
        found: list[tuple[str, int]] = []
        async for answer in stub.WatchPositions(tracking_pb.WatchPositionsRequest(cursor=cursor)):
            found += [(one.device_id, one.position.sequence) for one in answer.positions]
            if len(found) >= until:
                return found, str(answer.cursor)
        raise AssertionError("a watch has no end")

    for name, epoch in epochs.items():
        await sent(mesh, [batch(epoch, positions(1, 40), name)])
    first, cursor = await watched("", 120)
    for name, epoch in epochs.items():
        await sent(mesh, [batch(epoch, positions(31, 60), name)])
    second, _ = await watched(cursor, 60)

    everything = [(name, sequence) for name in epochs for sequence in range(1, 61)]
    assert sorted(first + second) == sorted(everything)
