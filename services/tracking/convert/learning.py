"""What was learned, versions, calibration and imports of past attempts, to the wire and from it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from doorstep.tracking.v1 import learning_pb2 as pb
from doorstep.tracking.v1 import metric_pb2
from services.tracking.convert.wire import latlng, number, stamp
from services.tracking.domain.attempt_import import AttemptFormat, AttemptImport
from services.tracking.domain.learned import Estimate, Today, Version
from services.tracking.projections.calibration import Horizon

NINE_TENTHS, HALF = 0.9, 0.5


def estimate_to_proto(one: Estimate, version: Version) -> metric_pb2.ServiceTimeEstimate:
    """What a version says of one subject."""
    message = metric_pb2.ServiceTimeEstimate(
        subject=one.subject,
        sample_count=one.count,
        failure_ratio=one.failure,
        version=version.version,
        learn_time=stamp(version.learned_at),
        slot_failures=[
            metric_pb2.SlotFailure(slot=slot, failure_ratio=chance, sample_count=count)
            for slot, chance, count in one.slots
        ],
    )
    if one.service is not None:
        message.median_seconds = round(one.service.quantile(HALF))
        message.p90_seconds = round(one.service.quantile(NINE_TENTHS))
        message.mean_seconds = round(one.service.mean_seconds)
    if one.drop is not None:
        message.drop_location.CopyFrom(latlng(one.drop.point))
        message.drop_count = one.drop.count
    return message


def version_to_proto(version: Version, today: Today) -> pb.ServiceTimeVersion:
    """A version, and whether it is the one in force."""
    in_force, count = version.version == today.version, version.chances.count
    return pb.ServiceTimeVersion(
        version=version.version,
        learn_time=stamp(version.learned_at),
        stop_count=version.visits,
        leg_count=version.legs,
        median_seconds=round(version.services.typical_seconds),
        failure_ratio=count.failed / count.tried if count.tried else None,
        in_force=in_force,
        adopted=in_force and today.adopted,
    )


def horizon_to_proto(one: Horizon) -> pb.EtaCalibration:
    """How well expectations of one horizon came true."""
    return pb.EtaCalibration(
        horizon_minutes=one.minutes,
        arrival_count=one.count,
        inside_count=one.inside,
        below_p90_count=one.below_p90,
        below_p50_count=one.below_p50,
        mean_absolute_error_seconds=round(one.error_seconds / max(1, one.count)),
    )


def import_to_proto(own: AttemptImport) -> pb.AttemptImport:
    """An import and how far it is."""
    return pb.AttemptImport(
        import_id=own.import_id,
        format=number(pb.AttemptFormat, own.format),
        state=number(metric_pb2.WorkState, own.state),
        validate_only=own.validate_only,
        attempt_count=own.count,
        faults=[pb.AttemptFault(path=f.path, description=f.description) for f in own.faults],
        create_time=stamp(own.create_time),
        end_time=stamp(own.end_time),
        undo_time=stamp(own.undo_time),
    )


def import_from_proto(request: Any, import_id: str, now: datetime) -> AttemptImport:
    """An import as it is asked for."""
    parquet = request.format == pb.ATTEMPT_FORMAT_PARQUET
    form = AttemptFormat.PARQUET if parquet else AttemptFormat.CSV
    return AttemptImport(import_id, form, now, validate_only=request.validate_only)
