"""
The public door: every call of the day goes through the gateway, as whoever is logged in.

The day knows one address. It has no way around the contract, and none around the gateway's checks.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from clients.day.retry import persist
from doorstep.compliance.v1 import check_service_pb2_grpc as check_grpc
from doorstep.compliance.v1 import emissions_service_pb2_grpc as emissions_grpc
from doorstep.compliance.v1 import zone_service_pb2_grpc as zone_grpc
from doorstep.dispatch.v1 import access_service_pb2 as access_pb2
from doorstep.dispatch.v1 import access_service_pb2_grpc as access_grpc
from doorstep.dispatch.v1 import delivery_service_pb2_grpc as delivery_grpc
from doorstep.dispatch.v1 import dispatch_service_pb2_grpc as dispatch_grpc
from doorstep.dispatch.v1 import duty_service_pb2_grpc as duty_grpc
from doorstep.dispatch.v1 import fleet_service_pb2_grpc as fleet_grpc
from doorstep.dispatch.v1 import tender_service_pb2_grpc as tender_grpc
from doorstep.tracking.v1 import analytics_service_pb2_grpc as analytics_grpc
from doorstep.tracking.v1 import incident_service_pb2_grpc as incident_grpc
from doorstep.tracking.v1 import ingest_service_pb2_grpc as ingest_grpc
from doorstep.tracking.v1 import tracking_service_pb2_grpc as tracking_grpc
from meshkit.client import MeshChannel, connect, raising

RENEW_SHARE = 0.6  # of a token's validity: well before it ends

Login = Callable[[], Awaitable[tuple[str, float]]]  # a token, and for how many seconds it is good


class Session:
    """Somebody who is logged in: a token that is renewed before it ends."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._token = ""

    def token(self) -> str:
        return self._token

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Session]:
        """Logged in inside the block."""
        seconds = await self._renew()
        task = asyncio.create_task(self._keep(seconds))
        try:
            yield self
        finally:
            task.cancel()

    async def _keep(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds * RENEW_SHARE)
            seconds = await self._renew()

    async def _renew(self) -> float:
        self._token, seconds = await self._login()
        return seconds


@dataclass(frozen=True, slots=True)
class Api:
    """The services as one caller sees them."""

    access: access_grpc.AccessServiceAsyncStub
    deliveries: delivery_grpc.DeliveryServiceAsyncStub
    fleet: fleet_grpc.FleetServiceAsyncStub
    duty: duty_grpc.DutyServiceAsyncStub
    dispatch: dispatch_grpc.DispatchServiceAsyncStub
    tenders: tender_grpc.TenderServiceAsyncStub
    ingest: ingest_grpc.IngestServiceAsyncStub
    tracking: tracking_grpc.TrackingServiceAsyncStub
    incidents: incident_grpc.IncidentServiceAsyncStub
    analytics: analytics_grpc.AnalyticsServiceAsyncStub
    zones: zone_grpc.ZoneServiceAsyncStub
    checks: check_grpc.CheckServiceAsyncStub
    emissions: emissions_grpc.EmissionsServiceAsyncStub


def api(channel: MeshChannel) -> Api:
    return Api(
        access=raising(access_grpc.AccessServiceStub(channel)),
        deliveries=raising(delivery_grpc.DeliveryServiceStub(channel)),
        fleet=raising(fleet_grpc.FleetServiceStub(channel)),
        duty=raising(duty_grpc.DutyServiceStub(channel)),
        dispatch=raising(dispatch_grpc.DispatchServiceStub(channel)),
        tenders=raising(tender_grpc.TenderServiceStub(channel)),
        ingest=raising(ingest_grpc.IngestServiceStub(channel)),
        tracking=raising(tracking_grpc.TrackingServiceStub(channel)),
        incidents=raising(incident_grpc.IncidentServiceStub(channel)),
        analytics=raising(analytics_grpc.AnalyticsServiceStub(channel)),
        zones=raising(zone_grpc.ZoneServiceStub(channel)),
        checks=raising(check_grpc.CheckServiceStub(channel)),
        emissions=raising(emissions_grpc.EmissionsServiceStub(channel)),
    )


@asynccontextmanager
async def entered(address: str, login: Login) -> AsyncIterator[Api]:
    """The services, called through the gateway as whoever logs in."""
    async with Session(login).kept() as session, connect(address, tokens=session) as channel:
        yield api(channel)


def with_key(address: str, client_id: str, secret: str, dice: random.Random) -> Login:
    """Logs in by a client's id and secret."""

    async def login() -> tuple[str, float]:
        async with connect(address) as channel:
            stub = raising(access_grpc.AccessServiceStub(channel))
            request = access_pb2.IssueTokenRequest(client_id=client_id, client_secret=secret)
            reply = await persist(lambda: stub.IssueToken(request), dice)
        return reply.access_token, reply.valid_duration.ToTimedelta().total_seconds()

    return login


def as_driver(office: Api, driver_id: str, dice: random.Random) -> Login:
    """Logs a driver in: the office's word for who holds the phone."""

    async def login() -> tuple[str, float]:
        request = access_pb2.IssueDriverTokenRequest(driver_id=driver_id)
        reply = await persist(lambda: office.access.IssueDriverToken(request), dice)
        return reply.access_token, reply.valid_duration.ToTimedelta().total_seconds()

    return login
