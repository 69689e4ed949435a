# ruff: noqa: N802 - the contract names the methods
"""A real Envoy before real servers of meshkit, for tests."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.rpc.error_details_pb2 import ErrorInfo

import doorstep.dispatch.v1.access_service_pb2 as access_pb
import doorstep.dispatch.v1.access_service_pb2_grpc as access_grpc
import doorstep.dispatch.v1.tender_pb2 as tender_nouns
import doorstep.dispatch.v1.tender_service_pb2 as tender_pb
import doorstep.dispatch.v1.tender_service_pb2_grpc as tender_grpc
import doorstep.tracking.v1.tracking_pb2 as tracking_nouns
import doorstep.tracking.v1.tracking_service_pb2 as tracking_pb
import doorstep.tracking.v1.tracking_service_pb2_grpc as tracking_grpc
from deploy.gateway.contract import public_contract
from deploy.gateway.filters import LIVE_PATH
from deploy.gateway.render import render, to_yaml
from deploy.gateway.settings import Address, Gateway, Limits, Upstream
from deploy.local import gateway as local
from deploy.local import ports
from deploy.local.health import http_ok
from deploy.local.process import Process, Run
from deploy.table import NAMES
from meshkit.caller import current_caller
from meshkit.client import Bearer, MeshChannel, connect
from meshkit.errors import Invalid, NotFound, Violation
from meshkit.testing import TestMesh, serving

ANSWER_SECONDS_MAX = 20
TENDER = "/v1/tenders/tnd_1"


class Tenders(tender_grpc.TenderServiceServicer):
    """Answers as a partner would see it, and remembers what reached it."""

    def __init__(self) -> None:
        self.metadata: Mapping[str, str] = {}
        self.seconds_left: float | None = None

    async def GetTender(
        self, request: tender_pb.GetTenderRequest, context: Any
    ) -> tender_pb.GetTenderResponse:
        self.seconds_left = context.time_remaining()
        self.metadata = dict(context.invocation_metadata())
        if request.tender_id == "unknown":
            raise NotFound("TENDER_UNKNOWN", "no such tender", tender_id="unknown")
        carrier = current_caller().carrier_id
        return tender_pb.GetTenderResponse(
            tender=tender_nouns.Tender(tender_id=request.tender_id, carrier_id=carrier)
        )

    async def DeclineTender(
        self, request: tender_pb.DeclineTenderRequest, context: Any
    ) -> tender_pb.DeclineTenderResponse:
        raise Invalid(
            "TENDER_CLOSED",
            "two faults",
            violations=[Violation("a", "bad"), Violation("b", "worse")],
        )

    async def WatchTenders(
        self, request: tender_pb.WatchTendersRequest, context: Any
    ) -> AsyncIterator[tender_pb.WatchTendersResponse]:
        for number in range(3):
            yield tender_pb.WatchTendersResponse(cursor=f"c{number}")


class Access(access_grpc.AccessServiceServicer):
    """Hands a token to whoever asks."""

    async def IssueToken(
        self, request: access_pb.IssueTokenRequest, context: Any
    ) -> access_pb.IssueTokenResponse:
        return access_pb.IssueTokenResponse(access_token=f"for-{request.client_id}")


class Tracking(tracking_grpc.TrackingServiceServicer):
    """Knows one recipient's link."""

    async def GetTracking(
        self, request: tracking_pb.GetTrackingRequest, context: Any
    ) -> tracking_pb.GetTrackingResponse:
        seen = f"by-{request.token or current_caller().role.lower()}"
        return tracking_pb.GetTrackingResponse(tracking=tracking_nouns.Tracking(delivery_id=seen))


@dataclass(frozen=True, slots=True)
class Reply:
    """What HTTP answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        """The reason in an error's ErrorInfo."""
        kinds = {detail["@type"].rpartition("/")[2]: detail for detail in self.json["details"]}
        return str(kinds[ErrorInfo.DESCRIPTOR.full_name]["reason"])


@dataclass
class Edge:
    """A running gateway and what stands behind it."""

    port: int
    dispatch: TestMesh
    tenders: Tenders
    log: Path

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str = "", **headers: str
    ) -> Reply:
        """One HTTP/1.1 request; `headers` with underscores for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            named["authorization"] = f"Bearer {token}"
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return await asyncio.to_thread(request, self.port, method, path, content, named)


def request(
    port: int, method: str, path: str, content: bytes | None, headers: Mapping[str, str]
) -> Reply:
    connection = http.client.HTTPConnection(ports.HOST, port, timeout=ANSWER_SECONDS_MAX)
    try:
        connection.request(method, path, content, dict(headers))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, answer.read())
    finally:
        connection.close()


@asynccontextmanager
async def edge(
    folder: Path, limits: Limits | None = None, otlp: Address | None = None
) -> AsyncIterator[Edge]:
    """The gateway before dispatch and tracking; planner and compliance are down."""
    async with AsyncExitStack() as stack:
        tenders = Tenders()
        dispatch = await stack.enter_async_context(serving(tenders, Access(), service="dispatch"))
        tracking = await stack.enter_async_context(serving(Tracking(), service="tracking"))
        up = {"dispatch": dispatch.server.port, "tracking": tracking.server.port}
        jwks = dispatch.folder / "jwks.json"
        port = await stack.enter_async_context(
            before(folder, up, jwks, otlp=otlp, limits=limits or Limits())
        )
        yield Edge(port, dispatch, tenders, folder / "gateway.log")


@asynccontextmanager
async def before(
    folder: Path, up: Mapping[str, int], jwks: Path, **settings: Any
) -> AsyncIterator[int]:
    """The port of a gateway before these servers; `settings` are fields of Gateway."""
    free = ports.free(["gateway", "admin", *NAMES])
    made = Gateway(
        listen=Address(ports.HOST, free["gateway"]),
        admin=Address(ports.HOST, free["admin"]),
        upstreams=tuple(
            Upstream(name, (Address(ports.HOST, up.get(name, free[name])),)) for name in NAMES
        ),
        descriptor_path=str(folder / "public.binpb"),
        jwks_path=str(jwks),
        origins=local.LOCAL_PAGES,
        **settings,
    )
    run = await Run.start(envoy(folder, made))
    try:
        await run.until_healthy()
        for port in up.values():
            await until_found(free["admin"], port)
        yield free["gateway"]
    finally:
        await run.stop()


def envoy(folder: Path, settings: Gateway) -> Process:
    contract = public_contract(local.CONTRACTS.read_bytes())
    (folder / "public.binpb").write_bytes(contract.descriptor)
    configuration = folder / "envoy.yaml"
    configuration.write_text(to_yaml(render(settings, contract)))
    return Process(
        name="gateway",
        command=local.command(configuration),
        port=settings.listen.port,
        healthy=http_ok(settings.listen.port, LIVE_PATH),
        log=folder / "gateway.log",
        stop_seconds=5,
    )


async def until_found(admin: int, port: int) -> None:
    """Envoy asks a server's health before it sends it anything."""
    async with asyncio.timeout(ANSWER_SECONDS_MAX):
        while not await is_found(admin, port):  # noqa: ASYNC110 - Envoy tells no event
            await asyncio.sleep(0.05)


async def is_found(admin: int, port: int) -> bool:
    reply = await asyncio.to_thread(request, admin, "GET", "/clusters", None, {})
    return f":{port}::health_flags::healthy".encode() in reply.body


def channel(door: Edge, token: str = "") -> MeshChannel:
    """gRPC through the gateway, as whom a token says."""
    return connect(f"{ports.HOST}:{door.port}", tokens=Bearer(token) if token else None)
