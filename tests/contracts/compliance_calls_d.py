"""
One good and one bad request for every rpc of compliance about written reports, scores and swaps, in
the order in which they are called. What an answer names is kept by `learn` for those that follow.
"""

from __future__ import annotations

from typing import Any

from google.type.interval_pb2 import Interval

from doorstep.compliance.v1 import emission_pb2
from doorstep.compliance.v1 import emissions_service_pb2 as pb
from services.compliance.tests.carbon import DAY
from services.compliance.tests.wire import request_id
from tests.contracts.live import Call

NOBODY, FOREIGN = "exp_nobody", "bm9ib2R5"
LEARNED = {"export_id": NOBODY, "emission_score_id": "esc_nobody"}
HALF = Interval(start_time=DAY.start_time)


def learn(rpc: str, answer: Any) -> None:
    """Keeps what later calls name."""
    if rpc == "StartEmissionReportExport":
        LEARNED["export_id"] = answer.export.export_id
    if rpc == "PublishEmissionScore":
        LEARNED["emission_score_id"] = answer.emission_score.emission_score_id


def start(interval: Interval = DAY) -> pb.StartEmissionReportExportRequest:
    """A PDF of the day by delivery."""
    return pb.StartEmissionReportExportRequest(
        request_id=request_id(),
        interval=interval,
        dimension=emission_pb2.REPORT_DIMENSION_DELIVERY,
        format=pb.REPORT_FORMAT_PDF,
    )


def cancel(export_id: str) -> pb.CancelEmissionReportExportRequest:
    """To stop an export."""
    return pb.CancelEmissionReportExportRequest(request_id=request_id(), export_id=export_id)


def publish(interval: Interval = DAY) -> pb.PublishEmissionScoreRequest:
    """The day as a score."""
    return pb.PublishEmissionScoreRequest(request_id=request_id(), interval=interval)


CALLS = (
    Call(
        "StartEmissionReportExport",
        lambda known: start(),
        start(HALF),
        "INTERVAL_INVALID",
    ),
    Call(
        "GetEmissionReportExport",
        lambda known: pb.GetEmissionReportExportRequest(export_id=LEARNED["export_id"]),
        pb.GetEmissionReportExportRequest(export_id=NOBODY),
        "EXPORT_UNKNOWN",
    ),
    Call(
        "WatchEmissionReportExport",
        lambda known: pb.WatchEmissionReportExportRequest(export_id=LEARNED["export_id"]),
        pb.WatchEmissionReportExportRequest(export_id=NOBODY),
        "EXPORT_UNKNOWN",
    ),
    Call(
        "CancelEmissionReportExport",
        lambda known: cancel(LEARNED["export_id"]),
        cancel(NOBODY),
        "EXPORT_UNKNOWN",
    ),
    Call(
        "PublishEmissionScore",
        lambda known: publish(),
        publish(HALF),
        "INTERVAL_INVALID",
    ),
    Call(
        "GetEmissionScore",
        lambda known: pb.GetEmissionScoreRequest(emission_score_id=LEARNED["emission_score_id"]),
        pb.GetEmissionScoreRequest(emission_score_id="esc_nobody"),
        "SCORE_UNKNOWN",
    ),
    Call(
        "ListEmissionScores",
        lambda known: pb.ListEmissionScoresRequest(page_size=1),
        pb.ListEmissionScoresRequest(page_token=FOREIGN),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "ListScoreKeys",
        lambda known: pb.ListScoreKeysRequest(),
        pb.ListScoreKeysRequest(page_token=FOREIGN),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "ListSwapSavings",
        lambda known: pb.ListSwapSavingsRequest(interval=DAY),
        pb.ListSwapSavingsRequest(interval=HALF),
        "INTERVAL_INVALID",
    ),
)
