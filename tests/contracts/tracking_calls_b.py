"""
One good and one bad request for every rpc of tracking about geofences, in the order in which they
are called: an update names the revision that the creation before it made.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from google.protobuf.field_mask_pb2 import FieldMask
from google.type.latlng_pb2 import LatLng

from doorstep.tracking.v1 import geofence_pb2
from doorstep.tracking.v1 import tracking_service_pb2 as pb
from tests.contracts.live import Call

NOBODY = "nobody"
FIRST, SECOND = "1", "2"


def yard(**fields: object) -> geofence_pb2.Geofence:
    """A circle around a hub."""
    made = geofence_pb2.Geofence(geofence_id="yard", **fields)  # type: ignore[arg-type]
    made.circle.center.CopyFrom(LatLng(latitude=60.17, longitude=24.94))
    made.circle.radius_meters = 150
    return made


def bow_tie() -> geofence_pb2.Geofence:
    """A polygon that crosses itself."""
    made = geofence_pb2.Geofence(geofence_id="tie")
    for latitude, longitude in ((60.0, 24.0), (60.1, 24.1), (60.0, 24.1), (60.1, 24.0)):
        made.polygon.corners.add(latitude=latitude, longitude=longitude)
    return made


def create(geofence: geofence_pb2.Geofence) -> pb.CreateGeofenceRequest:
    """Makes it."""
    return pb.CreateGeofenceRequest(request_id=str(uuid.uuid4()), geofence=geofence)


def update(etag: str, name: str = "yard") -> pb.UpdateGeofenceRequest:
    """Waits five minutes before a stay is told."""
    geofence = yard()
    geofence.geofence_id = name
    geofence.dwell_duration.FromTimedelta(timedelta(minutes=5))
    return pb.UpdateGeofenceRequest(
        request_id=str(uuid.uuid4()),
        geofence=geofence,
        etag=etag,
        update_mask=FieldMask(paths=["dwell_duration"]),
    )


def delete(name: str, etag: str) -> pb.DeleteGeofenceRequest:
    """Forgets it."""
    return pb.DeleteGeofenceRequest(request_id=str(uuid.uuid4()), geofence_id=name, etag=etag)


CALLS = (
    Call("CreateGeofence", lambda known: create(yard()), create(bow_tie()), "SHAPE_INVALID"),
    Call(
        "GetGeofence",
        lambda known: pb.GetGeofenceRequest(geofence_id="yard"),
        pb.GetGeofenceRequest(geofence_id=NOBODY),
        "GEOFENCE_UNKNOWN",
    ),
    Call(
        "ListGeofences",
        lambda known: pb.ListGeofencesRequest(page_size=1),
        pb.ListGeofencesRequest(page_token="none of ours"),
        "PAGE_TOKEN_INVALID",
    ),
    Call("UpdateGeofence", lambda known: update(FIRST), update(FIRST, NOBODY), "GEOFENCE_UNKNOWN"),
    Call(
        "DeleteGeofence",
        lambda known: delete("yard", SECOND),
        delete(NOBODY, FIRST),
        "GEOFENCE_UNKNOWN",
    ),
)
