"""
The devices of a run, through the public contract only, each in its own way of being difficult.

- A streaming one keeps batches in flight, sends again whatever was not answered, and repeats old
  positions now and then; told to replay, it sends all it ever had again on a second stream.
- A hoard was captured offline: its positions come shuffled, with many twice, in the lane for
  backfill; an archive is larger, and only its batches are shuffled.
- A partner posts batches one by one and sometimes the same again.
- A phone is `doorstep_client` with its buffer on disk; after a failure it is started anew.

All content follows from device and sequence, so that a repeated position is the same for ever.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import grpc
from google.type.latlng_pb2 import LatLng

from clients.python.doorstep_client.buffer import Buffer
from clients.python.doorstep_client.device import Device
from doorstep.tracking.v1 import ingest_service_pb2 as pb
from doorstep.tracking.v1 import position_pb2
from doorstep.tracking.v1.ingest_service_pb2_grpc import IngestServiceStub
from tests.benchmarks.faults_clients import Doors, Troubles, next_of, pause
from tests.benchmarks.faults_history import Sent

CREDIT = 8  # batches in flight
BATCH_MAX = 80
AT_ONCE = 300  # captured between two looks
FULL = 500  # the largest batch of a stream; the contract states it
REPEATED = 0.1  # of batches that bring old positions too
TWICE = 0.3  # of positions that a replay brings twice
POST_SECONDS = 5.0
LOOK_SECONDS = 0.05  # between two looks at what has been captured
MICROS = 1_000_000
SPOTS = 97  # places within some meters, so that no order of them is too fast to be true

Thing = TypeVar("Thing")
Batches = Callable[[], Sequence[list[int]] | None]  # what else there is to send; None: nothing ever


class Captures:
    """Positions as time brings them, until the run stops; on a slow machine fewer."""

    def __init__(
        self, sent: Sent, per_second: float, stopped: asyncio.Event, at_once: int = AT_ONCE
    ) -> None:
        self._sent, self._per_second, self._stopped = sent, per_second, stopped
        self._at_once = at_once
        self._looked = time.monotonic()

    def fresh(self) -> range | None:
        """The sequences captured since the last look; None when there will be no more."""
        if self._stopped.is_set():
            return None
        due = int((time.monotonic() - self._looked) * self._per_second)
        self._looked += due / self._per_second
        first = self._sent.produced + 1
        self._sent.produced += min(due, self._at_once)
        return range(first, self._sent.produced + 1)


class Streaming:
    """A device on streams of its own."""

    def __init__(self, doors: Doors, sent: Sent, dice: random.Random, troubles: Troubles) -> None:
        self._doors, self.sent, self._dice, self._troubles = doors, sent, dice, troubles

    async def live(self, captures: Captures) -> None:
        """Captures and sends until the run stops and everything is answered."""

        def coming() -> Sequence[list[int]] | None:
            fresh = captures.fresh()
            return None if fresh is None else [self._spiced(one) for one in cut(fresh, self._dice)]

        await self.send(pb.LANE_LIVE, coming)

    async def replay(self) -> None:
        """Sends everything again, shuffled, much of it twice."""
        every = [*range(1, self.sent.produced + 1)]
        await self._backfill([*cut(shuffled(every, self._dice), self._dice)])

    async def empty(self) -> None:
        """Sends everything in full batches, which come in any order."""
        every = range(1, self.sent.produced + 1)
        batches = [[*every[n : n + FULL]] for n in range(0, len(every), FULL)]
        await self._backfill(shuffled(batches, self._dice))

    async def _backfill(self, batches: Sequence[list[int]]) -> None:
        coming = iter([batches])
        await self.send(pb.LANE_BACKFILL, lambda: next(coming, None))

    async def send(self, lane: Any, coming: Batches) -> None:
        """Sends batches until there are no more and all are answered."""
        waiting: deque[list[int]] = deque()
        while True:
            try:
                async with self._doors.one(self._dice, 0) as channel:
                    return await self._stream(IngestServiceStub(channel), lane, coming, waiting)
            except grpc.aio.AioRpcError as error:
                self._troubles.note(error)
            except asyncio.InvalidStateError:  # the stream ended between two writes
                self._troubles.passing["ENDED"] += 1
            await pause(self._dice)

    async def _stream(
        self, stub: Any, lane: Any, coming: Batches, waiting: deque[list[int]]
    ) -> None:
        call = stub.StreamPositions(metadata=self._doors.metadata)
        try:
            while (more := coming()) is not None or waiting:
                waiting.extend(more or ())
                flight = [*islice(waiting, CREDIT)]
                for batch in flight:
                    await call.write(self._request(batch, lane))
                for batch in flight:
                    noted(self.sent, batch, await next_of(call))
                    waiting.popleft()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            call.cancel()

    def _request(self, batch: Sequence[int], lane: Any) -> pb.StreamPositionsRequest:
        self.sent.sent += len(batch)
        positions = [position(self.sent, n) for n in batch]
        return pb.StreamPositionsRequest(
            device_id=self.sent.device_id, epoch=self.sent.epoch, positions=positions, lane=lane
        )

    def _spiced(self, batch: list[int]) -> list[int]:
        if batch[0] == 1 or self._dice.random() > REPEATED:
            return batch
        return [*self._dice.sample(range(1, batch[0]), min(5, batch[0] - 1)), *batch]


async def post(
    doors: Doors, sent: Sent, dice: random.Random, troubles: Troubles, captures: Captures
) -> None:
    """A partner: batch by batch, each until it is answered, one in ten twice."""
    waiting: deque[list[int]] = deque()
    while (fresh := captures.fresh()) is not None or waiting:
        waiting.extend(cut(fresh or (), dice))
        if not waiting:
            await asyncio.sleep(LOOK_SECONDS)
            continue
        positions = [position(sent, n) for n in waiting[0]]
        request = pb.BatchRecordPositionsRequest(
            device_id=sent.device_id, epoch=sent.epoch, positions=positions
        )
        sent.sent += len(positions)
        try:
            async with doors.one(dice, 0) as channel:
                called = IngestServiceStub(channel).BatchRecordPositions
                answer = await called(request, metadata=doors.metadata, timeout=POST_SECONDS)
        except grpc.aio.AioRpcError as error:
            troubles.note(error)
            await pause(dice)
            continue
        noted(sent, waiting[0], answer)
        if dice.random() > REPEATED:
            waiting.popleft()


async def phone(
    doors: Doors, sent: Sent, folder: Path, troubles: Troubles, captures: Captures
) -> None:
    """The client library; what has left its buffer was acknowledged."""
    file, dice = folder / f"{sent.tenant}-{sent.device_id}.sqlite", random.Random(sent.device_id)
    fresh: range | None = range(0)
    while fresh is not None or sent.unanswered:
        with Buffer(file) as buffer:  # each turn as after a crash of the app
            async with doors.both() as channel:
                stub = IngestServiceStub(channel)
                device = Device(stub, buffer, sent.device_id, metadata=lambda: doors.metadata)
                try:
                    while (fresh := captures.fresh()) is not None or device.waiting:
                        for sequence in fresh or ():
                            device.capture(position(sent, sequence))
                        await device.flush()
                        await asyncio.sleep(LOOK_SECONDS)
                except grpc.aio.AioRpcError as error:
                    troubles.note(error)
                finally:
                    _left(sent, device, buffer)
        await pause(dice)


def _left(sent: Sent, device: Device, buffer: Buffer) -> None:
    """Whatever is no longer in the buffer has been acknowledged; nothing may be given up."""
    span = {"since": float("-inf"), "until": float("inf")}
    waiting = buffer.positions(**span, newest=False, limit=sent.produced + 1)
    sent.epoch = device.epoch
    sent.acked = {*range(1, sent.produced + 1)} - {one.sequence for one in waiting}
    if device.lost:
        sent.rejects["GIVEN_UP"] += device.lost


def position(sent: Sent, sequence: int) -> position_pb2.Position:
    """What a device captured at a moment, the same whenever it is asked for."""
    made = position_pb2.Position(
        sequence=sequence,
        location=LatLng(latitude=60.1 + sequence % SPOTS * 1e-6, longitude=24.9),
        accuracy_meters=5,
    )
    made.device_time.FromMicroseconds(sent.micros(sequence))
    return made


def noted(sent: Sent, batch: Sequence[int], answer: Any) -> None:
    """Takes down an answer."""
    rejects = {
        one.sequence: position_pb2.PositionRejectReason.Name(one.reason) for one in answer.rejects
    }
    sent.answered(batch, answer.accepted_count, answer.acked_through_sequence, rejects)


def cut(sequences: Sequence[int], dice: random.Random) -> Iterator[list[int]]:
    """Batches of any size."""
    start = 0
    while start < len(sequences):
        end = start + dice.randint(1, BATCH_MAX)
        yield [*sequences[start:end]]
        start = end


def shuffled(things: list[Thing], dice: random.Random) -> list[Thing]:
    """In any order, with many of them twice."""
    twice = dice.sample(things, int(len(things) * TWICE))
    return dice.sample([*things, *twice], len(things) + len(twice))
