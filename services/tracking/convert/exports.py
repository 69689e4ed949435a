"""Reports for download, from the wire and to it."""

from __future__ import annotations

from typing import Any

from doorstep.tracking.v1 import analytics_service_pb2 as pb
from doorstep.tracking.v1 import metric_pb2
from services.tracking.convert.wire import number, stamp, word
from services.tracking.domain.report import ReportExport, ReportFormat, ReportKind, ReportOrder
from services.tracking.domain.route import Window

PERMILLE = 1_000


def order(request: Any, span: Window) -> ReportOrder:
    """What is asked for; CSV where no form is."""
    form = request.format or pb.REPORT_FORMAT_CSV
    return ReportOrder(
        word(pb.ReportKind, request.kind, ReportKind),
        word(pb.ReportFormat, form, ReportFormat),
        span,
    )


def export_to_proto(one: ReportExport) -> metric_pb2.ReportExport:
    """A report as it stands."""
    return metric_pb2.ReportExport(
        export_id=one.export_id,
        state=number(metric_pb2.WorkState, one.state),
        progress_ratio=one.progress_permille / PERMILLE,
        media_sha256=one.sha256,
        error_message=one.failure,
        create_time=stamp(one.create_time),
        end_time=stamp(one.end_time),
    )
