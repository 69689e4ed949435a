"""
Every rpc of the planner that is there answers a good request, and refuses a bad one by its reason.

Method: the table of `planner_calls.py`, in its order, on a live mesh.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.plan import Plan
from doorstep.planner.v1.planner_service_pb2_grpc import PlannerServiceStub
from services.planner.tests import wire
from tests.contracts.live import Call, Live, opened
from tests.contracts.planner_calls import (
    CALLS,
    LONG,
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


def learn(known: Known, rpc: str, answer: Any) -> None:
    """Keeps what later calls name."""
    match rpc:
        case "OptimizeRoutes":
            known.routes = wire.fixed(wire.served(answer.plan.routes))
            known.solve_id = answer.plan.optimization_id
        case "StartOptimization":
            known.optimization_id = answer.optimization.optimization_id
        case "StartBatchOptimization":
            known.batch_id = answer.batch_optimization.batch_optimization_id


async def prepare(live: Live) -> None:
    """Two that would take ten minutes, to be stopped."""
    one = await live.call("StartOptimization", start(long_day(), LONG))
    live.known.long_optimization_id = one.optimization.optimization_id
    batch = start_batch(part("long", LONG, long_day()))
    other = await live.call("StartBatchOptimization", batch)
    live.known.long_batch_id = other.batch_optimization.batch_optimization_id


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live() -> AsyncIterator[Live]:
    plan = Plan(
        services=("planner", "compliance"),
        gateway=False,
        otlp=False,
        knobs={"planner": {"job_solvers": 3, **KERNELS}},
    )
    async with opened(plan, "planner", [PlannerServiceStub], Known()) as live:
        await prepare(live)
        yield live


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.rpc)
async def test_a_good_request_is_answered(live: Live, call: Call) -> None:
    answer = await live.call(call.rpc, call.good(live.known))
    learn(live.known, call.rpc, answer)

    assert answer is not None


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.rpc)
async def test_a_bad_request_is_refused_by_its_reason(live: Live, call: Call) -> None:
    await live.refused(call)
