"""
Two tracking processes are one service: a watch on one sees what was written to the other.

Method: real processes without a gateway; one writes, the other is watched, every position counts.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.latlng_pb2 import LatLng

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from doorstep.tracking.v1 import ingest_service_pb2, position_pb2, tracking_service_pb2
from doorstep.tracking.v1 import ingest_service_pb2_grpc as ingest_grpc
from doorstep.tracking.v1 import tracking_service_pb2_grpc as tracking_grpc
from meshkit.caller import Caller, Role
from meshkit.client import Bearer, connect, raising
from meshkit.pgtest import open_folder

pytestmark = [pytest.mark.mesh, pytest.mark.timeout(180)]

POSITIONS = 300
WATCH_SECONDS = 30
PLATFORM = Caller(subject="tests", role=Role.PLATFORM, tenant="acme")


def stamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def position(sequence: int) -> position_pb2.Position:
    """A drive northwards, a fix every ten seconds, that has just ended."""
    ago = timedelta(seconds=10 * (POSITIONS - sequence))
    return position_pb2.Position(
        sequence=sequence,
        device_time=stamp(datetime.now(UTC) - ago),
        location=LatLng(latitude=60.1 + sequence / 10_000, longitude=24.9),
        accuracy_meters=5,
    )


async def write(ingest: Any) -> str:
    """Opens a device and writes its positions; returns its epoch."""
    opened = await ingest.OpenDevice(
        ingest_service_pb2.OpenDeviceRequest(request_id=str(uuid.uuid4()), device_id="phone")
    )
    epoch: str = opened.device.epoch
    for first in range(1, POSITIONS, 100):
        batch = [position(sequence) for sequence in range(first, first + 100)]
        reply = await ingest.BatchRecordPositions(
            ingest_service_pb2.BatchRecordPositionsRequest(
                device_id="phone", epoch=epoch, positions=batch
            )
        )
        assert reply.accepted_count == len(batch)
    return epoch


async def watched(tracking: Any) -> list[int]:
    """The sequences that a watch from the beginning brings, in its order."""
    found: list[int] = []
    request = tracking_service_pb2.WatchPositionsRequest()
    async for page in tracking.WatchPositions(request, timeout=WATCH_SECONDS):
        found += [kept.position.sequence for kept in page.positions]
        if len(found) >= POSITIONS:
            return found
    return found


async def test_a_watch_on_one_process_sees_what_another_wrote() -> None:
    plan = Plan(services=("tracking",), replicas={"tracking": 2}, gateway=False, otlp=False)
    with open_folder() as folder:
        async with Mesh(State(folder), plan, base=0) as mesh:
            bearer = Bearer(mesh.token(PLATFORM))
            async with (
                connect(mesh.address("tracking"), tokens=bearer) as one,
                connect(mesh.address("tracking-2"), tokens=bearer) as other,
            ):
                await write(raising(ingest_grpc.IngestServiceStub(one)))
                found = await watched(raising(tracking_grpc.TrackingServiceStub(other)))

    assert sorted(found) == list(range(1, POSITIONS + 1))
