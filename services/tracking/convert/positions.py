"""
Positions: from the wire into columns without an object per position, and back.

Almost every batch is sound as a whole (`sound`). The others are judged position by position here;
everything in that loop is a bare number on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from doorstep.tracking.v1 import ingest_service_pb2 as pb
from doorstep.tracking.v1 import position_pb2, tracking_event_pb2
from services.tracking.convert.sound import (
    ACCURACY_MAX,
    DEGREES_A_SECOND_SURE,
    NEAR_DEGREES,
    SECONDS_MIN,
    SEQUENCE_MAX,
    SMALL_MAX,
    UPTIME_SECONDS_MAX,
    Degrees,
    sound,
    uptime_milliseconds,
    write_telemetry,
)
from services.tracking.convert.wire import (
    EPOCH,
    duration,
    is_moment,
    latlng,
    moment,
    number,
    stamp,
)
from services.tracking.domain.batch import Answer, Batch, Columns, Lane, runs_of
from services.tracking.domain.fix import (
    FUTURE_MAX,
    PAST_MAX,
    SPEED_MAX_METERS_PER_SECOND,
    RecordedFix,
    Reject,
    RejectReason,
    judged_time,
)
from services.tracking.domain.geo import NULL_ISLAND_DEGREES, meters_between
from services.tracking.domain.words import Ignition

MICROSECOND = timedelta(microseconds=1)
SWAPPED_RATIO = 100
Spot = tuple[float, float, float]  # seconds, latitude, longitude
Trail = tuple[Spot | None, Spot | None]  # the last that was kept, and a jump away from it
NOWHERE: Trail = (None, None)


def batch(
    whose: tuple[str, str, UUID],
    shard: int,
    lane: Lane,
    positions: Sequence[position_pb2.Position],
    received: datetime,
    home: Degrees | None = None,
) -> Batch:
    """
    A batch of one device (tenant, device, epoch): sound as a whole, or judged one by one.

    `home` is a place near which the device is at work, where one is known.
    """
    since = (received - PAST_MAX - EPOCH) / timedelta(seconds=1)
    until = (received + FUTURE_MAX - EPOCH) // timedelta(seconds=1)
    positions = list(positions)  # once: the container makes them anew each time it is read
    columns = sound(positions, since, until, home)
    if columns is None:
        nothing = Batch(*whose, shard, Columns(), (), (), (), lane)
        return _judged(nothing, positions, received, home)
    runs = runs_of(columns.sequences)
    return Batch(*whose, shard, columns, (), tuple(range(len(columns))), runs, lane)


def _judged(
    into: Batch,
    positions: Sequence[position_pb2.Position],
    received: datetime,
    home: Degrees | None,
) -> Batch:
    """Some positions are odd, or out of order: each is looked at on its own."""
    columns, rejects, indexes, sequences = Columns(), list[Reject](), list[int](), list[int]()
    trail = NOWHERE
    for index, one in enumerate(positions):
        reason, trail = _fault(one, trail, home)
        if 0 < one.sequence < SEQUENCE_MAX:
            sequences.append(one.sequence)
        if reason is not None:
            rejects.append(Reject(one.sequence, index, reason))
            continue
        indexes.append(index)
        _append(columns, one, received)
    kept, others = _first_of_each(columns)
    conflicts = [
        Reject(columns.sequences[place], indexes[place], RejectReason.SEQUENCE_CONFLICT)
        for place in others
    ]
    return replace(
        into,
        columns=columns.at(kept),
        rejects=(*rejects, *conflicts),
        indexes=tuple(indexes[place] for place in kept),
        runs=runs_of(sequences),
        repeats=len(columns) - len(kept) - len(conflicts),
    )


def _first_of_each(columns: Columns) -> tuple[list[int], list[int]]:
    """The places of the first of each sequence, ascending; and of those that contradict it."""
    kept, others = list[int](), list[int]()
    for place in sorted(range(len(columns)), key=columns.sequences.__getitem__):
        if not kept or columns.sequences[kept[-1]] != columns.sequences[place]:
            kept.append(place)
        elif columns.spot(kept[-1]) != columns.spot(place):
            others.append(place)
    return kept, others


def _fault(one: Any, trail: Trail, home: Degrees | None) -> tuple[RejectReason | None, Trail]:
    """Why a position is not kept, and what the next one is compared with."""
    if not 0 < one.sequence < SEQUENCE_MAX:
        return RejectReason.SEQUENCE_INVALID, trail
    place, at = one.location, one.device_time
    lat, lng = place.latitude, place.longitude
    if not (math.isfinite(lat) and math.isfinite(lng)):
        return RejectReason.NON_FINITE, trail
    if not (-90 <= lat <= 90 and -180 <= lng <= 180) or not one.HasField("location"):
        return RejectReason.OUT_OF_RANGE, trail
    if abs(lat) < NULL_ISLAND_DEGREES and abs(lng) < NULL_ISLAND_DEGREES:
        return RejectReason.NULL_ISLAND, trail
    if at.seconds == 0 or not is_moment(at) or _odd(one):
        return RejectReason.OUT_OF_RANGE, trail
    if home is not None and _is_swapped(lat, lng, home):
        return RejectReason.SWAPPED, trail
    return _speed((at.seconds + at.nanos / 1e9, lat, lng), trail)


def _is_swapped(lat: float, lng: float, home: Degrees) -> bool:
    """Whether the other way around it would be a hundred times closer to home, and far as it is."""
    if abs(lat - home[0]) + abs(lng - home[1]) <= NEAR_DEGREES or abs(lng) > 90:
        return False
    away, turned = meters_between(*home, lat, lng), meters_between(*home, lng, lat)
    return away > SWAPPED_RATIO * turned


def _speed(here: Spot, trail: Trail) -> tuple[RejectReason | None, Trail]:
    """A jump is refused; if the next position agrees with the jump, it was none."""
    kept, jump = trail
    if kept is None or not _too_fast(kept, here):
        return None, (here, None)
    if jump is not None and not _too_fast(jump, here):
        return None, (here, None)
    return RejectReason.IMPOSSIBLE_SPEED, (kept, here)


def _odd(one: Any) -> bool:
    """Whether another number is outside its range."""
    if not 0 <= one.accuracy_meters <= ACCURACY_MAX:
        return True
    if not 0 <= one.heading_degrees <= 360:
        return True
    if one.HasField("uptime_duration") and _overflows(one.uptime_duration):
        return True
    return not 0 <= one.speed_centimeters_per_second <= SMALL_MAX


def _overflows(up: Any) -> bool:
    return not (0 <= up.seconds <= UPTIME_SECONDS_MAX and 0 <= up.nanos < 10**9)


def _too_fast(before: Spot, here: Spot) -> bool:
    seconds = max(SECONDS_MIN, abs(here[0] - before[0]))
    degrees = abs(here[1] - before[1]) + abs(here[2] - before[2])
    if degrees <= DEGREES_A_SECOND_SURE * seconds:
        return False
    away = meters_between(before[1], before[2], here[1], here[2])
    return away > SPEED_MAX_METERS_PER_SECOND * seconds


def _append(columns: Columns, one: Any, received: datetime) -> None:
    place = one.location
    when, quality = judged_time(moment(one.device_time), received)
    columns.sequences.append(one.sequence)
    columns.times.append((when - EPOCH) // MICROSECOND)
    columns.qualities.append(quality)
    columns.latitudes.append(place.latitude)
    columns.longitudes.append(place.longitude)
    columns.accuracies.append(one.accuracy_meters)
    has = one.HasField
    speed = one.speed_centimeters_per_second if has("speed_centimeters_per_second") else None
    columns.speeds.append(speed)
    columns.headings.append(one.heading_degrees if has("heading_degrees") else None)
    columns.uptimes.append(uptime_milliseconds(one) if has("uptime_duration") else None)
    write_telemetry(columns, one.telemetry if has("telemetry") else None)


def rejects_to_proto(rejects: Iterable[Reject]) -> list[position_pb2.PositionReject]:
    """Positions that were not kept."""
    return [
        position_pb2.PositionReject(
            sequence=one.sequence,
            index=one.index,
            reason=number(position_pb2.PositionRejectReason, one.reason),
        )
        for one in rejects
    ]


def missing_to_proto(answer: Answer) -> list[position_pb2.SequenceRange]:
    """What is missing."""
    return [
        position_pb2.SequenceRange(first_sequence=first, last_sequence=last)
        for first, last in answer.missing
    ]


def stream_answer(
    asked: pb.StreamPositionsRequest, answer: Answer, credit: int, now: datetime, renew: bool
) -> pb.StreamPositionsResponse:
    """The answer to a batch on a stream."""
    return pb.StreamPositionsResponse(
        device_id=asked.device_id,
        epoch=asked.epoch,
        acked_through_sequence=answer.acked_through,
        accepted_count=answer.accepted,
        duplicate_count=answer.duplicates,
        rejects=rejects_to_proto(answer.rejects),
        missing_ranges=missing_to_proto(answer),
        credit_count=credit,
        server_time=stamp(now),
        renew=renew,
    )


def batch_answer(answer: Answer, now: datetime, renew: bool) -> pb.BatchRecordPositionsResponse:
    """The answer to a batch by itself."""
    return pb.BatchRecordPositionsResponse(
        acked_through_sequence=answer.acked_through,
        accepted_count=answer.accepted,
        duplicate_count=answer.duplicates,
        rejects=rejects_to_proto(answer.rejects),
        missing_ranges=missing_to_proto(answer),
        server_time=stamp(now),
        renew=renew,
    )


def recorded_to_proto(recorded: RecordedFix) -> position_pb2.RecordedPosition:
    """A position as it is kept."""
    fix = recorded.fix
    message = position_pb2.RecordedPosition(
        device_id=recorded.device_id,
        epoch=fix.epoch,
        record_time=stamp(recorded.record_time),
        time_quality=recorded.quality.value,  # type: ignore[arg-type]
        vehicle_id=recorded.vehicle_id,
        driver_id=recorded.driver_id,
        position=position_pb2.Position(
            sequence=fix.sequence,
            device_time=stamp(fix.at),
            location=latlng(fix.point),
            accuracy_meters=fix.accuracy_meters,
            speed_centimeters_per_second=fix.speed_centimeters_per_second,
            heading_degrees=fix.heading_degrees,
        ),
    )
    if recorded.uptime_milliseconds is not None:
        up = timedelta(milliseconds=recorded.uptime_milliseconds)
        message.position.uptime_duration.CopyFrom(duration(up))
    if _was_read(recorded):
        message.position.telemetry.CopyFrom(_telemetry(recorded))
    return message


def _was_read(recorded: RecordedFix) -> bool:
    fix = recorded.fix
    instruments = (fix.odometer_meters, fix.charge_ratio)
    on = fix.ignition is not Ignition.UNSPECIFIED or fix.auxiliary_needed
    return on or any(one is not None for one in instruments)


def _telemetry(recorded: RecordedFix) -> tracking_event_pb2.Telemetry:
    fix = recorded.fix
    return tracking_event_pb2.Telemetry(
        ignition=number(tracking_event_pb2.Ignition, fix.ignition),
        odometer_meters=fix.odometer_meters,
        state_of_charge_ratio=fix.charge_ratio,
        auxiliary_needed=fix.auxiliary_needed,
    )
