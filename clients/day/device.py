"""
A driver's phone: numbers its positions when it captures them and keeps them until acknowledged.

Facts and proofs wait in an outbox in the order of their happening. Whatever fails is sent again
with the same identity, so a service that dies in between loses nothing and doubles nothing. What
the phone captured is its sent log: the day counts lost and doubled events against it.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from typing import Any

from clients.day.drive import Reading
from clients.day.retry import PASSING, Send, backoff, persist
from clients.day.stopped import Stopped
from clients.day.wire import latlng, new_uuid, stamp
from doorstep.tracking.v1 import ingest_service_pb2 as ingest_pb2
from doorstep.tracking.v1 import ingest_service_pb2_grpc as ingest_grpc
from doorstep.tracking.v1 import position_pb2, proof_pb2, tracking_event_pb2
from meshkit.errors import Unavailable

BATCH_POSITIONS_MAX = 200
FLUSH_SECONDS = 0.4  # real seconds between two sends of what was captured meanwhile


class Device:
    """One phone of one driver, on one shift."""

    def __init__(
        self, stub: ingest_grpc.IngestServiceAsyncStub, device_id: str, dice: random.Random
    ) -> None:
        self.device_id = device_id
        self.captured: list[tuple[str, int]] = []  # epoch and sequence of every position
        self.event_ids: list[str] = []
        self.proof_ids: list[str] = []
        self._stub = stub
        self._dice = dice
        self._epoch = ""
        self._sequence = 0
        self._waiting: deque[position_pb2.Position] = deque()
        self._outbox: deque[tuple[Send, Context]] = deque()

    def new_id(self) -> str:
        return new_uuid(self._dice.getrandbits(128))

    async def open(self, driver_id: str, vehicle_id: str, shift_id: str) -> None:
        request = ingest_pb2.OpenDeviceRequest(
            request_id=self.new_id(),
            device_id=self.device_id,
            driver_id=driver_id,
            vehicle_id=vehicle_id,
            shift_id=shift_id,
            software="doorstep-day",
        )
        reply = await persist(lambda: self._stub.OpenDevice(request), self._dice)
        self._epoch = reply.device.epoch

    def capture(self, reading: Reading, charge_ratio: float | None) -> None:
        """Numbers a reading and keeps it until the service says that it is durable."""
        self._sequence += 1
        self._waiting.append(position(self._sequence, reading, charge_ratio))
        self.captured.append((self._epoch, self._sequence))

    def report(self, fact: tracking_event_pb2.TrackingEvent) -> None:
        """Puts a fact into the outbox; its id is given here and never changes."""
        fact.event_id = self.new_id()
        fact.device_id = self.device_id
        self.event_ids.append(fact.event_id)
        request = ingest_pb2.BatchRecordEventsRequest(events=[fact])
        self._put(lambda: self._record(request))

    def prove(self, proof: proof_pb2.Proof, photo: ingest_pb2.UploadMediaRequest | None) -> None:
        """Puts a proof, and the photo it names, into the outbox."""
        proof.proof_id = self.new_id()
        self.proof_ids.append(proof.proof_id)
        request = ingest_pb2.SubmitProofRequest(request_id=self.new_id(), proof=proof)
        if photo is not None:
            self._put(lambda: self._stub.UploadMedia(photo))
        self._put(lambda: self._stub.SubmitProof(request))

    def _put(self, send: Send) -> None:
        """Keeps with it the trace in which it happened: it is sent later, by somebody else."""
        self._outbox.append((send, copy_context()))

    async def _record(self, request: ingest_pb2.BatchRecordEventsRequest) -> None:
        reply = await self._stub.BatchRecordEvents(request)
        for result in reply.results:
            if result.status == ingest_pb2.EVENT_STATUS_REJECTED:
                raise Stopped(f"event refused: {result.error_message}")

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Sends in the background; leaving the block waits until everything is acknowledged."""
        async with asyncio.TaskGroup() as tasks:
            done = asyncio.Event()
            tasks.create_task(self._send_positions(done))
            tasks.create_task(self._send_outbox(done))
            yield
            done.set()

    async def _send_outbox(self, done: asyncio.Event) -> None:
        while self._outbox or not done.is_set():
            if not self._outbox:
                await pause(done)
                continue
            send, context = self._outbox[0]
            await asyncio.create_task(persist(send, self._dice), context=context)
            self._outbox.popleft()

    async def _send_positions(self, done: asyncio.Event) -> None:
        delays = backoff(self._dice)
        while self._waiting or not done.is_set():
            try:
                await self._stream(done)
                delays = backoff(self._dice)
            except PASSING:
                await asyncio.sleep(next(delays))

    async def _stream(self, done: asyncio.Event) -> None:
        """One stream, until there is nothing left to send: a batch, its answer, the next batch."""
        call: Any = self._stub.StreamPositions()
        while self._waiting or not done.is_set():
            await pause(done)
            batch = [self._waiting[i] for i in range(min(len(self._waiting), BATCH_POSITIONS_MAX))]
            if not batch:
                continue
            await call.write(self._batch(batch))
            reply = await call.read()
            self._forget(reply)
        await call.done_writing()

    def _batch(self, batch: list[position_pb2.Position]) -> ingest_pb2.StreamPositionsRequest:
        return ingest_pb2.StreamPositionsRequest(
            device_id=self.device_id,
            epoch=self._epoch,
            positions=batch,
            lane=ingest_pb2.LANE_LIVE,
        )

    def _forget(self, reply: Any) -> None:
        if not isinstance(reply, ingest_pb2.StreamPositionsResponse):
            raise Unavailable("STREAM_ENDED", "the server ended the stream; send again")
        if reply.rejects:
            raise Stopped(f"positions refused: {reply.rejects}")
        while self._waiting and self._waiting[0].sequence <= reply.acked_through_sequence:
            self._waiting.popleft()


def position(sequence: int, reading: Reading, charge_ratio: float | None) -> position_pb2.Position:
    ignition = (
        tracking_event_pb2.IGNITION_ON if reading.ignition else tracking_event_pb2.IGNITION_OFF
    )
    return position_pb2.Position(
        sequence=sequence,
        device_time=stamp(reading.time),
        location=latlng(reading.point),
        accuracy_meters=round(reading.accuracy_meters),
        speed_centimeters_per_second=round(reading.speed_meters_per_second * 100),
        telemetry=tracking_event_pb2.Telemetry(
            ignition=ignition,
            odometer_meters=reading.odometer_meters,
            state_of_charge_ratio=charge_ratio,
        ),
    )


async def pause(done: asyncio.Event) -> None:
    """A short wait in real time, cut short when the shift is over."""
    try:
        await asyncio.wait_for(done.wait(), FLUSH_SECONDS)
    except TimeoutError:
        return
