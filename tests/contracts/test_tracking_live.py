"""
Every rpc of tracking answers a good request on a live mesh, and refuses a bad one by its reason.

Method: a day with one delivery is planned and published; then the table of `tracking_calls.py`, in
its order, each call twice.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from doorstep.tracking.v1 import tracking_service_pb2 as tracking_pb
from doorstep.tracking.v1.analytics_service_pb2_grpc import AnalyticsServiceStub
from doorstep.tracking.v1.incident_service_pb2_grpc import IncidentServiceStub
from doorstep.tracking.v1.ingest_service_pb2_grpc import IngestServiceStub
from doorstep.tracking.v1.learning_service_pb2_grpc import LearningServiceStub
from doorstep.tracking.v1.subscription_service_pb2_grpc import SubscriptionServiceStub
from doorstep.tracking.v1.tracking_service_pb2_grpc import TrackingServiceStub
from meshkit.client import Bearer, MeshChannel, connect, raising
from meshkit.clock import Pace, write_pace
from meshkit.errors import NotFound
from meshkit.pgtest import open_folder
from services.dispatch.tests.office import DAY, Office
from tests.contracts.live import CARRIER, PLATFORM, Call, Live
from tests.contracts.tracking_calls import CALLS, Known, learn
from tests.kernels import KERNELS
from tests.mesh.test_privacy import Doors

pytestmark = [
    pytest.mark.mesh,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="module"),
]
STUBS = (
    IngestServiceStub,
    TrackingServiceStub,
    IncidentServiceStub,
    SubscriptionServiceStub,
    AnalyticsServiceStub,
    LearningServiceStub,
)
BY_LINK = ("SubmitSurveyResponse", "UpdateNoticeConsent")  # a recipient has a link and no login
MORNING = DAY + timedelta(hours=5, minutes=30)
TOLD_SECONDS_MAX = 30  # until what dispatch published is known to tracking


class LiveAndLinked(Live):
    """The same, where what recipients call is called without a token."""

    def __init__(self, stubs: list[Any], known: Known, stranger: Live, anybody: Live) -> None:
        super().__init__(stubs, known, stranger)
        self._anybody = anybody

    async def call(self, rpc: str, request: Any) -> Any:
        """One answer."""
        if rpc in BY_LINK:
            return await self._anybody.call(rpc, request)
        return await super().call(rpc, request)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live() -> AsyncIterator[Live]:
    known = Known()
    with open_folder() as folder:
        state = State(folder)
        write_pace(state.clock_file, Pace(datetime.now(UTC), MORNING, 1.0))
        plan = Plan(gateway=False, otlp=False, simulated=True, knobs={"planner": KERNELS})
        async with Mesh(state, plan, base=0) as mesh:
            await plan_a_day(mesh, known)
            address = mesh.address("tracking")
            async with (
                connect(address, tokens=Bearer(mesh.token(PLATFORM))) as channel,
                connect(address, tokens=Bearer(mesh.token(CARRIER))) as other,
                connect(address) as nobodys,
            ):
                known.token = await told(channel, known)
                stranger, anybody = Live(stubs(other), known), Live(stubs(nobodys), known)
                yield LiveAndLinked(stubs(channel), known, stranger, anybody)


def stubs(channel: MeshChannel) -> list[Any]:
    return [raising(stub(channel)) for stub in STUBS]


async def plan_a_day(mesh: Mesh, known: Known) -> None:
    """One delivery on one route, published."""
    doors = Doors(mesh)
    office = Office(doors)  # type: ignore[arg-type]
    await office.open()
    await office.hire("ada")
    (known.task_id,) = await office.order("d1")
    (route,) = await office.plan_day()
    known.delivery_id, known.route_id = "d1", route.route_id
    for channel in doors.opened:
        await channel.close()


async def told(channel: MeshChannel, known: Known) -> str:
    """Waits until tracking knows the route; a link to the delivery, for its survey."""
    tracking = raising(TrackingServiceStub(channel))
    async with asyncio.timeout(TOLD_SECONDS_MAX):
        while True:
            try:
                request = tracking_pb.GetRouteProgressRequest(route_id=known.route_id)
                await tracking.GetRouteProgress(request)
                break
            except NotFound:
                await asyncio.sleep(0.2)
    link = tracking_pb.CreateTrackingLinkRequest(
        request_id=str(uuid.uuid4()), delivery_id=known.delivery_id
    )
    return str((await tracking.CreateTrackingLink(link)).token)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.rpc)
async def test_a_good_request_is_answered(live: Live, call: Call) -> None:
    answer = await live.call(call.rpc, call.good(live.known))
    learn(call.rpc, answer)

    assert answer is not None


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.rpc)
async def test_a_bad_request_is_refused_by_its_reason(live: Live, call: Call) -> None:
    await live.refused(call)
