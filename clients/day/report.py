"""What a driver's phone says: each fact of the day as the contract writes it."""

from __future__ import annotations

import hashlib
import random
import struct
import zlib
from collections.abc import Sequence
from datetime import datetime

from clients.day.drive import Point, meters_between
from clients.day.wire import latlng, stamp
from doorstep.dispatch.v1 import duty_pb2, duty_service_pb2, manifest_pb2, parcel_pb2
from doorstep.tracking.v1 import ingest_service_pb2, proof_pb2, tracking_event_pb2
from doorstep.tracking.v1.tracking_event_pb2 import TrackingEvent

PHOTO_SIDE_PIXELS = 16


def meters_along(points: Sequence[Point]) -> int:
    return round(sum(map(meters_between, points, points[1:])))


def duty(
    record_id: str, driver_id: str, status: duty_pb2.DutyStatus.ValueType, at: datetime
) -> duty_service_pb2.RecordDutyStatusRequest:
    record = duty_pb2.DutyRecord(
        duty_record_id=record_id,
        driver_id=driver_id,
        status=status,
        event_time=stamp(at),
        source=duty_pb2.DUTY_SOURCE_DEVICE,
    )
    return duty_service_pb2.RecordDutyStatusRequest(record=record)


def odometer(meters: int) -> tracking_event_pb2.Telemetry:
    return tracking_event_pb2.Telemetry(odometer_meters=meters)


def route_start(route_id: str, at: datetime) -> TrackingEvent:
    start = tracking_event_pb2.RouteStart(telemetry=odometer(0))
    return TrackingEvent(event_time=stamp(at), route_id=route_id, route_start=start)


def route_end(route_id: str, at: datetime, meters: int) -> TrackingEvent:
    end = tracking_event_pb2.RouteEnd(telemetry=odometer(meters))
    return TrackingEvent(event_time=stamp(at), route_id=route_id, route_end=end)


def loaded(
    task: manifest_pb2.ManifestTask, parcel: parcel_pb2.Parcel, at: datetime
) -> TrackingEvent:
    scan = tracking_event_pb2.ParcelScan(
        parcel_id=parcel.parcel_id,
        barcode=parcel.barcode,
        kind=tracking_event_pb2.SCAN_KIND_LOADED,
    )
    return TrackingEvent(
        event_time=stamp(at),
        task_id=task.task_id,
        delivery_id=task.delivery_id,
        parcel_scanned=scan,
    )


def arrived(
    stop: manifest_pb2.ManifestStop, at: datetime, where: Point, meters: int
) -> TrackingEvent:
    arrival = tracking_event_pb2.Arrival(telemetry=odometer(meters))
    return TrackingEvent(
        event_time=stamp(at),
        stop_id=stop.stop.stop_id,
        location=latlng(where),
        arrived=arrival,
    )


def departed(
    stop: manifest_pb2.ManifestStop, at: datetime, where: Point, meters: int
) -> TrackingEvent:
    departure = tracking_event_pb2.Departure(telemetry=odometer(meters))
    return TrackingEvent(
        event_time=stamp(at),
        stop_id=stop.stop.stop_id,
        location=latlng(where),
        departed=departure,
    )


def at_the_door(
    stop: manifest_pb2.ManifestStop, task: manifest_pb2.ManifestTask, at: datetime, where: Point
) -> TrackingEvent:
    return TrackingEvent(
        event_time=stamp(at),
        stop_id=stop.stop.stop_id,
        task_id=task.task_id,
        delivery_id=task.delivery_id,
        location=latlng(where),
        traceparent=task.traceparent,
    )


def delivered(
    stop: manifest_pb2.ManifestStop, task: manifest_pb2.ManifestTask, at: datetime, where: Point
) -> TrackingEvent:
    fact = at_the_door(stop, task, at, where)
    fact.delivered.CopyFrom(
        tracking_event_pb2.Success(
            handover=tracking_event_pb2.HANDOVER_RECIPIENT,
            parcel_ids=[parcel.parcel_id for parcel in task.parcels],
            climbed_floor_count=max(stop.access_profile.floor, 0),
        )
    )
    return fact


def failed(
    stop: manifest_pb2.ManifestStop,
    task: manifest_pb2.ManifestTask,
    at: datetime,
    where: Point,
    reason: str,
) -> TrackingEvent:
    fact = at_the_door(stop, task, at, where)
    value = tracking_event_pb2.FailureReason.Value(f"FAILURE_REASON_{reason}")
    fact.attempt_failed.CopyFrom(tracking_event_pb2.Failure(reason=value))
    return fact


def collected(
    stop: manifest_pb2.ManifestStop, task: manifest_pb2.ManifestTask, at: datetime
) -> TrackingEvent:
    collection = tracking_event_pb2.Collection(
        amount=task.amount_to_collect.amount, method=tracking_event_pb2.PAYMENT_METHOD_CARD
    )
    return TrackingEvent(
        event_time=stamp(at),
        stop_id=stop.stop.stop_id,
        task_id=task.task_id,
        delivery_id=task.delivery_id,
        amount_collected=collection,
    )


def breakdown(route_id: str, at: datetime, where: Point) -> TrackingEvent:
    trouble = tracking_event_pb2.Trouble(kind=tracking_event_pb2.TROUBLE_KIND_BREAKDOWN)
    return TrackingEvent(
        event_time=stamp(at),
        route_id=route_id,
        location=latlng(where),
        trouble_reported=trouble,
    )


def proof(
    task: manifest_pb2.ManifestTask, at: datetime, where: Point, dice: random.Random
) -> tuple[ingest_service_pb2.UploadMediaRequest, proof_pb2.Proof]:
    """A photo as a phone would upload it, and the proof that names it."""
    picture = png(dice)
    digest = hashlib.sha256(picture).hexdigest()
    upload = ingest_service_pb2.UploadMediaRequest(
        sha256=digest,
        offset=0,
        data=picture,
        total_bytes=len(picture),
        content_type="image/png",
    )
    item = proof_pb2.ProofItem(kind=proof_pb2.PROOF_KIND_PHOTO, media_sha256=digest)
    made = proof_pb2.Proof(
        task_id=task.task_id, capture_time=stamp(at), location=latlng(where), items=[item]
    )
    return upload, made


def png(dice: random.Random) -> bytes:
    """A small grey picture, different for every door (PNG, ISO/IEC 15948)."""
    side = PHOTO_SIDE_PIXELS
    rows = b"".join(b"\0" + dice.randbytes(side) for _ in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, body) for name, body in chunks)


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
