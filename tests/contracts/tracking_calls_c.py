"""
One good and one bad request for every rpc of tracking about what is learned and foreseen, in the
order in which they are called. `learn` keeps the import and the incident that are made first.
"""

from __future__ import annotations

import uuid
from typing import Any

from google.type.interval_pb2 import Interval
from google.type.latlng_pb2 import LatLng

from doorstep.tracking.v1 import analytics_service_pb2 as analytics_pb
from doorstep.tracking.v1 import incident_pb2, learning_pb2, weather_pb2
from doorstep.tracking.v1 import incident_service_pb2 as incident_pb
from doorstep.tracking.v1 import learning_service_pb2 as pb
from doorstep.tracking.v1 import tracking_service_pb2 as tracking_pb
from tests.contracts.live import Call

NOBODY = "imp_nobody"
CELLS = b"""arrive_time,service_seconds,latitude,longitude,floor
2026-05-11T09:00:00+00:00,140,60.17,24.94,2
2026-05-11T09:20:00+00:00,90,60.18,24.94,0
"""
_learned: dict[str, str] = {}


def learn(rpc: str, answer: Any) -> None:
    """Keeps names and revisions."""
    if rpc == "StartAttemptImport":
        _learned["import"] = answer.attempt_import.import_id
    if rpc in ("ReportIncident", "AcknowledgeIncident"):
        _learned["incident"] = answer.incident.incident_id
        _learned["etag"] = answer.incident.etag


def start(format_: int, content: bytes = CELLS) -> pb.StartAttemptImportRequest:
    """Two attempts of the past."""
    return pb.StartAttemptImportRequest(
        request_id=str(uuid.uuid4()),
        format=format_,  # type: ignore[arg-type]
        content=content,
    )


def cancel(import_id: str) -> pb.CancelAttemptImportRequest:
    """Ends an import; one that has ended stays as it is."""
    return pb.CancelAttemptImportRequest(request_id=str(uuid.uuid4()), import_id=import_id)


def undo(import_id: str) -> pb.UndoAttemptImportRequest:
    """Withdraws what an import has brought."""
    return pb.UndoAttemptImportRequest(request_id=str(uuid.uuid4()), import_id=import_id)


def adopt(version: int) -> pb.AdoptServiceTimeVersionRequest:
    """Puts a version in force."""
    return pb.AdoptServiceTimeVersionRequest(request_id=str(uuid.uuid4()), version=version)


def calibration(start_seconds: int, end_seconds: int) -> pb.GetEtaCalibrationRequest:
    """Arrivals of an interval."""
    interval = Interval()
    interval.start_time.FromSeconds(start_seconds)
    interval.end_time.FromSeconds(end_seconds)
    return pb.GetEtaCalibrationRequest(interval=interval)


def report(summary: str) -> incident_pb.ReportIncidentRequest:
    """Something goes wrong on a route."""
    return incident_pb.ReportIncidentRequest(
        request_id=str(uuid.uuid4()),
        type=incident_pb2.INCIDENT_TYPE_DELAY,
        route_id="rte_1",
        summary=summary,
    )


def take_up(incident_id: str, etag: str) -> incident_pb.AcknowledgeIncidentRequest:
    """Takes an incident up."""
    return incident_pb.AcknowledgeIncidentRequest(
        request_id=str(uuid.uuid4()), incident_id=incident_id, etag=etag
    )


def end(incident_id: str, etag: str) -> incident_pb.ResolveIncidentRequest:
    """Ends an incident."""
    return incident_pb.ResolveIncidentRequest(
        request_id=str(uuid.uuid4()),
        incident_id=incident_id,
        etag=etag,
        resolution=incident_pb2.INCIDENT_RESOLUTION_RECOVERED,
    )


def rain(radius: int) -> tracking_pb.ReportWeatherRequest:
    """Rain over the town for an hour."""
    report = weather_pb2.WeatherReport(
        report_id="rain-1",
        center=LatLng(latitude=60.17, longitude=24.94),
        radius_meters=radius,
        condition=weather_pb2.WEATHER_CONDITION_RAIN,
    )
    report.interval.start_time.FromSeconds(1_700_000_000)
    report.interval.end_time.FromSeconds(1_700_003_600)
    return tracking_pb.ReportWeatherRequest(request_id=str(uuid.uuid4()), report=report)


CALLS = (
    Call("ReportWeather", lambda known: rain(5_000), rain(0), "FIELD_INVALID"),
    Call(
        "ListWeatherReports",
        lambda known: tracking_pb.ListWeatherReportsRequest(page_size=1),
        tracking_pb.ListWeatherReportsRequest(page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "BatchGetEtas",
        lambda known: tracking_pb.BatchGetEtasRequest(route_ids=["rte_1"]),
        tracking_pb.BatchGetEtasRequest(route_ids=["rte_1"] * 101),
        "FIELD_INVALID",
    ),
    Call(
        "ListRisks",
        lambda known: incident_pb.ListRisksRequest(page_size=1),
        incident_pb.ListRisksRequest(page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call("ReportIncident", lambda known: report("late"), report(""), "FIELD_INVALID"),
    Call(
        "ListIncidents",
        lambda known: incident_pb.ListIncidentsRequest(page_size=1),
        incident_pb.ListIncidentsRequest(page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "AcknowledgeIncident",
        lambda known: take_up(_learned["incident"], _learned["etag"]),
        take_up("inc_nobody", "1"),
        "INCIDENT_UNKNOWN",
    ),
    Call(
        "ResolveIncident",
        lambda known: end(_learned["incident"], _learned["etag"]),
        end("inc_nobody", "1"),
        "INCIDENT_UNKNOWN",
    ),
    Call(
        "ListServiceTimeEstimates",
        lambda known: analytics_pb.ListServiceTimeEstimatesRequest(subjects=["floors.2.stairs"]),
        analytics_pb.ListServiceTimeEstimatesRequest(version=99),
        "VERSION_UNKNOWN",
    ),
    Call(
        "ListServiceTimeVersions",
        lambda known: pb.ListServiceTimeVersionsRequest(page_size=1),
        pb.ListServiceTimeVersionsRequest(page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call("AdoptServiceTimeVersion", lambda known: adopt(0), adopt(99), "VERSION_UNKNOWN"),
    Call(
        "GetEtaCalibration",
        lambda known: calibration(1_700_000_000, 1_700_086_400),
        calibration(1_700_086_400, 1_700_000_000),
        "INTERVAL_INVALID",
    ),
    Call(
        "StartAttemptImport",
        lambda known: start(learning_pb2.ATTEMPT_FORMAT_CSV),
        start(learning_pb2.ATTEMPT_FORMAT_UNSPECIFIED),
        "FIELD_INVALID",
    ),
    Call(
        "WatchAttemptImport",
        lambda known: pb.WatchAttemptImportRequest(import_id=_learned["import"]),
        pb.WatchAttemptImportRequest(import_id=NOBODY),
        "WORK_UNKNOWN",
    ),
    Call(
        "GetAttemptImport",
        lambda known: pb.GetAttemptImportRequest(import_id=_learned["import"]),
        pb.GetAttemptImportRequest(import_id=NOBODY),
        "WORK_UNKNOWN",
    ),
    Call(
        "CancelAttemptImport",
        lambda known: cancel(_learned["import"]),
        cancel(NOBODY),
        "WORK_UNKNOWN",
    ),
    Call(
        "UndoAttemptImport",
        lambda known: undo(_learned["import"]),
        undo(NOBODY),
        "WORK_UNKNOWN",
    ),
)
