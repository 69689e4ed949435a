"""
One good and one bad request for the rpcs of tracking about facts, routes and surveys, in the order
in which they are called. `known` has a `delivery_id`, its `task_id` and the `route_id` that carries
it; the parcel is delivered here, so that its recipient may answer.
"""

from __future__ import annotations

import uuid
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.interval_pb2 import Interval

from doorstep.tracking.v1 import analytics_service_pb2 as analytics_pb
from doorstep.tracking.v1 import ingest_service_pb2 as ingest_pb
from doorstep.tracking.v1 import survey_pb2, tracking_event_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from tests.contracts.live import Call

NOBODY = "nobody"
DAY_SECONDS = 86_400
MORNING = 1_778_563_800  # 2026-05-12 05:30 UTC


def delivered(task_id: str) -> ingest_pb.BatchRecordEventsRequest:
    """The parcel is handed over."""
    event = tracking_event_pb2.TrackingEvent(event_id=str(uuid.uuid4()), task_id=task_id)
    event.event_time.seconds = MORNING + 3_600
    event.delivered.SetInParent()
    return ingest_pb.BatchRecordEventsRequest(events=[event])


def answer(token: str, score: int | None = 9) -> pb.SubmitSurveyResponseRequest:
    """What the recipient thought."""
    response = survey_pb2.SurveyResponse(recommend_score=score)
    return pb.SubmitSurveyResponseRequest(
        request_id=str(uuid.uuid4()), token=token, response=response
    )


def responses(first: int, days: int) -> analytics_pb.ListSurveyResponsesRequest:
    """Answers of some days."""
    end = Timestamp(seconds=first + days * DAY_SECONDS)
    span = Interval(start_time=Timestamp(seconds=first), end_time=end)
    return analytics_pb.ListSurveyResponsesRequest(interval=span)


def watching(known: Any) -> pb.WatchTrackingRequest:
    """It ends with the delivery."""
    return pb.WatchTrackingRequest(delivery_id=known.delivery_id)


CALLS = (
    Call(
        "GetRouteProgress",
        lambda known: pb.GetRouteProgressRequest(route_id=known.route_id),
        pb.GetRouteProgressRequest(route_id=NOBODY),
        "ROUTE_UNKNOWN",
    ),
    Call(
        "BatchRecordEvents",
        lambda known: delivered(known.task_id),
        ingest_pb.BatchRecordEventsRequest(),
        "FIELD_INVALID",
    ),
    Call(
        "ListEvents",
        lambda known: pb.ListEventsRequest(task_id=known.task_id),
        pb.ListEventsRequest(page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call("WatchTracking", watching, pb.WatchTrackingRequest(token="guess"), "LINK_INVALID"),
    Call(
        "SubmitSurveyResponse",
        lambda known: answer(known.token),
        answer("guess"),
        "LINK_INVALID",
    ),
    Call(
        "ListSurveyResponses",
        lambda known: responses(MORNING, 1),
        responses(MORNING, 1_000),
        "INTERVAL_INVALID",
    ),
)
