"""
What partners, recipients and browsers meet: the real Envoy before real servers on real ports.

Method: one gateway for the whole file, asked over HTTP/1.1, gRPC and gRPC-Web; planner and
compliance are down.
"""

from __future__ import annotations

import base64
import json
import struct
import uuid
from collections.abc import AsyncIterator
from typing import Any, cast

import grpc
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2, status_pb2
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

import doorstep.compliance.v1.check_service_pb2 as check_pb
import doorstep.compliance.v1.check_service_pb2_grpc as check_grpc
import doorstep.dispatch.v1.tender_service_pb2 as tender_pb
import doorstep.dispatch.v1.tender_service_pb2_grpc as tender_grpc
from deploy.gateway.settings import Limits, Rate
from deploy.gateway.tests.harness import TENDER, Edge, Reply, channel, edge
from deploy.local.ports import HOST
from meshkit.auth import Role
from meshkit.client import raising
from meshkit.errors import NotFound, Unauthenticated, Unavailable, Unimplemented

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]

DECLINE = f"{TENDER}:decline"
GRPC_TENDER = "/doorstep.dispatch.v1.TenderService/GetTender"
PAGE = "http://localhost:5173"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    limits = Limits(caller=Rate(500, 500), stranger=Rate(500, 500))
    async with edge(tmp_path_factory.mktemp("gateway"), limits) as started:
        yield started


@pytest.fixture
def carrier(door: Edge) -> str:
    return door.dispatch.token(Role.CARRIER)


async def test_a_partner_reads_json_with_the_contracts_names(door: Edge, carrier: str) -> None:
    reply = await door.ask("GET", TENDER, token=carrier)

    assert reply.status == 200
    assert reply.json["tender_id"] == "tnd_1"
    assert reply.json["carrier_id"] == "carrier-1"
    assert reply.json["task_ids"] == []  # what is unset is shown too
    assert int(reply.headers["content-length"]) == len(reply.body)


@pytest.mark.parametrize("path", [TENDER, "/v1/unheard-of", "/"])
async def test_without_a_token_the_answer_is_401_with_a_reason(door: Edge, path: str) -> None:
    reply = await door.ask("GET", path)

    assert reply.status == 401
    assert reply.reason == "TOKEN_REFUSED"


async def test_an_expired_or_foreign_token_is_refused(door: Edge) -> None:
    expired = door.dispatch.token(Role.CARRIER, seconds=-60)
    foreign = f"{expired.rsplit('.', 1)[0]}.{'A' * 342}"

    for token in (expired, foreign, "opaque"):
        assert (await door.ask("GET", TENDER, token=token)).status == 401


async def test_a_token_in_the_query_is_no_token(door: Edge, carrier: str) -> None:
    assert (await door.ask("GET", f"{TENDER}?access_token={carrier}")).status in (400, 401)


async def test_who_asks_for_a_token_needs_none(door: Edge) -> None:
    asked = {"client_id": "acme", "client_secret": "long enough to be one"}

    reply = await door.ask("POST", "/v1/tokens:issue", asked)

    assert reply.json["access_token"] == "for-acme"


async def test_a_recipients_link_needs_no_token(door: Edge) -> None:
    reply = await door.ask("GET", "/v1/tracking/link-1")

    assert reply.json["delivery_id"] == "by-link-1"


async def test_the_same_rpc_knows_a_dispatcher_by_token(door: Edge) -> None:
    token = door.dispatch.token(Role.DISPATCHER)

    reply = await door.ask("GET", "/v1/deliveries/del_1/tracking", token=token)

    assert reply.json["delivery_id"] == "by-dispatcher"


async def test_a_services_error_keeps_reason_and_all_violations(door: Edge, carrier: str) -> None:
    body = {"request_id": str(uuid.uuid4()), "reason": "TENDER_DECLINE_REASON_CAPACITY"}

    reply = await door.ask("POST", DECLINE, body, token=carrier)

    assert reply.status == 400
    assert reply.reason == "TENDER_CLOSED"
    assert violations(reply) == {"a": "bad", "b": "worse"}


async def test_all_broken_rules_of_the_contract_are_named_at_once(door: Edge, carrier: str) -> None:
    reply = await door.ask("POST", DECLINE, {"request_id": "no uuid"}, token=carrier)

    assert reply.status == 400
    assert set(violations(reply)) == {"request_id", "reason"}


def violations(reply: Reply) -> dict[str, str]:
    listed = next(d for d in reply.json["details"] if "field_violations" in d)
    return {each["field"]: each["description"] for each in listed["field_violations"]}


