"""
Telemetry: one trace from hop to hop, names as agreed, and a collector that is down harms nobody.

Method: spans are read from memory; the collector that is down is a port where nobody listens.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import grpc
import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from meshkit import telemetry
from meshkit.caller import Role
from meshkit.errors import MeshError
from meshkit.testing import recorded_spans, serving, test_settings
from meshkit.tests.echo import SERVICE, EchoServicer, pb, pb_grpc
from meshkit.tests.test_client import chain
from meshkit.tests.test_client import echo as stub_of


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    yield from recorded_spans()


def by_kind(exporter: InMemorySpanExporter, kind: SpanKind) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.kind is kind]


async def test_one_trace_goes_from_client_to_server_to_client_to_server(
    spans: InMemorySpanExporter,
) -> None:
    with trace.get_tracer("test").start_as_current_span("import"):
        async with chain() as front:
            await stub_of(front).Say(pb.SayRequest(text="hi"))

    finished = {span.context.span_id: span for span in spans.get_finished_spans()}
    (last,) = (span for span in finished.values() if is_deepest(span, finished))
    path = [last]
    while path[-1].parent is not None:
        path.append(finished[path[-1].parent.span_id])

    kinds = [span.kind.name for span in reversed(path)]
    assert kinds == ["INTERNAL", "CLIENT", "SERVER", "CLIENT", "SERVER"]
    assert len({span.context.trace_id for span in path}) == 1


def is_deepest(span: ReadableSpan, finished: dict[int, ReadableSpan]) -> bool:
    parents = {other.parent.span_id for other in finished.values() if other.parent is not None}
    return span.context.span_id not in parents


@pytest.mark.parametrize(
    ("text", "code", "server_failed"),
    [("hi", "OK", False), ("unknown", "NOT_FOUND", False), ("bug", "INTERNAL", True)],
)
async def test_spans_are_named_as_the_conventions_say(
    spans: InMemorySpanExporter, text: str, code: str, server_failed: bool
) -> None:
    async with serving(EchoServicer(), service="echo") as mesh:
        with suppress(MeshError):
            await stub_of(mesh).Say(pb.SayRequest(text=text))

    (server,) = by_kind(spans, SpanKind.SERVER)
    (client,) = by_kind(spans, SpanKind.CLIENT)
    common = {
        "rpc.system.name": "grpc",
        "rpc.method": f"{SERVICE}/Say",
        "rpc.response.status_code": code,
    }
    for span in (server, client):
        assert span.name == f"{SERVICE}/Say"
        assert common.items() <= dict(span.attributes or {}).items()
    assert (server.status.status_code is StatusCode.ERROR) == server_failed
    assert (client.status.status_code is StatusCode.ERROR) == (code != "OK")
    assert (client.attributes or {})["server.address"] == mesh.address


@pytest.mark.parametrize("leave", ["break", "read on", "by hand"])
async def test_the_span_of_a_stream_ends_once_however_it_is_left(
    spans: InMemorySpanExporter, leave: str
) -> None:
    async with serving(EchoServicer(), service="echo") as mesh:
        call = stub_of(mesh).SaySlowly(pb.SayRequest(text="ab"))
        if leave == "by hand":
            for _ in range(3):
                await call.read()
        else:
            async for _ in call:
                if leave == "break":
                    break
            await asyncio.sleep(0.1)  # Python closes a generator that was left a few turns later

    (client,) = by_kind(spans, SpanKind.CLIENT)
    expected = "CANCELLED" if leave == "break" else "OK"
    assert (client.attributes or {})["rpc.response.status_code"] == expected


@pytest.mark.parametrize("header", [None, "", "garbage", "00-0-0-00"])
async def test_a_call_without_a_sound_trace_begins_one(
    spans: InMemorySpanExporter, header: str | None
) -> None:
    async with serving(EchoServicer(), service="echo") as mesh:
        metadata = [("authorization", f"Bearer {mesh.token(Role.DISPATCHER)}")]
        if header is not None:
            metadata.append(("traceparent", header))
        async with grpc.aio.insecure_channel(mesh.address) as plain:
            await pb_grpc.EchoServiceStub(plain).Say(pb.SayRequest(text="hi"), metadata=metadata)

    (server,) = by_kind(spans, SpanKind.SERVER)
    assert server.parent is None


def test_a_collector_that_is_down_costs_spans_and_no_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[TracerProvider] = []
    monkeypatch.setattr(trace, "set_tracer_provider", made.append)
    monkeypatch.setattr(metrics, "set_meter_provider", lambda _: None)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening
        settings = test_settings(
            "echo", otlp_endpoint=f"http://127.0.0.1:{nobody.getsockname()[1]}", span_queue_max=512
        )
        stop = telemetry.start(settings)
        tracer = made[0].get_tracer("test")

        started = time.monotonic()
        for _ in range(5_000):  # ten times what the queue holds
            tracer.start_span("s").end()
        recorded = time.monotonic() - started
        stop()
        stopped = time.monotonic() - started - recorded

    assert recorded < 2
    assert stopped < 3 * telemetry.EXPORT_SECONDS_MAX
