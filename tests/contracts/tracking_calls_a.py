"""
One good and one bad request for every rpc of tracking about devices, positions and watches, in the
order in which they are called. `learn` keeps the epoch of the device that is opened first.
"""

from __future__ import annotations

import uuid
from typing import Any

from google.type.latlng_pb2 import LatLng

from doorstep.tracking.v1 import incident_service_pb2 as incident_pb
from doorstep.tracking.v1 import ingest_service_pb2 as ingest_pb
from doorstep.tracking.v1 import position_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from tests.contracts.live import Call

DEVICE = "phone-1"
LONG_AGO = "01900000-0000-7000-8000-000000000000"  # given in June 2024
_learned: dict[str, str] = {}


def learn(rpc: str, answer: Any) -> None:
    """Keeps the epoch."""
    if rpc == "OpenDevice":
        _learned["epoch"] = answer.device.epoch


def position(sequence: int) -> position_pb2.Position:
    """Where the device is now."""
    made = position_pb2.Position(
        sequence=sequence, location=LatLng(latitude=60.17, longitude=24.94)
    )
    made.device_time.GetCurrentTime()
    return made


def opening(device_id: str) -> ingest_pb.OpenDeviceRequest:
    """Opens a device."""
    return ingest_pb.OpenDeviceRequest(request_id=str(uuid.uuid4()), device_id=device_id)


def record(first: int) -> ingest_pb.BatchRecordPositionsRequest:
    """Two positions by themselves."""
    return ingest_pb.BatchRecordPositionsRequest(
        device_id=DEVICE, epoch=_learned["epoch"], positions=[position(first), position(first + 1)]
    )


def stream(first: int) -> ingest_pb.StreamPositionsRequest:
    """Two positions on a stream."""
    return ingest_pb.StreamPositionsRequest(
        device_id=DEVICE, epoch=_learned["epoch"], positions=[position(first), position(first + 1)]
    )


CALLS = (
    Call("OpenDevice", lambda known: opening(DEVICE), opening("Not A Name"), "FIELD_INVALID"),
    Call(
        "BatchRecordPositions",
        lambda known: record(1),
        ingest_pb.BatchRecordPositionsRequest(
            device_id=DEVICE, epoch=LONG_AGO, positions=[position(1)]
        ),
        "EPOCH_EXPIRED",
    ),
    Call(
        "StreamPositions",
        lambda known: stream(3),
        ingest_pb.StreamPositionsRequest(
            device_id=DEVICE, epoch=LONG_AGO, positions=[position(n) for n in range(501)]
        ),
        "BATCH_TOO_LARGE",
    ),
    Call(
        "ListPositions",
        lambda known: pb.ListPositionsRequest(device_id=DEVICE),
        pb.ListPositionsRequest(device_id=DEVICE, page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call(
        "WatchPositions",
        lambda known: pb.WatchPositionsRequest(),
        pb.WatchPositionsRequest(cursor="none of ours"),
        "CURSOR_INVALID",
    ),
    Call(
        "WatchEvents",
        lambda known: pb.WatchEventsRequest(start_at_head=False),
        pb.WatchEventsRequest(types=["nothing_happened"]),
        "EVENT_TYPE_UNKNOWN",
    ),
    Call(
        "WatchIncidents",
        lambda known: incident_pb.WatchIncidentsRequest(),
        incident_pb.WatchIncidentsRequest(cursor="none of ours"),
        "CURSOR_INVALID",
    ),
    Call(
        "WatchFleet",
        lambda known: pb.WatchFleetRequest(),
        None,
        "CALLER_NOT_ALLOWED",
    ),
)
