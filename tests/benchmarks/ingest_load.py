"""
A yard of devices that send positions, as a process of its own.

    python -m tests.benchmarks.ingest_load < SPEC

Each stream serves some devices by turns, keeps as many batches unanswered as its credit allows, and
sends again whatever was not answered when a stream ends. With a rate it sends evenly, without one
as fast as it is answered. Prints what was sent and answered, and how long the answers took.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import grpc
import uvloop
from google.type.latlng_pb2 import LatLng

from doorstep.tracking.v1 import ingest_service_pb2 as pb
from doorstep.tracking.v1 import position_pb2
from meshkit.client import Bearer, connect

CREDIT = 8  # unanswered batches of one stream
STREAMS = 4
RETRY_SECONDS = 0.2
PATIENCE_SECONDS = 60.0  # for the last answers
PASSING = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)
NANOS = 1_000_000_000
MILLISECONDS = 1_000
METHOD = "/doorstep.tracking.v1.IngestService/StreamPositions"


@dataclass(frozen=True, slots=True)
class Spec:
    """What to send, and where."""

    address: str
    token: str = field(repr=False)
    devices: Sequence[tuple[str, str]]  # names and epochs, fresh ones
    seconds: float
    rate: float = 0  # positions a second; 0: as fast as it is answered
    batch: int = 100


@dataclass(slots=True)
class Told:
    """What came of it."""

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reconnected: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0


class Vehicle:
    """One device: a template of a batch whose numbers and times move on."""

    def __init__(self, device_id: str, epoch: str, size: int) -> None:
        self._size, self._sequence = size, 0
        self._request = pb.StreamPositionsRequest(
            device_id=device_id, epoch=epoch, positions=[fix(rank) for rank in range(size)]
        )

    def batch(self) -> bytes:
        """The next seconds of the way, the last of them now."""
        now, first = time.time(), self._sequence + 1
        seconds, nanos = int(now), int(now % 1 * NANOS)
        for rank, position in enumerate(self._request.positions):
            position.sequence = first + rank
            at = position.device_time
            at.seconds, at.nanos = seconds - self._size + 1 + rank, nanos
        self._sequence += self._size
        return self._request.SerializeToString()


class Stream:
    """One stream of batches and of what is not answered yet."""

    def __init__(self, spec: Spec, vehicles: Sequence[Vehicle], told: Told) -> None:
        self._spec, self._vehicles, self._told = spec, vehicles, told
        self._unanswered: deque[tuple[float, bytes]] = deque()
        self._free = asyncio.Semaphore(CREDIT)
        self._turn = 0
        self._until = time.monotonic() + spec.seconds + PATIENCE_SECONDS
        self.took: list[float] = []

    async def run(self, method: Any, begin: float, every: float) -> None:
        """Until the time is over and everything is answered."""
        end, due = time.monotonic() + self._spec.seconds, begin
        while True:
            call = method()
            reading = asyncio.create_task(self._read(call))
            try:
                for _, request in list(self._unanswered):
                    await call.write(request)
                while time.monotonic() < end:
                    if every:
                        await asyncio.sleep(due - time.monotonic())
                        due += every
                    await self._send(call)
                await call.done_writing()
                await reading
                return
            except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await self._ended(call, reading)

    async def _send(self, call: Any) -> None:
        await self._free.acquire()
        request = self._vehicles[self._turn % len(self._vehicles)].batch()
        self._turn += 1
        self._told.sent += self._spec.batch
        self._unanswered.append((time.monotonic(), request))
        await call.write(request)

    async def _read(self, call: Any) -> None:
        while (answer := await call.read()) is not grpc.aio.EOF:
            begun, _ = self._unanswered.popleft()
            self.took.append(time.monotonic() - begun)
            self._told.accepted += answer.accepted_count
            self._told.duplicates += answer.duplicate_count
            self._told.rejected += len(answer.rejects)
            self._free.release()

    async def _ended(self, call: Any, reading: asyncio.Task[None]) -> None:
        """Waits a little before the next try; whatever is no passing trouble is raised."""
        reading.cancel()
        with suppress(asyncio.CancelledError, grpc.aio.AioRpcError):
            await reading
        if await call.code() not in PASSING:
            raise RuntimeError(f"{await call.code()}: {await call.details()}")
        if time.monotonic() > self._until:
            raise TimeoutError("the service does not come back")
        self._told.reconnected += 1
        await asyncio.sleep(RETRY_SECONDS)


def fix(rank: int) -> position_pb2.Position:
    """A position on the way north at 10 m/s; number and time are set when it is sent."""
    return position_pb2.Position(
        location=LatLng(latitude=60.1 + rank * 9e-5, longitude=24.9),
        accuracy_meters=5,
        speed_centimeters_per_second=1_000,
        heading_degrees=12.5,
    )


async def sent(spec: Spec) -> Told:
    """Everything at once, each stream on a connection of its own."""
    told = Told()
    vehicles = [Vehicle(name, epoch, spec.batch) for name, epoch in spec.devices]
    streams = [Stream(spec, vehicles[number::STREAMS], told) for number in range(STREAMS)]
    every = spec.batch * STREAMS / spec.rate if spec.rate else 0
    begun, spent = time.monotonic(), time.process_time()
    await asyncio.gather(
        *(
            one_stream(spec, stream, begun + every * number / STREAMS, every)
            for number, stream in enumerate(streams)
        )
    )
    told.seconds = time.monotonic() - begun
    told.cpu_seconds = time.process_time() - spent
    took = [seconds * MILLISECONDS for stream in streams for seconds in stream.took]
    told.p50_ms, told.p99_ms = percentile(took, 50), percentile(took, 99)
    return told


async def one_stream(spec: Spec, stream: Stream, begin: float, every: float) -> None:
    """A stream on a connection of its own."""
    async with connect(spec.address, tokens=Bearer(spec.token)) as channel:
        # Bytes as they are: a batch is kept until it is answered, and never parsed again here.
        answer = pb.StreamPositionsResponse.FromString
        await stream.run(channel.stream_stream(METHOD, bytes, answer), begin, every)


def percentile(values: Sequence[float], percent: int) -> float:
    """Below it lie so many percent of them."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(sent(Spec(**json.loads(sys.stdin.readline())))))))
