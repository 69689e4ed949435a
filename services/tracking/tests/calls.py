"""How the tests speak to tracking: stubs by role, facts reported, ticks given by hand."""

from __future__ import annotations

from typing import Any

from doorstep.tracking.v1 import (
    analytics_service_pb2_grpc,
    incident_service_pb2_grpc,
    ingest_service_pb2,
    ingest_service_pb2_grpc,
    tracking_service_pb2_grpc,
)
from meshkit.client import raising
from meshkit.testing import Role, TestMesh
from services.tracking.__main__ import ticker
from services.tracking.config import TrackingSettings
from services.tracking.servicer.common import Desk
from services.tracking.tests.town import route
from services.tracking.tests.wire import (
    created,
    heard,
    published,
)

pb = ingest_service_pb2
Status = ingest_service_pb2.EventStatus


def ingest_of(mesh: TestMesh, role: Role = Role.DRIVER, **caller: Any) -> Any:
    return raising(ingest_service_pb2_grpc.IngestServiceStub(mesh.channel(role, **caller)))


def tracking_of(mesh: TestMesh, role: Role | None = Role.DISPATCHER, **caller: Any) -> Any:
    return raising(tracking_service_pb2_grpc.TrackingServiceStub(mesh.channel(role, **caller)))


def incidents_of(mesh: TestMesh) -> Any:
    channel = mesh.channel(Role.DISPATCHER)
    return raising(incident_service_pb2_grpc.IncidentServiceStub(channel))


def analytics_of(mesh: TestMesh) -> Any:
    channel = mesh.channel(Role.DISPATCHER)
    return raising(analytics_service_pb2_grpc.AnalyticsServiceStub(channel))


async def reported(mesh: TestMesh, *events: Any, role: Role = Role.DRIVER, **who: Any) -> list[str]:
    """What became of facts, by name."""
    request = pb.BatchRecordEventsRequest(events=events)
    reply = await ingest_of(mesh, role, **who).BatchRecordEvents(request)
    return [Status.Name(one.status).removeprefix("EVENT_STATUS_") for one in reply.results]


async def ticked(desk: Desk) -> None:
    """One tick of every route."""
    await ticker(desk, TrackingSettings(tick_seconds=0.000001)).beat()


def names(changes: list[Any]) -> list[str]:
    """What the feed tells, in order."""
    return [str(change.WhichOneof("event")) for change in changes]


async def planned(desk: Desk, count: int = 3) -> None:
    """Deliveries and their route, as dispatch tells of them."""
    await heard(desk, *(created(number) for number in range(1, count + 1)))
    await heard(desk, published(route(count)))
