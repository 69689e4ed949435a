"""
Starting, stopping and being well: what whoever runs a service relies on.

Method: servers in this process for what is quick, whole processes for signals and exit codes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from meshkit.caller import Role
from meshkit.client import raising
from meshkit.errors import Unavailable, Unimplemented
from meshkit.server import CannotStart, Server
from meshkit.testing import TestMesh, keys_folder, serving, test_settings
from meshkit.tests.echo import SERVICE, EchoServicer, pb, pb_grpc

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
ROOT = Path(__file__).parents[2]


def echo(mesh: TestMesh) -> Any:
    return raising(pb_grpc.EchoServiceStub(mesh.channel(Role.DISPATCHER)))


async def health(mesh: TestMesh, service: str = "") -> int:
    async with grpc.aio.insecure_channel(mesh.address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        reply = await stub.Check(health_pb2.HealthCheckRequest(service=service))
    return int(reply.status)


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 nothing tells us
            await asyncio.sleep(0.005)


async def test_a_drain_ends_watches_and_lets_calls_finish() -> None:
    async with serving(EchoServicer(), service="echo") as mesh:
        stub = echo(mesh)
        watch = aiter(stub.Watch(pb.SayRequest(text="hi")))
        assert (await anext(watch)).text == "hi"
        chat = stub.Chat()
        await chat.write(pb.SayRequest(text="a"))
        assert (await chat.read()).text == "a"

        stopping = asyncio.create_task(mesh.server.stop(5))
        with pytest.raises(Unavailable) as caught:
            await anext(watch)

        assert caught.value.reason == "SERVER_DRAINING"
        assert caught.value.retry_after is not None
        assert (await chat.read()).text == "bye"  # it finished what it had
        assert await chat.read() is grpc.aio.EOF
        async with asyncio.timeout(2):
            await stopping


async def test_a_call_that_outlasts_the_grace_is_cancelled() -> None:
    servicer = EchoServicer()
    async with serving(servicer, service="echo") as mesh:
        call = asyncio.ensure_future(echo(mesh).Say(pb.SayRequest(text="sleep")))
        await eventually(lambda: mesh.server.running == 1)

        await mesh.server.stop(0.05)

        with pytest.raises(Unavailable):
            await call
        await eventually(lambda: servicer.left == ["Say"])


async def test_readiness_follows_what_the_service_needs_and_liveness_does_not() -> None:
    async def no_database() -> None:
        raise ConnectionRefusedError("no database")

    async with serving(EchoServicer(), service="echo", ready=no_database) as mesh:
        await asyncio.sleep(0.05)  # the first look at health comes right after the start

        assert await health(mesh) == NOT_SERVING
        assert await health(mesh, SERVICE) == NOT_SERVING
        assert await health(mesh, "liveness") == SERVING


async def test_a_probe_with_a_bug_is_no_good_sign() -> None:
    async def broken() -> None:
        raise KeyError("bug")

    async with serving(EchoServicer(), service="echo", ready=broken) as mesh:
        await asyncio.sleep(0.05)  # the first look at health comes right after the start

        assert await health(mesh) == NOT_SERVING


async def test_a_ready_service_says_so_under_every_name() -> None:
    async with serving(EchoServicer(), service="echo") as mesh:
        await asyncio.sleep(0.05)  # the first look at health comes right after the start

        assert [await health(mesh, name) for name in ("", SERVICE, "liveness")] == [SERVING] * 3


@pytest.mark.parametrize("reflection", [True, False])
async def test_reflection_is_there_only_when_configured(reflection: bool) -> None:
    request: Any = reflection_pb2.ServerReflectionRequest

    async def asked() -> AsyncIterator[Any]:
        yield request(list_services="")

    async with serving(EchoServicer(), service="echo", reflection=reflection) as mesh:
        channel: Any = mesh.channel()
        stub: Any = raising(reflection_pb2_grpc.ServerReflectionStub(channel))
        try:
            replies = [reply async for reply in stub.ServerReflectionInfo(asked())]
            names = {found.name for found in replies[0].list_services_response.service}
        except Unimplemented as error:
            names = {error.reason}

    shown = {SERVICE, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    assert names == (shown if reflection else {"RPC_UNKNOWN"})


async def test_a_second_server_on_a_port_fails_and_says_what_to_do() -> None:
    async with serving(EchoServicer(), service="echo") as mesh:
        with pytest.raises(CannotStart, match="DOORSTEP_ECHO_LISTEN"):
            async with serving(EchoServicer(), service="echo", listen=mesh.address):
                pass


async def test_without_keys_a_server_does_not_start(tmp_path: Path) -> None:
    settings = test_settings("echo", jwks_file=tmp_path / "none.json")

    with pytest.raises(CannotStart, match=r"none\.json"):
        await Server(settings, [EchoServicer()]).start()


async def test_a_servicer_of_no_contract_is_refused() -> None:
    with pytest.raises(TypeError, match="generated"):
        Server(test_settings("echo"), [object()])


class Process:
    """A process of the echo, its lines of log and its end."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[dict[str, Any]] = []

    @classmethod
    async def start(cls, **variables: str) -> Process:
        environment = {
            **os.environ,
            "DOORSTEP_JWKS_FILE": str(keys_folder() / "jwks.json"),
            **{f"DOORSTEP_ECHO_{name}": value for name, value in variables.items()},
        }
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "meshkit.tests.echo_process",
                cwd=ROOT,
                env=environment,
                stderr=asyncio.subprocess.PIPE,
            )
        )

    async def until(self, event: str) -> dict[str, Any]:
        """Reads the log up to an event."""
        async with asyncio.timeout(20):
            while self._process.stderr and (raw := await self._process.stderr.readline()):
                self.lines.append(json.loads(raw))
                if self.lines[-1]["event"] == event:
                    return self.lines[-1]
        raise AssertionError(f"the process ended without {event}: {self.lines}")

    async def end(self, number: signal.Signals | None = None) -> tuple[int, str]:
        """Waits for the end, after a signal if one is named; returns code and rest of stderr."""
        if number is not None:
            self._process.send_signal(number)
        async with asyncio.timeout(20):
            _, rest = await self._process.communicate()
        return self._process.returncode or 0, rest.decode()


