"""
All four services, two of tracking, behind the gateway: what a person meets who starts the mesh.

Method: one real mesh for the file, asked through the gateway only; the day is played in tests/mesh.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

import doorstep.dispatch.v1.access_service_pb2 as access_pb
import doorstep.dispatch.v1.access_service_pb2_grpc as access_grpc
from deploy.gateway.filters import READY_PATH
from deploy.local import keys, spans
from deploy.local.health import http_ok
from deploy.local.mesh import Mesh
from deploy.local.plan import Plan
from deploy.local.state import State
from deploy.local.supervisor import RestartPolicy
from doorstep.dispatch.v1.tenant_pb2 import Tenant
from meshkit.client import Bearer, connect, raising
from meshkit.errors import Unavailable
from meshkit.pgtest import open_folder

pytestmark = [
    pytest.mark.mesh,
    pytest.mark.pg,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="module"),
]

PLAN = Plan(replicas={"tracking": 2}, restart=RestartPolicy(enabled=False))
TENANT = "acme"
TRACE = "1af7651916cd43dd8448eb211c80319c"
SECONDS_MAX = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    with open_folder() as folder:
        async with Mesh(State(folder / "state"), PLAN, base=0, say=lambda _: None) as started:
            await until(http_ok(started.ports["gateway"], READY_PATH))
            yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def token(mesh: Mesh) -> str:
    return await log_in(mesh)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tenant(mesh: Mesh, token: str) -> Tenant:
    request = access_pb.CreateTenantRequest(
        request_id=str(uuid.uuid4()),
        tenant=Tenant(tenant_id=TENANT, currency_code="EUR", time_zone="Europe/Helsinki"),
    )
    async with connect(mesh.address("gateway"), tokens=Bearer(token)) as channel:
        return (await raising(access_grpc.AccessServiceStub(channel)).CreateTenant(request)).tenant


async def log_in(mesh: Mesh) -> str:
    secret = (mesh.state.folder("keys") / keys.OPERATOR_SECRET).read_text()
    asked = {"client_id": "operator", "client_secret": secret}
    answer = await asyncio.to_thread(post, f"{mesh.gateway_url}/v1/tokens:issue", asked)
    return str(answer["access_token"])


def post(url: str, body: object) -> Any:
    headers = {"content-type": "application/json", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=SECONDS_MAX) as answer:
        return json.load(answer)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while not await holds():  # noqa: ASYNC110 - asked, not told
            await asyncio.sleep(0.2)


async def read_tenant(mesh: Mesh, token: str) -> Tenant:
    async with connect(mesh.address("gateway"), tokens=Bearer(token)) as channel:
        stub = raising(access_grpc.AccessServiceStub(channel))
        return (await stub.GetTenant(access_pb.GetTenantRequest(tenant_id=TENANT))).tenant


def can_read(mesh: Mesh, token: str) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        try:
            return (await read_tenant(mesh, token)).tenant_id == TENANT
        except Unavailable:
            return False

    return holds


async def test_every_process_is_up_and_said_where(mesh: Mesh) -> None:
    told = "\n".join(mesh.lines())

    assert {"planner", "dispatch", "tracking", "tracking-2", "compliance"} <= set(mesh.running)
    assert all(mesh.address(name) in told for name in mesh.running if name != "otlp")


async def test_the_operator_logs_in_and_makes_a_tenant(tenant: Tenant) -> None:
    assert tenant.tenant_id == TENANT
    assert tenant.etag


async def test_a_killed_service_is_missed_and_found_again(
    mesh: Mesh, token: str, tenant: Tenant
) -> None:
    await mesh.kill("dispatch")
    with pytest.raises(Unavailable):
        await read_tenant(mesh, token)
    await mesh.restart("dispatch")

    await until(can_read(mesh, token))
    assert await read_tenant(mesh, token) == tenant


async def test_a_killed_database_comes_back_with_what_was_committed(
    mesh: Mesh, token: str, tenant: Tenant
) -> None:
    await mesh.kill_postgres()
    with pytest.raises(Unavailable):
        await read_tenant(mesh, token)
    await mesh.restart_postgres()

    await until(can_read(mesh, token))
    assert await read_tenant(mesh, token) == tenant


async def test_one_trace_goes_from_the_gateway_into_the_service(mesh: Mesh) -> None:
    folder = mesh.state.folder("traces")
    token = await log_in(mesh)

    async def has_arrived() -> bool:
        return {"gateway", "dispatch"} <= {span.service for span in spans.read(folder, TRACE)}

    await until(has_arrived)
    assert token not in str(spans.read(folder))
