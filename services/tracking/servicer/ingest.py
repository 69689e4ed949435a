"""IngestService: what devices and people report."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from doorstep.tracking.v1 import device_pb2, error_reason_pb2
from doorstep.tracking.v1 import ingest_service_pb2 as pb
from doorstep.tracking.v1 import ingest_service_pb2_grpc as pb_grpc
from doorstep.tracking.v1 import tracking_event_pb2 as event_pb
from meshkit.caller import Caller, Role, current_caller
from meshkit.errors import Denied, Invalid, NotFound, Violation
from meshkit.feed import shard_of
from meshkit.idempotency import Call, commit_once
from meshkit.ids import new_id, new_uuid
from meshkit.postgres import Transaction
from meshkit.traces import continued
from services.tracking.adapters.ingest import SHARDS
from services.tracking.convert import positions as wire
from services.tracking.convert.facts import BadFact, fact
from services.tracking.convert.proofs import media_to_proto, proof, proof_to_proto
from services.tracking.convert.wire import duration, number, stamp, word
from services.tracking.domain.batch import Answer, Lane
from services.tracking.domain.device import Device, DeviceKind, EpochOwner
from services.tracking.ports import Epochs, FactStatus, Ingest
from services.tracking.servicer.common import Context, Desk, digest_of, tenant
from services.tracking.servicer.media import taken
from services.tracking.servicer.streaming import answered
from services.tracking.usecases.devices import open_device
from services.tracking.usecases.facts import record_fact
from services.tracking.usecases.proofs import submit

STREAM_POSITIONS_MAX = 500  # of a batch on a stream; the contract states it
FLUSH = timedelta(seconds=3)  # how often a device should send

log = structlog.get_logger()


class IngestServicer(pb_grpc.IngestServiceServicer):
    """Positions, facts, proofs and files."""

    def __init__(self, desk: Desk, ingest: Ingest, epochs: Epochs, *, credit: int) -> None:
        self._desk = desk
        self._ingest = ingest
        self._epochs = epochs
        self._credit = credit

    async def OpenDevice(
        self, request: pb.OpenDeviceRequest, context: Context
    ) -> pb.OpenDeviceResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._open, request)
        return await commit_once(self._desk.db, call, pb.OpenDeviceResponse, effect)

    async def StreamPositions(
        self, request_iterator: AsyncIterator[pb.StreamPositionsRequest], context: Context
    ) -> AsyncIterator[pb.StreamPositionsResponse]:
        take = partial(self._take, current_caller())
        async for (request, renew), answer in answered(request_iterator, take, self._credit):
            credit, now = self._credit_left(request), self._desk.clock.now()
            yield wire.stream_answer(request, answer, credit, now, renew)

    async def BatchRecordPositions(
        self, request: pb.BatchRecordPositionsRequest, context: Context
    ) -> pb.BatchRecordPositionsResponse:
        caller = current_caller()
        epoch, owner = await self._owner(caller, request.device_id, request.epoch)
        answer = await (await self._enqueue(request, epoch, owner, wait=False))
        return wire.batch_answer(answer, self._desk.clock.now(), owner.renew)

    async def BatchRecordEvents(
        self, request: pb.BatchRecordEventsRequest, context: Context
    ) -> pb.BatchRecordEventsResponse:
        caller = current_caller()
        results = [await self._record(event, caller) for event in request.events]
        return pb.BatchRecordEventsResponse(
            results=results, server_time=stamp(self._desk.clock.now())
        )

    async def SubmitProof(
        self, request: pb.SubmitProofRequest, context: Context
    ) -> pb.SubmitProofResponse:
        call = Call.of(current_caller(), request)
        effect = partial(self._submit, request)
        return await commit_once(self._desk.db, call, pb.SubmitProofResponse, effect)

    async def UploadMedia(
        self, request: pb.UploadMediaRequest, context: Context
    ) -> pb.UploadMediaResponse:
        kept = await taken(self._desk, request)
        return pb.UploadMediaResponse(next_offset=kept.received_bytes, media=media_to_proto(kept))

    async def _open(self, request: pb.OpenDeviceRequest, tx: Transaction) -> pb.OpenDeviceResponse:
        caller, (now, real_now), epoch = current_caller(), self._desk.now, new_uuid()
        asked = _device(request, epoch, now)
        world = self._desk.worlds(tx)
        opened = await open_device(world, asked, caller, now, real_now, epoch)
        return pb.OpenDeviceResponse(
            device=_device_to_proto(opened),
            credit_count=self._credit,
            flush_duration=duration(FLUSH),
            server_time=stamp(now),
        )

    async def _take(
        self, caller: Caller, request: pb.StreamPositionsRequest
    ) -> tuple[tuple[pb.StreamPositionsRequest, bool], Awaitable[Answer]]:
        if len(request.positions) > STREAM_POSITIONS_MAX:
            raise Invalid(
                "BATCH_TOO_LARGE",
                f"{len(request.positions)} positions in a batch, {STREAM_POSITIONS_MAX} at most",
            )
        epoch, owner = await self._owner(caller, request.device_id, request.epoch)
        promise = await self._enqueue(request, epoch, owner, wait=True)
        return (_heading(request), owner.renew), promise

    async def _enqueue(
        self, request: Any, epoch: UUID, owner: EpochOwner, *, wait: bool
    ) -> Awaitable[Answer]:
        of = tenant()
        batch = wire.batch(
            (of, request.device_id, epoch),
            shard_of(f"{of}\n{request.device_id}", SHARDS),
            _lane(request),
            request.positions,
            self._desk.clock.now(),
            owner.home,
        )
        return await self._ingest.enqueue(batch, wait=wait)

    async def _owner(self, caller: Caller, device_id: str, epoch: str) -> tuple[UUID, EpochOwner]:
        """The epoch, and for whom it was given. Refuses devices of others."""
        try:
            name = UUID(epoch)
        except ValueError:
            raise NotFound("DEVICE_UNKNOWN", "no such device and epoch: open the device") from None
        owner = await self._epochs.owner(caller.required_tenant(), device_id, name)
        foreign = caller.role is Role.DRIVER and owner.driver_id != caller.driver_id
        if foreign or (caller.role is Role.CARRIER and owner.carrier_id != caller.carrier_id):
            raise Denied("DEVICE_NOT_YOURS", "the device stands for somebody else")
        return name, owner

    def _credit_left(self, request: pb.StreamPositionsRequest) -> int:
        return self._credit if self._ingest.free(_lane(request)) else 0

    async def _record(self, event: event_pb.TrackingEvent, caller: Caller) -> pb.EventResult:
        """One fact, in a transaction and a trace of its own."""
        now = self._desk.now
        try:
            told = fact(event, caller, now[0])
        except BadFact as bad:
            return _rejected(event, error_reason_pb2.ERROR_REASON_EVENT_INVALID, bad.words)
        trace = event.traceparent
        about = {"event_name": told.name}
        with continued("record_fact", trace, about) if trace else nullcontext():
            async with self._desk.db.transaction(caller.required_tenant()) as tx:
                world = self._desk.worlds(tx)
                status = await record_fact(world, told, digest_of(event), now, new_id)
        if status is FactStatus.REJECTED:
            words = "another fact has this event_id"
            return _rejected(event, error_reason_pb2.ERROR_REASON_EVENT_ID_REUSED, words)
        return pb.EventResult(event_id=event.event_id, status=number(pb.EventStatus, status))

    async def _submit(
        self, request: pb.SubmitProofRequest, tx: Transaction
    ) -> pb.SubmitProofResponse:
        now = self._desk.now
        try:
            captured = proof(request.proof, now[0])
        except ValueError as error:
            fault = Violation("proof.location", str(error))
            raise Invalid(
                "EVENT_INVALID", "the proof has no such place", violations=[fault]
            ) from error
        world, digest = self._desk.worlds(tx), digest_of(request.proof)
        kept = await submit(world, captured, digest, current_caller(), now, new_id)
        return pb.SubmitProofResponse(proof=proof_to_proto(kept))


def _heading(request: pb.StreamPositionsRequest) -> pb.StreamPositionsRequest:
    """A batch without its positions: what waits for a device to read its answers is small."""
    return pb.StreamPositionsRequest(
        device_id=request.device_id, epoch=request.epoch, lane=request.lane
    )


def _lane(request: Any) -> Lane:
    return Lane.BACKFILL if request.lane == pb.LANE_BACKFILL else Lane.LIVE


def _device(request: pb.OpenDeviceRequest, epoch: UUID, now: datetime) -> Device:
    kind = word(device_pb2.DeviceKind, request.kind, DeviceKind)
    return Device(
        device_id=request.device_id,
        kind=DeviceKind.PHONE if kind is DeviceKind.UNSPECIFIED else kind,
        epoch=epoch,
        epoch_expires=datetime.now(UTC),
        created_at=now,
        driver_id=request.driver_id,
        vehicle_id=request.vehicle_id,
        shift_id=request.shift_id,
        route_id=request.route_id,
        software=request.software,
    )


def _device_to_proto(one: Device) -> device_pb2.Device:
    return device_pb2.Device(
        device_id=one.device_id,
        kind=number(device_pb2.DeviceKind, one.kind),
        driver_id=one.driver_id,
        vehicle_id=one.vehicle_id,
        shift_id=one.shift_id,
        route_id=one.route_id,
        carrier_id=one.carrier_id,
        epoch=str(one.epoch),
        epoch_expire_time=stamp(one.epoch_expires),
        create_time=stamp(one.created_at),
    )


def _rejected(event: event_pb.TrackingEvent, reason: Any, words: str) -> pb.EventResult:
    return pb.EventResult(
        event_id=event.event_id,
        status=pb.EVENT_STATUS_REJECTED,
        error_reason=reason,
        error_message=words,
    )
