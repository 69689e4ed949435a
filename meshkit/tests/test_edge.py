"""
The edge across the wire: whatever goes wrong, the caller hears the right code and reason, no more.

Method: a real server on a real port; bad bytes are sent as bytes, past the generated stubs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs

from meshkit.caller import Role
from meshkit.client import raising
from meshkit.errors import (
    Denied,
    Exhausted,
    Internal,
    Invalid,
    MeshError,
    NotFound,
    NotReady,
    TooLate,
    Unauthenticated,
    Unimplemented,
)
from meshkit.status import error_from_rpc
from meshkit.testing import TestMesh, serving
from meshkit.tests.echo import SERVICE, EchoServicer, pb, pb_grpc

DEEP = b"".join(
    b"\x2a" + bytes([size & 0x7F | 0x80, size >> 7]) for size in range(16_000, 128, -3)
)  # field 5, nested, five thousand times within itself


@pytest.fixture
async def mesh() -> AsyncIterator[TestMesh]:
    async with serving(EchoServicer(), service="echo") as mesh:
        yield mesh


@pytest.fixture
def echo(mesh: TestMesh) -> Any:
    return raising(pb_grpc.EchoServiceStub(mesh.channel(Role.DISPATCHER)))


def say(text: str, **fields: Any) -> Any:
    return pb.SayRequest(text=text, **fields)


async def spoken(*texts: str) -> AsyncIterator[Any]:
    for text in texts:
        yield say(text)


async def test_all_four_kinds_of_rpc_are_answered(echo: Any) -> None:
    assert (await echo.Say(say("hi"))).text == "hi"
    assert [reply.text async for reply in echo.SaySlowly(say("hi"))] == ["h", "i"]
    assert (await echo.Gather(spoken("a", "b"))).text == "ab"
    assert [reply.text async for reply in echo.Chat(spoken("a", "b"))] == ["a", "b", "bye"]


@pytest.mark.parametrize(
    ("text", "error", "reason"),
    [
        ("unknown", NotFound, "WORD_UNKNOWN"),
        ("early", NotReady, "NOT_YET"),
        ("bug", Internal, "INTERNAL_ERROR"),
        ("wrong", Internal, "INTERNAL_ERROR"),  # not a message at all
        ("", Invalid, "FIELD_INVALID"),
    ],
)
async def test_an_error_keeps_its_class_and_reason(
    echo: Any, text: str, error: type[MeshError], reason: str
) -> None:
    with pytest.raises(error) as caught:
        await echo.Say(say(text))

    assert caught.value.reason == reason


async def test_a_bug_is_told_to_the_log_and_to_nobody_else(echo: Any) -> None:
    with capture_logs() as lines, pytest.raises(Internal) as caught:
        await echo.Say(say("bug"))

    (line,) = [line for line in lines if line["event"] == "call_failed"]
    told = f"{caught.value} {caught.value.metadata} {caught.value.__cause__}"
    assert line["request_id"] in str(caught.value)
    assert line["exc_info"]
    assert "postgres" not in told
    assert "RuntimeError" not in told


async def test_an_error_in_the_middle_of_a_stream_comes_after_what_was_said(echo: Any) -> None:
    replies = aiter(echo.SaySlowly(say("ab!c")))

    heard = [(await anext(replies)).text for _ in "ab"]
    with pytest.raises(NotFound) as caught:
        await anext(replies)

    assert heard == ["a", "b"]
    assert caught.value.reason == "LETTER_UNKNOWN"


async def test_a_request_in_the_middle_of_a_stream_is_validated_too(echo: Any) -> None:
    with pytest.raises(Invalid) as caught:
        await echo.Gather(spoken("a", ""))
    with pytest.raises(Invalid):
        async for _ in echo.Chat(spoken("a", "")):
            pass

    assert [fault.field for fault in caught.value.violations] == ["text"]


@pytest.mark.parametrize("rpc", ["Say", "SaySlowly", "Gather", "Chat"])
@pytest.mark.parametrize(
    "raw",
    [b"\xff\xff\xff", b"\x0a\x02\xc3\x28", b"\x0a\x7f", DEEP],
    ids=["no tag", "no UTF-8", "cut off", "too deep"],
)
async def test_bytes_that_are_no_message_are_the_callers_fault(
    mesh: TestMesh, rpc: str, raw: bytes
) -> None:
    error = await refused(mesh, f"/{SERVICE}/{rpc}", raw, Role.DISPATCHER)

    assert (type(error), error.reason) == (Invalid, "REQUEST_MALFORMED")


async def test_nothing_is_parsed_for_a_stranger(mesh: TestMesh) -> None:
    error = await refused(mesh, f"/{SERVICE}/Say", b"\xff\xff\xff", None)

    assert (type(error), error.reason) == (Unauthenticated, "TOKEN_MISSING")


async def test_a_caller_that_the_contract_does_not_name_is_denied(mesh: TestMesh) -> None:
    error = await refused(mesh, f"/{SERVICE}/Say", b"", Role.CARRIER)

    assert (type(error), error.reason) == (Denied, "CALLER_NOT_ALLOWED")


@pytest.mark.parametrize("path", [f"/{SERVICE}/Nothing", "/no.such.v1.Service/Get", "/x"])
async def test_a_method_that_does_not_exist_says_so(mesh: TestMesh, path: str) -> None:
    error = await refused(mesh, path, b"", Role.DISPATCHER)

    assert (type(error), error.reason) == (Unimplemented, "RPC_UNKNOWN")


async def test_an_rpc_that_nobody_wrote_yet_says_where_to_look(echo: Any) -> None:
    with pytest.raises(Unimplemented) as caught:
        await echo.Later(say("x"))
    with pytest.raises(Unimplemented) as stream:
        async for _ in echo.WatchLater(spoken("x")):
            pass

    assert caught.value.reason == stream.value.reason == "RPC_PENDING"
    assert caught.value.metadata["rpc"] == f"{SERVICE}/Later"
    assert "docs/roadmap.md" in str(caught.value)


async def test_a_message_over_the_limit_is_refused(echo: Any) -> None:
    with pytest.raises(Exhausted):
        await echo.Say(
            say("x", places={str(key): pb.Point(name="x" * 1000) for key in range(5000)})
        )


async def test_metadata_over_the_limit_are_refused(echo: Any) -> None:
    with pytest.raises(Exhausted):
        await echo.Say(say("x"), metadata=[("x-long", "x" * (64 << 10))])


async def test_what_is_over_the_admitted_number_is_refused_at_once() -> None:
    async with serving(EchoServicer(), service="echo", concurrent_calls_max=2) as mesh:
        stub = pb_grpc.EchoServiceStub(mesh.channel(Role.DISPATCHER))
        running = [stub.Say(say("sleep")) for _ in range(2)]
        await eventually(lambda: mesh.server.running == 2)

        started = time.monotonic()
        with pytest.raises(Exhausted) as caught:
            await raising(stub).Say(say("hi"))

        assert caught.value.reason == "SERVER_BUSY"
        assert caught.value.retry_after is not None
        assert time.monotonic() - started < 0.5
        async for reply in raising(stub).Watch(say("a watch is counted apart")):
            assert reply.text
            break
        for call in running:
            call.cancel()
        await eventually(lambda: mesh.server.running == 0)


@pytest.mark.parametrize("rpc", ["Say", "Watch"])
async def test_a_cancelled_call_stops_its_handler_at_once(rpc: str) -> None:
    servicer = EchoServicer()
    async with serving(servicer, service="echo") as mesh:
        call = getattr(pb_grpc.EchoServiceStub(mesh.channel(Role.DISPATCHER)), rpc)(say("sleep"))
        await eventually(lambda: mesh.server.running == 1)

        call.cancel()
        await eventually(lambda: servicer.left == [rpc])

        assert mesh.server.running == 0


async def test_without_a_deadline_the_methods_maximum_holds(mesh: TestMesh) -> None:
    async with grpc.aio.insecure_channel(mesh.address) as plain:
        stub = raising(pb_grpc.EchoServiceStub(plain))
        metadata = (("authorization", f"Bearer {mesh.token(Role.DISPATCHER)}"),)

        started = time.monotonic()
        with pytest.raises(TooLate) as caught:
            await stub.Say(say("sleep"), metadata=metadata)

    assert 0.9 < time.monotonic() - started < 3
    assert caught.value.domain == "mesh.doorstep"


async def test_health_is_open_to_everybody(mesh: TestMesh) -> None:
    async with grpc.aio.insecure_channel(mesh.address) as plain:
        check: Any = plain.unary_unary("/grpc.health.v1.Health/Check")

        assert await check(b"") == b"\x08\x01"  # SERVING


async def refused(mesh: TestMesh, path: str, raw: bytes, role: Role | None) -> MeshError:
    """Sends bytes as they are; returns the error, which always says reason and domain."""
    metadata = [("authorization", f"Bearer {mesh.token(role)}")] if role else []
    async with grpc.aio.insecure_channel(mesh.address) as plain:
        call: Any = plain.unary_unary(path)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(raw, metadata=metadata)
    error = error_from_rpc(caught.value)

    assert error.reason
    assert error.domain.endswith(".doorstep")
    return error


async def eventually(holds: Callable[[], bool]) -> None:
    """Returns when it holds; two seconds are ample for what a machine does at once."""
    async with asyncio.timeout(2):
        while not holds():  # noqa: ASYNC110 the server has no event for it
            await asyncio.sleep(0.005)
