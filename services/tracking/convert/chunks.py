"""
Chunks of positions for the wire: encoded once, told to every watcher.

A message of the contract may be cut between the entries of a repeated field: the bytes of several
chunks, one behind the other, and those of the rest of the message are the bytes of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from doorstep.tracking.v1 import position_pb2
from doorstep.tracking.v1 import tracking_event_pb2 as event_pb
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from services.tracking.convert.sound import IGNITIONS, MICROS
from services.tracking.convert.wire import stamp
from services.tracking.domain.batch import Chunk, Columns
from services.tracking.domain.fix import TimeQuality

NANOS_A_MICRO = 1_000
NANOS_A_MILLI = 1_000_000
IGNITION_OF = {number: wire for wire, number in IGNITIONS.items()}


def chunk_to_wire(chunk: Chunk) -> bytes:
    """A chunk as entries of `WatchPositionsResponse.positions`."""
    about = position_pb2.RecordedPosition(
        device_id=chunk.device_id,
        epoch=str(chunk.epoch),
        record_time=stamp(chunk.record_time),
        time_quality=position_pb2.TIME_QUALITY_OK,
        vehicle_id=chunk.vehicle_id,
        driver_id=chunk.driver_id,
    )
    columns, message = chunk.columns, pb.WatchPositionsResponse()
    message.positions.extend([about] * len(columns))
    told = list(message.positions)  # once: the container makes them anew each time it is read
    _write_spots(columns, told)
    _write_odd(columns, told)
    return message.SerializeToString()


def rest_to_wire(cursor: str, now: datetime) -> bytes:
    """What stands beside the positions of a `WatchPositionsResponse`."""
    rest = pb.WatchPositionsResponse(cursor=cursor, server_time=stamp(now))
    return rest.SerializeToString()


def _write_spots(columns: Columns, told: Sequence[Any]) -> None:
    """What almost every position says, in one pass."""
    for one, sequence, micros, latitude, longitude, accuracy, speed, heading in zip(
        told,
        columns.sequences,
        columns.times,
        columns.latitudes,
        columns.longitudes,
        columns.accuracies,
        columns.speeds,
        columns.headings,
        strict=True,
    ):
        position = one.position
        at, place = position.device_time, position.location
        position.sequence = sequence
        at.seconds = micros // MICROS
        at.nanos = micros % MICROS * NANOS_A_MICRO
        place.latitude = latitude
        place.longitude = longitude
        position.accuracy_meters = accuracy
        if speed is not None:
            position.speed_centimeters_per_second = speed
        if heading is not None:
            position.heading_degrees = heading


def _write_odd(columns: Columns, told: Sequence[Any]) -> None:
    """What few say, column by column."""
    for place, uptime in _said(columns.uptimes):
        up = told[place].position.uptime_duration
        up.seconds, up.nanos = uptime // 1_000, uptime % 1_000 * NANOS_A_MILLI
    for place, quality in enumerate(columns.qualities):
        if quality != TimeQuality.OK:
            told[place].time_quality = quality
    _write_telemetry(columns, told)


def _said(column: list[Any]) -> list[tuple[int, Any]]:
    return [(place, value) for place, value in enumerate(column) if value is not None]


def _write_telemetry(columns: Columns, told: Sequence[Any]) -> None:
    for place, ignition in enumerate(columns.ignitions):
        if ignition:
            told[place].position.telemetry.ignition = IGNITION_OF.get(
                ignition, event_pb.IGNITION_UNSPECIFIED
            )
    for place, odometer in _said(columns.odometers):
        told[place].position.telemetry.odometer_meters = odometer
    for place, charge in _said(columns.charges):
        told[place].position.telemetry.state_of_charge_ratio = charge
    for place, auxiliary in enumerate(columns.auxiliaries):
        if auxiliary:
            told[place].position.telemetry.auxiliary_needed = True
