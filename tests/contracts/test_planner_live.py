"""
Every rpc of the planner that is there answers a good request, and refuses a bad one by its reason.

Method: the table of `planner_calls.py`, in its order, on a live mesh.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.message import Message

from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from doorstep.planner.v1 import planner_service_pb2_grpc as planner_grpc
from meshkit.caller import Caller, Role
from meshkit.client import Bearer, connect, raising
from meshkit.errors import MeshError
from meshkit.pgtest import open_folder
from services.planner.tests import wire
from tests.contracts.planner_calls import (
    CALLS,
    LONG,
    Call,
    Known,
    long_day,
    part,
    start,
    start_batch,
)
from tests.kernels import KERNELS

pytestmark = [
    pytest.mark.mesh,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="module"),
]
PLATFORM = Caller(subject="tests", role=Role.PLATFORM, tenant="acme")
STREAM_SECONDS = 90
CARRIER = Caller(subject="tests", role=Role.CARRIER, tenant="acme", carrier_id="carrier-1")


class Live:
    """The planner of a live mesh."""

    def __init__(self, stub: Any, stranger: Live | None = None) -> None:
        self.stub, self.known = stub, Known()
        self.stranger = stranger or self

    async def call(self, rpc: str, request: Message) -> Any:
        """One answer; of a stream, the last, or the first of one that never ends."""
        answer = getattr(self.stub, rpc)(request)
        if not rpc.startswith("Watch"):
            return await answer
        async with asyncio.timeout(STREAM_SECONDS):
            told = []
            async for one in answer:
                told.append(one)
                if rpc == "WatchEvents":
                    break
            return told[-1]

    def learn(self, rpc: str, answer: Any) -> None:
        """Keeps what later calls name."""
        match rpc:
            case "OptimizeRoutes":
                self.known.routes = wire.fixed(wire.served(answer.plan.routes))
                self.known.solve_id = answer.plan.optimization_id
            case "StartOptimization":
                self.known.optimization_id = answer.optimization.optimization_id
            case "StartBatchOptimization":
                self.known.batch_id = answer.batch_optimization.batch_optimization_id

    async def prepare(self) -> None:
        """Two that would take ten minutes, to be stopped."""
        one = await self.stub.StartOptimization(start(long_day(), LONG))
        self.known.long_optimization_id = one.optimization.optimization_id
        batch = await self.stub.StartBatchOptimization(start_batch(part("long", LONG, long_day())))
        self.known.long_batch_id = batch.batch_optimization.batch_optimization_id


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live() -> AsyncIterator[Live]:
    plan = Plan(
        services=("planner", "compliance"),
        gateway=False,
        otlp=False,
        knobs={"planner": {"job_solvers": 3, **KERNELS}},
    )
    with open_folder() as folder:
        async with Mesh(State(folder), plan, base=0) as mesh:
            address = mesh.address("planner")
            async with (
                connect(address, tokens=Bearer(mesh.token(PLATFORM))) as channel,
                connect(address, tokens=Bearer(mesh.token(CARRIER))) as other,
            ):
                stranger = Live(raising(planner_grpc.PlannerServiceStub(other)))
                own = Live(raising(planner_grpc.PlannerServiceStub(channel)), stranger)
                await own.prepare()
                yield own


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.rpc)
async def test_a_good_request_is_answered(live: Live, call: Call) -> None:
    answer = await live.call(call.rpc, call.good(live.known))
    live.learn(call.rpc, answer)

    assert answer is not None


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.rpc)
async def test_a_bad_request_is_refused_by_its_reason(live: Live, call: Call) -> None:
    who = live if call.bad else live.stranger
    with pytest.raises(MeshError) as caught:
        await who.call(call.rpc, call.bad or call.good(live.known))

    assert caught.value.reason == call.reason
    assert caught.value.code != "INTERNAL"
