"""
A trace that begins outside goes through the gateway into the service, and tells no secrets.

Method: the real receiver of spans, a request with a traceparent of ours, then the file it kept.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from deploy.gateway.settings import Address
from deploy.gateway.tests.harness import edge
from deploy.local import ports, spans
from deploy.local.health import grpc_health
from deploy.local.process import Process, Run
from deploy.table import ROOT

pytestmark = pytest.mark.mesh

TRACE = "0af7651916cd43dd8448eb211c80319c"
ARRIVAL_SECONDS_MAX = 20  # Envoy sends spans on about every five seconds


def sink(folder: Path, port: int) -> Process:
    listen = f"{ports.HOST}:{port}"
    return Process(
        name="otlp",
        command=(
            *(sys.executable, "-m", "deploy.local.otlp_sink"),
            *("--listen", listen, "--folder", str(folder / "traces")),
        ),
        port=port,
        healthy=grpc_health(port),
        log=folder / "otlp.log",
        env={"PYTHONPATH": str(ROOT)},
    )


async def arrived(folder: Path) -> list[spans.Span]:
    async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
        while not (found := spans.read(folder / "traces", TRACE)):  # noqa: ASYNC110 - a file
            await asyncio.sleep(0.2)
    return found


async def test_a_trace_goes_on_through_the_gateway_without_the_callers_secrets(
    tmp_path: Path,
) -> None:
    port = ports.free(["otlp"])["otlp"]
    receiver = await Run.start(sink(tmp_path, port))
    try:
        await receiver.until_healthy()
        async with edge(tmp_path, otlp=Address(ports.HOST, port)) as door:
            parent = f"00-{TRACE}-b7ad6b7169203331-01"
            await door.ask("GET", "/v1/tracking/a-secret-link", traceparent=parent)
            found = await arrived(tmp_path)
    finally:
        await receiver.stop()

    assert [(span.service, span.kind) for span in found] == [("gateway", "SERVER")]
    assert found[0].parent_id == "b7ad6b7169203331"
    assert "GetTracking" in found[0].name
    assert "a-secret-link" not in str(found)