@pytest.mark.mesh
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_process_told_to_stop_drains_and_ends_well(number: signal.Signals) -> None:
    process = await Process.start(APP_URL="postgresql://echo:s3cret@db/echo")
    await process.until("server_started")

    code, rest = await process.end(number)

    events = [json.loads(line)["event"] for line in rest.splitlines()]
    assert code == 0
    assert events[-3:] == ["server_draining", "readiness_changed", "server_stopped"]
    assert process.lines[0]["event"] == "process_started"
    assert process.lines[0]["app_url"] == "***"
    assert list(process.lines[0])[:4] == ["time", "level", "service", "event"]


@pytest.mark.mesh
async def test_a_process_says_in_one_line_why_it_cannot_start() -> None:
    process = await Process.start(LISTENS="127.0.0.1:1")

    code, rest = await process.end()

    assert code == 1
    assert rest.startswith("echo: unknown settings DOORSTEP_ECHO_LISTENS; known are ")


@pytest.mark.mesh
@pytest.mark.parametrize(
    ("failure", "last"),
    [("expected", "echo: no PostgreSQL at 127.0.0.1:1: start one"), ("bug", "process_failed")],
)
async def test_a_loop_that_fails_ends_the_process(failure: str, last: str) -> None:
    process = await Process.start(FAILURE=failure)

    code, rest = await process.end()

    assert code == 1
    assert last in rest.splitlines()[-1]
    assert "server_stopped" in rest


@pytest.mark.mesh
async def test_programs_that_a_busy_process_starts_live_as_long_as_they_need() -> None:
    process = await Process.start(LISTEN="127.0.0.1:0", CHILDREN="300")
    port = (await process.until("server_started"))["port"]

    async def ask() -> None:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            while True:
                await stub.Check(health_pb2.HealthCheckRequest())

    callers = [asyncio.create_task(ask()) for _ in range(4)]
    ended = await process.until("children_ended")
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)

    assert ended["died"] == []
    assert (await process.end(signal.SIGTERM))[0] == 0
