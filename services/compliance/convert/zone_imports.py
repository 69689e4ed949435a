"""Imports of zones: wire <-> domain."""

from __future__ import annotations

from datetime import datetime

from doorstep.compliance.v1 import zone_service_pb2 as pb
from services.compliance.convert.moments import (
    enum_from_proto,
    enum_to_proto,
    moment_to_proto,
)
from services.compliance.convert.zones import effective_start
from services.compliance.domain.faults import Unsound
from services.compliance.domain.zone_import import ImportFormat, Remark, ZoneImport

FORMAT, STATE = "ZONE_IMPORT_FORMAT_", "ZONE_IMPORT_STATE_"


def import_from_proto(
    request: pb.StartZoneImportRequest, import_id: str, now: datetime
) -> ZoneImport:
    """The import as it begins; raises Invalid."""
    kind = enum_from_proto(ImportFormat, pb.ZoneImportFormat, FORMAT, request.format)
    if kind is None:
        raise Unsound("an import has a format")
    start = effective_start(request)
    return ZoneImport(import_id, kind, now, request.source, start, request.validate_only)


def import_to_proto(own: ZoneImport) -> pb.ZoneImport:
    """How far it is."""
    message = pb.ZoneImport(
        import_id=own.import_id,
        state=enum_to_proto(pb.ZoneImportState, STATE, own.state),
        zone_count=own.zone_count,
        unchanged_count=own.unchanged_count,
        faults=[_remark(remark) for remark in own.faults],
        create_time=moment_to_proto(own.create_time),
        notices=[_remark(remark) for remark in own.notices],
    )
    if own.end_time is not None:
        message.end_time.CopyFrom(moment_to_proto(own.end_time))
    return message


def _remark(remark: Remark) -> pb.ZoneImportFault:
    return pb.ZoneImportFault(path=remark.path, description=remark.description)
