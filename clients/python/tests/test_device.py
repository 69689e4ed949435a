# ruff: noqa: N802 - the contract names the methods
"""
A device on a real server and store: nothing lost, nothing doubled, whatever fails between them.

Method: tracking's own servicers behind a line that is cut by lot: before a request arrives, or
after it took effect and before its answer is read.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.type.latlng_pb2 import LatLng

from clients.python.doorstep_client.buffer import Buffer
from clients.python.doorstep_client.device import LIVE_SECONDS, PASSING, Device
from doorstep.tracking.v1 import (
    ingest_service_pb2,
    position_pb2,
    proof_pb2,
    tracking_event_pb2,
    tracking_service_pb2,
)
from doorstep.tracking.v1 import ingest_service_pb2_grpc as ingest_grpc
from meshkit.testing import Role, TestMesh
from services.tracking.convert.wire import stamp
from services.tracking.servicer.common import Desk
from services.tracking.tests.calls import planned, tracking_of
from services.tracking.tests.town import NINE, at, place

pytestmark = pytest.mark.pg
TRIES_MAX = 200
PHOTO = b"\xff\xd8" + bytes(range(256)) * 5_000  # more than two pieces


class CutLine:
    """An IngestServiceStub whose line is cut by lot."""

    def __init__(self, stub: Any, dice: random.Random, share: float) -> None:
        self._stub, self._dice, self._share = stub, dice, share

    def __getattr__(self, name: str) -> Any:
        async def call(request: Any, **options: Any) -> Any:
            self.cut()
            answer = await getattr(self._stub, name)(request, **options)
            self.cut()
            return answer

        return call

    def StreamPositions(self, **options: Any) -> Any:
        return CutStream(self._stub.StreamPositions(**options), self)

    def cut(self) -> None:
        if self._dice.random() < self._share:
            raise grpc.aio.AioRpcError(
                grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), grpc.aio.Metadata(), "cut"
            )


class CutStream:
    """A stream of such a line."""

    def __init__(self, call: Any, line: CutLine) -> None:
        self._call, self._line = call, line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    async def write(self, request: Any) -> None:
        self._line.cut()
        await self._call.write(request)

    async def read(self) -> Any:
        answer = await self._call.read()
        self._line.cut()
        return answer


@pytest.fixture
def buffer(tmp_path: Path) -> Iterator[Buffer]:
    with Buffer(tmp_path / "device.sqlite") as opened:
        yield opened


def device(mesh: TestMesh, buffer: Buffer, cut: float = 0.0, seed: int = 1) -> Device:
    stub = ingest_grpc.IngestServiceStub(mesh.channel(Role.DRIVER))
    line = CutLine(stub, random.Random(seed), cut)
    return Device(line, buffer, "phone-1", now=lambda: NINE.timestamp(), shift_id="shf_1")


def position(seconds: float) -> position_pb2.Position:
    spot = place(1)
    return position_pb2.Position(
        device_time=stamp(at(seconds / 60)),
        location=LatLng(latitude=spot.latitude, longitude=spot.longitude),
        accuracy_meters=5,
    )


async def flushed(own: Device) -> int:
    """Flushes until nothing waits; how often the line was cut."""
    for tries in range(TRIES_MAX):
        with suppress(grpc.aio.AioRpcError):
            await own.flush()
        if not own.waiting:
            return tries
    raise AssertionError(f"{own.waiting} still wait")


async def kept(mesh: TestMesh, own: Device) -> list[int]:
    """The sequences that the store has, page by page."""
    found, token = [], ""
    while True:
        request = tracking_service_pb2.ListPositionsRequest(
            device_id="phone-1", epoch=own.epoch, page_size=1_000, page_token=token
        )
        page = await tracking_of(mesh).ListPositions(request)
        found += [one.position.sequence for one in page.positions]
        token = page.next_page_token
        if not token:
            return found


async def facts(mesh: TestMesh) -> list[Any]:
    page = await tracking_of(mesh).ListEvents(tracking_service_pb2.ListEventsRequest())
    return list(page.events)


async def test_what_was_captured_before_the_first_opening_is_sent_too(
    mesh: TestMesh, desk: Desk, buffer: Buffer
) -> None:
    await planned(desk)
    own = device(mesh, buffer)
    for second in range(3):
        own.capture(position(second))
    await own.flush()
    own.capture(position(3))
    await own.flush()

    assert own.epoch
    assert await kept(mesh, own) == [1, 2, 3, 4]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_line_that_is_cut_again_and_again_loses_and_doubles_nothing(
    mesh: TestMesh, desk: Desk, buffer: Buffer, seed: int
) -> None:
    await planned(desk)
    own = device(mesh, buffer, cut=0.3, seed=seed)
    for second in range(2_300):
        own.capture(position(second - 2_300))
    arrived, delivered = (tracking_event_pb2.TrackingEvent(task_id="tsk_1") for _ in range(2))
    arrived.event_time.CopyFrom(stamp(at(4)))
    arrived.arrived.SetInParent()
    delivered.event_time.CopyFrom(stamp(at(6)))
    delivered.delivered.SetInParent()
    names = [own.report(arrived), own.report(delivered)]
    photo = own.attach(PHOTO, "image/jpeg")
    item = proof_pb2.ProofItem(kind=proof_pb2.PROOF_KIND_PHOTO, media_sha256=photo)
    proof = own.prove(proof_pb2.Proof(task_id="tsk_1", capture_time=stamp(at(6)), items=[item]))
    cuts = await flushed(own)

    assert cuts > 3
    assert await kept(mesh, own) == list(range(1, 2_301))
    assert [one.event_id for one in await facts(mesh)] == names
    request = tracking_service_pb2.ListProofsRequest(task_id="tsk_1")
    (found,) = (await tracking_of(mesh).ListProofs(request)).proofs
    assert (found.proof_id, found.state) == (proof, proof_pb2.PROOF_STATE_ACCEPTED)
    assert found.items[0].media_sha256 == hashlib.sha256(PHOTO).hexdigest()
    assert not own.refused


async def test_what_happens_now_goes_before_what_an_outage_left(
    mesh: TestMesh, buffer: Buffer
) -> None:
    sent: list[tuple[int, int]] = []
    own = device(mesh, buffer)
    stream = own._ingest.StreamPositions

    def noted(**options: Any) -> Any:
        call = stream(**options)
        write = call.write

        async def writing(request: Any) -> None:
            sent.append((request.lane, request.positions[-1].sequence))
            await write(request)

        call.write = writing
        return call

    own._ingest.StreamPositions = noted
    for second in range(1_000):
        own.capture(position(second - 1_000 - LIVE_SECONDS))
    for second in range(200):
        own.capture(position(second - 200))
    await own.flush()

    live, backfill = ingest_service_pb2.LANE_LIVE, ingest_service_pb2.LANE_BACKFILL
    assert sent == [(live, 1_200), (backfill, 500), (backfill, 1_000)]


async def test_what_the_server_never_takes_is_put_aside_and_holds_nothing_up(
    mesh: TestMesh, desk: Desk, buffer: Buffer
) -> None:
    await planned(desk)
    own = device(mesh, buffer)
    bad, good = (tracking_event_pb2.TrackingEvent(task_id="tsk_1") for _ in range(2))
    bad.arrived.SetInParent()  # no time
    good.arrived.SetInParent()
    good.event_time.CopyFrom(stamp(at(4)))
    own.report(bad)
    name = own.report(good)
    own.attach(b"no picture", "text/html")
    await own.flush()

    assert [one.event_id for one in await facts(mesh)] == [name]
    assert [one.kind for one in own.refused] == ["event", "media"]
    assert own.refused[0].reason == "EVENT_INVALID"
    assert not own.waiting


async def test_an_epoch_that_is_over_is_counted_and_the_next_one_begins(
    mesh: TestMesh, buffer: Buffer
) -> None:
    buffer.begin_epoch("018f0000-0000-7000-8000-000000000000")  # of 2024
    own = device(mesh, buffer)
    own.capture(position(-1))
    await own.flush()
    own.capture(position(1))
    await own.flush()

    assert own.lost == 1
    assert await kept(mesh, own) == [1]


class EndedStream(CutStream):
    """A stream that ends between the first write and the second."""

    async def write(self, request: Any) -> None:
        await super().write(request)
        await self._call.code()


@pytest.mark.parametrize("kind", [CutStream, EndedStream])
async def test_a_server_that_stops_in_the_middle_of_a_stream_ends_no_device(
    mesh: TestMesh, buffer: Buffer, monkeypatch: pytest.MonkeyPatch, kind: type[CutStream]
) -> None:
    monkeypatch.setattr("clients.python.doorstep_client.device.BATCH_POSITIONS", 5)
    own = device(mesh, buffer)
    own.capture(position(0))
    await own.flush()
    for second in range(1, 21):
        own.capture(position(second))
    monkeypatch.setattr(CutLine, "StreamPositions", lambda line, **_: kind(opened(mesh), line))
    mesh.server.drain.begin()

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await own.flush()
    assert caught.value.code() in PASSING
    assert own.waiting == 20


def opened(mesh: TestMesh) -> Any:
    return ingest_grpc.IngestServiceStub(mesh.channel(Role.DRIVER)).StreamPositions()
