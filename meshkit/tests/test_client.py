"""
Calling: on whose behalf, for how long, and what a failure becomes.

Method: chains of real servers; `Relay` answers by asking the next one.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from meshkit.caller import Caller, Role, acting_as, acting_for
from meshkit.client import Bearer, connect, identity, raising
from meshkit.deadline import FLOOR_SECONDS, MARGIN_SECONDS, limited
from meshkit.errors import Internal, Invalid, NotFound, TooLate, Unavailable
from meshkit.method import Method
from meshkit.testing import TestMesh, serving
from meshkit.tests.echo import EchoServicer, pb, pb_grpc

OPEN = Method("/meshtest.v1.EchoService/Say", frozenset({Role.DISPATCHER}), 1)
INSIDE = Method("/meshtest.v1.EchoService/Inside", frozenset(), 5)
OWN = Bearer("own")
ADA = Caller(subject="ada", role=Role.DISPATCHER, tenant="acme", token="hers")
PEER = Caller(subject="svc-dispatch", role=Role.SERVICE, tenant="acme", token="peers")
LINK = Caller(subject="del_1", role=Role.RECIPIENT, tenant="acme")


class Relay(EchoServicer):
    """Answers each rpc by asking the next server the same."""

    def __init__(self, peer: Any) -> None:
        super().__init__()
        self._peer = peer

    async def Say(self, request: Any, context: Any) -> Any:  # noqa: N802 the contract's name
        return await self._peer.Say(request)

    async def Inside(self, request: Any, context: Any) -> Any:  # noqa: N802 the contract's name
        return await self._peer.Inside(request)

    async def Enter(self, request: Any, context: Any) -> Any:  # noqa: N802 the contract's name
        return await self._peer.Inside(request)


class Faltering(EchoServicer):
    """Unavailable for the first calls, as while a database restarts."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.calls = 0
        self._failures = failures

    async def Say(self, request: Any, context: Any) -> Any:  # noqa: N802 the contract's name
        self.calls += 1
        if self.calls <= self._failures:
            raise Unavailable("STORE_UNAVAILABLE", "the database is restarting")
        return pb.SayResponse(text=request.text)


@asynccontextmanager
async def chain() -> AsyncIterator[TestMesh]:
    """A server `front` that relays to a server `back`; both know each other's keys."""
    async with serving(EchoServicer(), service="back") as back:
        tokens = back.tokens("front")
        peer = raising(pb_grpc.EchoServiceStub(back.channel_with(tokens)))
        async with serving(Relay(peer), service="front") as front:
            yield front


def echo(mesh: TestMesh, role: Role | None = Role.DISPATCHER) -> Any:
    return raising(pb_grpc.EchoServiceStub(mesh.channel(role)))


async def hurried(call: Any) -> None:
    async with limited(MARGIN_SECONDS + FLOOR_SECONDS / 2, None):
        await call(say("hi"))


def say(text: str) -> Any:
    return pb.SayRequest(text=text)


@pytest.mark.parametrize(
    ("caller", "method", "tokens", "token", "tenant"),
    [
        (ADA, OPEN, OWN, "hers", ""),  # her token names her tenant
        (ADA, INSIDE, OWN, "own", "acme"),  # the contract does not list her: we vouch
        (ADA, INSIDE, None, "", ""),  # we cannot
        (PEER, OPEN, OWN, "own", "acme"),  # we speak for ourselves
        (PEER, OPEN, None, "peers", "acme"),
        (LINK, INSIDE, OWN, "own", "acme"),  # there is no token to forward
        (None, OPEN, OWN, "own", ""),  # a tick
        (None, OPEN, None, "", ""),
    ],
)
def test_a_call_is_made_on_the_right_behalf(
    caller: Caller | None, method: Method, tokens: Bearer | None, token: str, tenant: str
) -> None:
    with acting_as(caller):
        sent = dict(identity(method, tokens))

    assert sent.get("authorization", "") == (f"Bearer {token}" if token else "")
    assert sent.get("doorstep-tenant", "") == tenant


def test_a_tick_works_for_the_tenant_it_names() -> None:
    with acting_for("globex"):
        sent = dict(identity(OPEN, OWN))

    assert sent == {"authorization": "Bearer own", "doorstep-tenant": "globex"}


async def test_a_callers_token_goes_on_where_the_contract_lists_the_caller() -> None:
    async with chain() as front:
        seen = (await echo(front).Say(say("hi"))).seen

    assert (seen["subject"], seen["role"]) == ("dispatcher-1", "DISPATCHER")