@pytest.mark.parametrize("body", [b'{"request_id": ', b'{"reason": "NO_SUCH_VALUE"}'])
async def test_malformed_json_is_400_with_a_reason(door: Edge, carrier: str, body: bytes) -> None:
    reply = await door.ask("POST", DECLINE, body, token=carrier)

    assert reply.status == 400
    assert reply.reason == "REQUEST_MALFORMED"


async def test_an_unknown_query_parameter_is_named(door: Edge, carrier: str) -> None:
    reply = await door.ask("GET", f"{TENDER}?colour=red", token=carrier)

    assert reply.status == 400
    assert "colour" in reply.json["message"]


async def test_what_is_not_in_the_contract_is_404(door: Edge, carrier: str) -> None:
    reply = await door.ask("GET", "/v1/unheard-of", token=carrier)

    assert reply.status == 404
    assert reply.reason == "METHOD_UNKNOWN"


async def test_an_rpc_without_json_form_is_404_for_json(door: Edge, carrier: str) -> None:
    reply = await door.ask("POST", "/doorstep.planner.v1.PlannerService/Nothing", {}, token=carrier)

    assert reply.status == 404


async def test_an_internal_method_does_not_exist_outside(door: Edge, carrier: str) -> None:
    async with channel(door, carrier) as opened:
        call = opened.unary_unary("/grpc.health.v1.Health/Check")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"")

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_reflection_is_refused_outside(door: Edge, carrier: str) -> None:
    async with grpc.aio.insecure_channel(f"{HOST}:{door.port}") as opened:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(cast(grpc.Channel, opened))
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        call = stub.ServerReflectionInfo(
            iter([asked]), metadata=(("authorization", f"Bearer {carrier}"),)
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call.read()

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_grpc_passes_with_its_errors_whole(door: Edge, carrier: str) -> None:
    async with channel(door, carrier) as opened:
        tenders = raising(tender_grpc.TenderServiceStub(opened))
        reply = await tenders.GetTender(tender_pb.GetTenderRequest(tender_id="tnd_1"))
        with pytest.raises(NotFound) as caught:
            await tenders.GetTender(tender_pb.GetTenderRequest(tender_id="unknown"))

    assert reply.tender.tender_id == "tnd_1"
    assert caught.value.reason == "TENDER_UNKNOWN"


async def test_the_gateways_own_refusals_reach_grpc_as_classes(door: Edge) -> None:
    async with channel(door) as opened:
        tenders = raising(tender_grpc.TenderServiceStub(opened))
        with pytest.raises(Unauthenticated) as caught:
            await tenders.GetTender(tender_pb.GetTenderRequest(tender_id="tnd_1"))

    assert caught.value.reason == "TOKEN_REFUSED"
    assert caught.value.domain == "gateway.doorstep"
    assert "IssueToken" in caught.value.metadata["action"]


async def test_a_service_that_is_down_is_unavailable_with_a_pause_to_keep(door: Edge) -> None:
    async with channel(door, door.dispatch.token(Role.PLATFORM)) as opened:
        checks = raising(check_grpc.CheckServiceStub(opened))
        with pytest.raises(Unavailable) as caught:
            await checks.ListDecisions(check_pb.ListDecisionsRequest())

    assert caught.value.reason == "SERVICE_UNREACHABLE"
    assert caught.value.retry_after is not None


async def test_nobody_names_a_tenant_from_outside(door: Edge, carrier: str) -> None:
    await door.ask("GET", TENDER, token=carrier, doorstep_tenant="globex")

    assert "doorstep-tenant" not in door.tenders.metadata


async def test_a_json_caller_has_the_methods_deadline(door: Edge, carrier: str) -> None:
    await door.ask("GET", TENDER, token=carrier)

    assert door.tenders.seconds_left is not None
    assert 0 < door.tenders.seconds_left <= 5


async def test_a_stream_is_json_lines_for_programs(door: Edge, carrier: str) -> None:
    reply = await door.ask("GET", "/v1/tenders:watch", token=carrier)

    assert [json.loads(line)["cursor"] for line in reply.body.splitlines()] == ["c0", "c1", "c2"]


async def test_a_stream_is_an_event_stream_for_browsers(door: Edge, carrier: str) -> None:
    reply = await door.ask("GET", "/v1/tenders:watch", token=carrier, accept="text/event-stream")

    assert reply.headers["content-type"] == "text/event-stream"
    events = [event for event in reply.body.decode().split("\n\n") if event]
    assert [json.loads(event.removeprefix("data: "))["cursor"] for event in events] == [
        "c0",
        "c1",
        "c2",
    ]


async def test_a_page_of_ours_may_ask_before_it_calls(door: Edge) -> None:
    reply = await preflight(door, PAGE)

    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == PAGE
    assert "authorization" in reply.headers["access-control-allow-headers"]


async def test_a_foreign_page_is_not_let_in(door: Edge) -> None:
    assert (
        "access-control-allow-origin" not in (await preflight(door, "https://evil.example")).headers
    )


async def test_a_page_can_read_a_refusal(door: Edge) -> None:
    reply = await door.ask("GET", TENDER, origin=PAGE)

    assert reply.status == 401
    assert reply.headers["access-control-allow-origin"] == PAGE


async def preflight(door: Edge, origin: str) -> Reply:
    return await door.ask(
        "OPTIONS",
        TENDER,
        origin=origin,
        access_control_request_method="GET",
        access_control_request_headers="authorization",
    )


def framed(message: bytes) -> bytes:
    return struct.pack(">BI", 0, len(message)) + message


async def test_grpc_web_answers_a_unary_call(door: Edge, carrier: str) -> None:
    reply = await grpc_web(door, "tnd_1", carrier)

    length = struct.unpack(">xI", reply.body[:5])[0]
    answer = tender_pb.GetTenderResponse.FromString(reply.body[5 : 5 + length])
    assert answer.tender.tender_id == "tnd_1"
    assert b"grpc-status:0" in reply.body[5 + length :]


async def test_grpc_web_carries_a_refusal_with_its_details(door: Edge) -> None:
    reply = await grpc_web(door, "tnd_1", "")

    padded = reply.headers["grpc-status-details-bin"] + "=="
    status = status_pb2.Status.FromString(base64.b64decode(padded))
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert reply.headers["grpc-status"] == str(grpc.StatusCode.UNAUTHENTICATED.value[0])
    assert info.reason == "TOKEN_REFUSED"


async def grpc_web(door: Edge, tender_id: str, token: str) -> Reply:
    message = tender_pb.GetTenderRequest(tender_id=tender_id).SerializeToString()
    return await door.ask(
        "POST",
        GRPC_TENDER,
        framed(message),
        token=token,
        content_type="application/grpc-web+proto",
        x_grpc_web="1",
    )


async def test_a_body_above_one_message_is_413(door: Edge, carrier: str) -> None:
    body = {"request_id": "x" * (4 * 1024 * 1024)}

    reply = await door.ask("POST", DECLINE, body, token=carrier)

    assert reply.status == 413
    assert reply.reason == "REQUEST_TOO_LARGE"


async def test_a_grpc_message_that_is_too_large_is_exhausted_with_a_reason(
    door: Edge, carrier: str
) -> None:
    async with grpc.aio.insecure_channel(
        f"{HOST}:{door.port}", options=[("grpc.max_send_message_length", -1)]
    ) as opened:
        call: Any = opened.unary_unary(GRPC_TENDER)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"x" * (5 * 1024 * 1024), metadata=(("authorization", f"Bearer {carrier}"),))

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_json_on_a_path_of_grpc_is_told_where_json_is_spoken(
    door: Edge, carrier: str
) -> None:
    reply = await door.ask("POST", GRPC_TENDER, {}, token=carrier, content_type="application/json")

    assert (reply.status, reply.reason) == (415, "GRPC_ONLY")


async def test_headers_beyond_the_limit_are_refused(door: Edge, carrier: str) -> None:
    reply = await door.ask("GET", TENDER, token=carrier, x_big="x" * 20_000)

    assert reply.status == 431
    assert reply.reason == "HEADERS_TOO_LARGE"


async def test_the_gateway_is_live_while_a_service_is_down_but_not_ready(door: Edge) -> None:
    assert (await door.ask("GET", "/health/live")).status == 200
    assert (await door.ask("GET", "/health/ready")).status == 503


async def test_what_nobody_serves_yet_is_still_routed(door: Edge, carrier: str) -> None:
    async with channel(door, carrier) as opened:
        with pytest.raises(Unimplemented) as caught:
            await raising(tender_grpc.TenderServiceStub(opened)).GetCarrier(
                tender_pb.GetCarrierRequest(carrier_id="carrier-1")
            )

    assert caught.value.reason == "RPC_PENDING"
