"""
One good and one bad request for every rpc of tracking about numbers and reports, in the order in
which they are called. `learn` keeps the export that later calls name.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from google.type.interval_pb2 import Interval

from doorstep.tracking.v1 import analytics_service_pb2 as pb
from doorstep.tracking.v1 import metric_pb2
from tests.contracts.live import Call

NOBODY = "nobody"
DAY = datetime(2026, 5, 12, tzinfo=UTC)
_learned: dict[str, str] = {}


def learn(rpc: str, answer: Any) -> None:
    """Keeps the name of the export."""
    if rpc == "StartReportExport":
        _learned["export"] = answer.export.export_id


def interval(days: int = 1) -> Interval:
    """Some days; with a negative number they end before they start."""
    made = Interval()
    made.start_time.FromDatetime(DAY)
    made.end_time.FromDatetime(DAY + timedelta(days=days))
    return made


def query(dimension: int) -> pb.QueryMetricsRequest:
    """Distance driven by a dimension."""
    return pb.QueryMetricsRequest(
        metrics=[metric_pb2.METRIC_DISTANCE],
        dimensions=[dimension],  # type: ignore[list-item]
        interval=interval(),
    )


def start(days: int = 1) -> pb.StartReportExportRequest:
    """Every attempt as Parquet."""
    return pb.StartReportExportRequest(
        request_id=str(uuid.uuid4()),
        interval=interval(days),
        kind=pb.REPORT_KIND_ATTEMPTS,
        format=pb.REPORT_FORMAT_PARQUET,
    )


def cancel(export_id: str) -> pb.CancelReportExportRequest:
    """Ends it."""
    return pb.CancelReportExportRequest(request_id=str(uuid.uuid4()), export_id=export_id)


CALLS = (
    Call(
        "QueryMetrics",
        lambda known: query(metric_pb2.DIMENSION_ZONE),
        query(metric_pb2.DIMENSION_SEGMENT),
        "DIMENSION_UNSUPPORTED",
    ),
    Call(
        "GetScorecard",
        lambda known: pb.GetScorecardRequest(interval=interval()),
        pb.GetScorecardRequest(interval=interval(-1)),
        "INTERVAL_INVALID",
    ),
    Call(
        "GetPlanAdherence",
        lambda known: pb.GetPlanAdherenceRequest(interval=interval()),
        pb.GetPlanAdherenceRequest(interval=interval(), page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "StartReportExport",
        lambda known: start(),
        start(367),
        "INTERVAL_INVALID",
    ),
    Call(
        "GetReportExport",
        lambda known: pb.GetReportExportRequest(export_id=_learned["export"]),
        pb.GetReportExportRequest(export_id=NOBODY),
        "WORK_UNKNOWN",
    ),
    Call(
        "WatchReportExport",
        lambda known: pb.WatchReportExportRequest(export_id=_learned["export"]),
        pb.WatchReportExportRequest(export_id=NOBODY),
        "WORK_UNKNOWN",
    ),
    Call(
        "CancelReportExport",
        lambda known: cancel(_learned["export"]),
        cancel(NOBODY),
        "WORK_UNKNOWN",
    ),
)