async def test_a_service_vouches_for_a_caller_where_only_services_may_call() -> None:
    async with chain() as front:
        seen = (await echo(front, None).Enter(say("hi"))).seen

    assert (seen["subject"], seen["role"], seen["tenant"]) == ("svc-front", "SERVICE", "")


async def test_each_hop_has_less_time_than_the_one_before() -> None:
    async with chain() as front:
        seen = (await echo(front).Say(say("hi"), timeout=0.5)).seen

    assert 0 < float(seen["remaining"]) < 0.5 - MARGIN_SECONDS


async def test_a_cancelled_call_is_cancelled_at_every_hop() -> None:
    last = EchoServicer()
    async with serving(last, service="back") as back:
        peer = raising(pb_grpc.EchoServiceStub(back.channel_with(back.tokens("front"))))
        async with serving(Relay(peer), service="front") as front:
            call = echo(front).Say(say("sleep"), timeout=0.2)
            with pytest.raises(TooLate):
                await call
            async with asyncio.timeout(2):
                while not last.left:  # noqa: ASYNC110 the server has no event for it
                    await asyncio.sleep(0.005)

            assert (back.server.running, last.left) == (0, ["Say"])


async def test_an_error_from_the_last_hop_arrives_with_its_domain() -> None:
    async with chain() as front:
        with pytest.raises(NotFound) as caught:
            await echo(front).Say(say("unknown"))

    assert (caught.value.reason, caught.value.domain) == ("WORD_UNKNOWN", "back.doorstep")


async def test_with_too_little_time_left_no_call_is_made() -> None:
    async with serving(EchoServicer(), service="echo") as mesh:
        stub = echo(mesh)
        with pytest.raises(TooLate) as caught:
            await hurried(stub.Say)

    assert caught.value.reason == "DEADLINE_TOO_SHORT"


async def test_two_failures_in_a_row_are_retried() -> None:
    servicer = Faltering(failures=2)
    async with serving(servicer, service="echo") as mesh:
        reply = await echo(mesh).Say(say("hi"))

    assert (reply.text, servicer.calls) == ("hi", 3)


async def test_a_service_that_is_down_is_not_stormed() -> None:
    servicer = Faltering(failures=1000)
    async with serving(servicer, service="echo") as mesh:
        stub = echo(mesh)
        for _ in range(20):
            with pytest.raises(Unavailable):
                await stub.Say(say("hi"))

    assert servicer.calls < 20 + 10  # ten retry tokens, then none


async def test_a_peer_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers
        port = taken.getsockname()[1]
        async with connect(f"127.0.0.1:{port}") as channel:
            with pytest.raises(Unavailable) as caught:
                await raising(pb_grpc.EchoServiceStub(channel)).Say(say("hi"))

    assert caught.value.reason == "PEER_UNREACHABLE"


async def test_writing_to_a_call_that_was_refused_raises_why() -> None:
    async with serving(EchoServicer(), service="echo") as mesh:
        call = echo(mesh).Chat()
        await call.write(say("hi"))
        assert (await call.read()).text == "hi"
        await call.write(say(""))
        with pytest.raises(Invalid):
            await call.read()

        with pytest.raises(Invalid) as caught:
            await call.write(say("more"))

    assert caught.value.reason == "FIELD_INVALID"


async def test_a_stream_read_by_hand_ends_with_eof() -> None:
    async with serving(EchoServicer(), service="echo") as mesh:
        call = echo(mesh).Chat()
        await call.write(say("hi"))
        await call.done_writing()

        heard = [(await call.read()).text for _ in range(2)]

        assert heard == ["hi", "bye"]
        assert await call.read() is grpc.aio.EOF


async def test_a_watch_that_its_reader_leaves_is_over_at_the_server() -> None:
    servicer = EchoServicer()
    async with serving(servicer, service="echo") as mesh:
        async for reply in echo(mesh).Watch(say("hi")):
            assert reply.text == "hi"
            break
        async with asyncio.timeout(2):
            while not servicer.left:  # noqa: ASYNC110 the server has no event for it
                await asyncio.sleep(0.005)

        assert mesh.server.running == 0


async def test_a_bug_far_away_stays_a_bug_on_the_way_back() -> None:
    async with chain() as front:
        with pytest.raises(Internal) as caught:
            await echo(front).Say(say("bug"))

    assert "postgres" not in str(caught.value)
