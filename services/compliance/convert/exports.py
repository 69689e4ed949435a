"""Reports as files: wire <-> domain."""

from __future__ import annotations

from doorstep.compliance.v1 import emission_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from services.compliance.convert.faults import Faults, accepted
from services.compliance.convert.moments import (
    enum_from_proto,
    enum_to_proto,
    interval_from_proto,
    moment_to_proto,
)
from services.compliance.convert.reports import DIMENSION, PERIOD_MAX
from services.compliance.domain.ledger import Dimension
from services.compliance.domain.statement import Export, Format, Order, State

FORMAT, STATE = "REPORT_FORMAT_", "REPORT_EXPORT_STATE_"


def order_from_proto(request: pb.StartEmissionReportExportRequest) -> Order:
    """What to write; raises Invalid."""
    faults = Faults()
    period = accepted(
        faults, faults.take("interval", interval_from_proto, request.interval, PERIOD_MAX)
    )
    wire = emission_pb2.ReportDimension
    dimension = enum_from_proto(Dimension, wire, DIMENSION, request.dimension)
    form = enum_from_proto(Format, pb.ReportFormat, FORMAT, request.format)
    return Order(*period, dimension or Dimension.ROUTE, form or Format.PDF)


def export_to_proto(export: Export, *, with_content: bool) -> pb.EmissionReportExport:
    """An export, with its file where that is asked for."""
    return pb.EmissionReportExport(
        export_id=export.export_id,
        state=enum_to_proto(pb.ReportExportState, STATE, export.state),
        media_type=export.order.format.media_type,
        content=export.content if with_content and export.state is State.DONE else b"",
        failure=export.failure,
        create_time=moment_to_proto(export.create_time),
        end_time=moment_to_proto(export.end_time) if export.end_time else None,
    )
