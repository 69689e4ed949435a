"""
Every rpc of compliance answers a good request on a live mesh, and refuses a bad one by its reason.

Method: the table of `compliance_calls.py`, in its order; each call twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local.plan import Plan
from doorstep.compliance.v1.check_service_pb2_grpc import CheckServiceStub
from doorstep.compliance.v1.emissions_service_pb2_grpc import EmissionsServiceStub
from doorstep.compliance.v1.zone_service_pb2_grpc import ZoneServiceStub
from tests.contracts.compliance_calls import CALLS, learn
from tests.contracts.live import Call, Live, opened

pytestmark = [
    pytest.mark.mesh,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]
STUBS = (ZoneServiceStub, CheckServiceStub, EmissionsServiceStub)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live() -> AsyncIterator[Live]:
    plan = Plan(services=("compliance",), gateway=False, otlp=False)
    async with opened(plan, "compliance", STUBS, None) as live:
        yield live


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.rpc)
async def test_a_good_request_is_answered(live: Live, call: Call) -> None:
    answer = await live.call(call.rpc, call.good(live.known))
    learn(call.rpc, answer)

    assert answer is not None


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.rpc)
async def test_a_bad_request_is_refused_by_its_reason(live: Live, call: Call) -> None:
    await live.refused(call)
