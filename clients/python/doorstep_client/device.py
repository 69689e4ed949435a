"""
A device: captures at once, sends when it can, forgets only what the server has for good.

`capture`, `report` and `prove` return when their word is safe in the buffer; `flush` sends what
waits, once; `run` flushes for ever. Whatever fails is sent again under the same name, so that an
answer which was lost on the way neither loses nor doubles anything.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from doorstep.tracking.v1 import error_reason_pb2, position_pb2, proof_pb2, tracking_event_pb2
from doorstep.tracking.v1 import ingest_service_pb2 as pb

from .buffer import Buffer, Kept, Refused, Waiting

LIVE_SECONDS = 300.0  # younger positions move the map; older ones are history
BATCH_POSITIONS = 500  # of a stream; the contract states it
BATCH_EVENTS = 500
PIECE_BYTES = 512 * 1024
FLUSH_SECONDS = 3.0  # until the server says otherwise
WAIT_SECONDS = (1.0, 60.0)  # between tries while nobody answers: from, to, with jitter
CALL_SECONDS = 20.0
PASSING = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OK,  # of a stream that a stopping server ended before all of it was answered
    grpc.StatusCode.CANCELLED,  # the same, when it had no time left
    grpc.StatusCode.UNAUTHENTICATED,  # a token that is renewed meanwhile
    grpc.StatusCode.INTERNAL,  # a fault of theirs: mended some day, and the word is kept until then
    grpc.StatusCode.UNKNOWN,
)
GONE = ("EPOCH_EXPIRED", "DEVICE_UNKNOWN")

Metadata = Callable[[], Sequence[tuple[str, str | bytes]]]


class Device:
    """One device of one person or vehicle; one task at a time may flush it."""

    def __init__(
        self,
        ingest: Any,
        buffer: Buffer,
        device_id: str,
        *,
        metadata: Metadata = tuple,
        now: Callable[[], float] = time.time,
        **opened_for: Any,
    ) -> None:
        """`ingest` is an IngestServiceStub of grpc.aio; `opened_for` are fields of OpenDevice."""
        self._ingest = ingest
        self._buffer = buffer
        self._device_id = device_id
        self._metadata = metadata
        self._now = now
        self._opened_for = opened_for
        self._credit = 1
        self._flush_seconds = FLUSH_SECONDS
        self.lost = 0  # positions that waited longer than the server keeps their epoch open

    @property
    def epoch(self) -> str:
        """The epoch under which positions are numbered; empty before the first opening."""
        return self._buffer.note("epoch")

    @property
    def waiting(self) -> int:
        """How much waits."""
        return self._buffer.waiting

    @property
    def refused(self) -> list[Refused]:
        """What the server will never take, with its reason."""
        return self._buffer.refused()

    def capture(self, position: position_pb2.Position) -> None:
        """
        Numbers a position and keeps it. Before the device was ever opened its epoch is not known:
        it is numbered under a name of its own, which the first opening replaces.
        """
        epoch, kept = self.epoch, position_pb2.Position()
        kept.CopyFrom(position)
        kept.sequence = self._buffer.next_sequence(epoch)
        captured = position.device_time.ToMicroseconds() / 1e6 or self._now()
        self._buffer.add_position(Kept(epoch, kept.sequence, kept.SerializeToString()), captured)

    def report(self, event: tracking_event_pb2.TrackingEvent) -> str:
        """Keeps a fact; its id, which never changes."""
        kept = tracking_event_pb2.TrackingEvent()
        kept.CopyFrom(event)
        kept.event_id = kept.event_id or str(uuid.uuid4())
        kept.device_id = kept.device_id or self._device_id
        self._buffer.put("event", kept.SerializeToString())
        return kept.event_id

    def prove(self, proof: proof_pb2.Proof) -> str:
        """Keeps a proof; its id. Its media are kept by `attach`."""
        kept = proof_pb2.Proof()
        kept.CopyFrom(proof)
        kept.proof_id = kept.proof_id or str(uuid.uuid4())
        request = pb.SubmitProofRequest(request_id=str(uuid.uuid4()), proof=kept)
        self._buffer.put("proof", request.SerializeToString())
        return kept.proof_id

    def attach(self, data: bytes, content_type: str) -> str:
        """Keeps a photo or signature; its SHA-256, by which a proof names it."""
        name = hashlib.sha256(data).hexdigest()
        request = pb.UploadMediaRequest(
            sha256=name, data=data, total_bytes=len(data), content_type=content_type
        )
        self._buffer.put("media", request.SerializeToString())
        return name

    async def run(self) -> None:
        """Flushes for ever; waits longer and longer while nobody answers."""
        delay, longest = WAIT_SECONDS
        while True:
            try:
                await self.flush()
                delay = WAIT_SECONDS[0]
                await asyncio.sleep(self._flush_seconds)
            except grpc.aio.AioRpcError as error:
                if error.code() not in PASSING:
                    raise
                await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
                delay = min(2 * delay, longest)

    async def flush(self) -> None:
        """Sends everything that waits; raises grpc's error when somebody does not answer."""
        if not self.epoch:
            await self._open()
        live_since = self._now() - LIVE_SECONDS
        await self._send_positions(pb.LANE_LIVE, since=live_since, until=float("inf"))
        await self._send_outbox()
        await self._send_positions(pb.LANE_BACKFILL, since=float("-inf"), until=live_since)

    async def _open(self) -> None:
        """A new epoch. An opening whose answer was lost is repeated, and gets the same epoch."""
        asked = self._buffer.note("opening") or str(uuid.uuid4())
        self._buffer.keep_note("opening", asked)
        request = pb.OpenDeviceRequest(
            request_id=asked, device_id=self._device_id, **self._opened_for
        )
        answer = await self._ingest.OpenDevice(request, **self._call())
        self._credit = max(1, answer.credit_count)
        self._flush_seconds = answer.flush_duration.ToTimedelta().total_seconds() or FLUSH_SECONDS
        self._buffer.begin_epoch(answer.device.epoch)

    async def _send_positions(self, lane: Any, *, since: float, until: float) -> None:
        """Batch by batch, until none is left that was there at the start."""
        newest = lane == pb.LANE_LIVE
        while waiting := self._buffer.positions(
            since=since, until=until, newest=newest, limit=BATCH_POSITIONS * self._credit
        ):
            for epoch, own in groupby(waiting, key=lambda one: one.epoch):
                if await self._stream(epoch, list(own), lane):
                    await self._open()

    async def _stream(self, epoch: str, positions: list[Kept], lane: Any) -> bool:
        """Sends positions of one epoch on a stream; whether the epoch should be renewed."""
        call = self._ingest.StreamPositions(metadata=self._metadata())
        sent: deque[list[Kept]] = deque()
        renew = False
        try:
            for batch in _cut(positions, BATCH_POSITIONS):
                await _write(call, self._batch(epoch, batch, lane))
                sent.append(batch)
                if len(sent) >= self._credit:
                    renew = await self._answered(call, sent) or renew
            await call.done_writing()
            while sent:
                renew = await self._answered(call, sent) or renew
        except grpc.aio.AioRpcError as error:
            return self._given_up(epoch, error)
        finally:
            call.cancel()
        return renew

    async def _answered(self, call: Any, sent: deque[list[Kept]]) -> bool:
        """Takes one answer: answers come in the order of the batches."""
        answer = await call.read()
        if answer is grpc.aio.EOF:
            await _raise_end(call)
        self._buffer.drop_positions(sent.popleft())
        self._credit = max(1, answer.credit_count)
        return bool(answer.renew)

    def _given_up(self, epoch: str, error: grpc.aio.AioRpcError) -> bool:
        """An epoch that the server no longer takes is counted as lost; a new one begins."""
        if reason_of(error) not in GONE:
            raise error
        self.lost += self._buffer.drop_epoch(epoch)
        return epoch == self.epoch

    def _batch(self, epoch: str, positions: list[Kept], lane: Any) -> pb.StreamPositionsRequest:
        return pb.StreamPositionsRequest(
            device_id=self._device_id,
            epoch=epoch,
            positions=[position_pb2.Position.FromString(one.body) for one in positions],
            lane=lane,
        )

    async def _send_outbox(self) -> None:
        """Facts and proofs in their order; what is refused for good is put aside."""
        while waiting := self._buffer.outbox(BATCH_EVENTS):
            kind, own = next(groupby(waiting, key=lambda one: one.kind))
            if kind == "event":
                await self._send_events(list(own))
                continue
            send = self._send_proof if kind == "proof" else self._send_media
            await self._send_one(send, waiting[0])

    async def _send_events(self, waiting: list[Waiting]) -> None:
        events = [tracking_event_pb2.TrackingEvent.FromString(one.body) for one in waiting]
        request = pb.BatchRecordEventsRequest(events=events)
        answer = await self._ingest.BatchRecordEvents(request, **self._call())
        for one, result in zip(waiting, answer.results, strict=True):
            if result.status == pb.EVENT_STATUS_REJECTED:
                reason = error_reason_pb2.ErrorReason.Name(result.error_reason)
                self._buffer.refuse(one, reason.removeprefix("ERROR_REASON_"))
        self._buffer.sent(waiting)

    async def _send_one(self, send: Any, waiting: Waiting) -> None:
        try:
            await send(waiting.body)
        except grpc.aio.AioRpcError as error:
            if error.code() in PASSING:
                raise
            self._buffer.refuse(waiting, reason_of(error))
        else:
            self._buffer.sent([waiting])

    async def _send_proof(self, body: bytes) -> None:
        await self._ingest.SubmitProof(pb.SubmitProofRequest.FromString(body), **self._call())

    async def _send_media(self, body: bytes) -> None:
        """Piece by piece, from where the server says that it stands."""
        whole, offset = pb.UploadMediaRequest.FromString(body), 0
        data = whole.data
        while offset < len(data):
            whole.offset, whole.data = offset, data[offset : offset + PIECE_BYTES]
            offset = (await self._ingest.UploadMedia(whole, **self._call())).next_offset

    def _call(self) -> dict[str, Any]:
        return {"metadata": self._metadata(), "timeout": CALL_SECONDS}


def reason_of(error: grpc.aio.AioRpcError) -> str:
    """The reason that a program can act on; the code's name where there is none."""
    call: Any = error  # it has what `from_call` reads
    status = rpc_status.from_call(call)
    for detail in status.details if status else ():
        told = error_details_pb2.ErrorInfo()
        if detail.Unpack(told):
            return str(told.reason)
    return str(error.code().name)


async def _write(call: Any, batch: pb.StreamPositionsRequest) -> None:
    try:
        await call.write(batch)
    except asyncio.InvalidStateError:  # it has ended since the write before
        await _raise_end(call)


async def _raise_end(call: Any) -> None:
    """A stream that ended before its answers: as the error that it is."""
    raise grpc.aio.AioRpcError(
        await call.code(),
        await call.initial_metadata(),
        await call.trailing_metadata(),
        await call.details(),
    )


def _cut(positions: list[Kept], length: int) -> Iterator[list[Kept]]:
    for start in range(0, len(positions), length):
        yield positions[start : start + length]
