"""
Receives spans by OTLP and keeps them as JSON lines: `spans.jsonl`, and one older file beside it.

A laptop's collector: enough to print a trace and to test that one trace id goes from order to
proof. Bounded: past SINK_BYTES_MAX the file becomes the older one, and the older one is forgotten.
Metrics are accepted and dropped, so that exporters do not complain.

    python -m deploy.local.otlp_sink --listen 127.0.0.1:4317 --folder .doorstep/traces
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from opentelemetry.proto.collector.metrics.v1 import (
    metrics_service_pb2 as metrics_pb,
)
from opentelemetry.proto.collector.metrics.v1 import (
    metrics_service_pb2_grpc as metrics_grpc,
)
from opentelemetry.proto.collector.trace.v1 import (
    trace_service_pb2 as trace_pb,
)
from opentelemetry.proto.collector.trace.v1 import (
    trace_service_pb2_grpc as trace_grpc,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as WireSpan

from deploy.local.spans import OLDER, SPANS

SINK_BYTES_MAX = 256 * 1024 * 1024  # of each of the two files: about half a million spans
TEXT_CHARS_MAX = 256  # of one attribute; the rest is cut
MESSAGE_BYTES_MAX = 16 * 1024 * 1024
GRACE_SECONDS = 1


class SpanFile:
    """Appends lines; keeps the file and its predecessor within the bound."""

    def __init__(self, folder: Path, bytes_max: int = SINK_BYTES_MAX) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / SPANS
        self._older = folder / OLDER
        self._bytes_max = bytes_max
        self._file = self._path.open("a")

    def append(self, spans: Iterable[dict[str, Any]]) -> None:
        """Writes spans where a reader sees them at once."""
        self._file.writelines(json.dumps(span, separators=(",", ":")) + "\n" for span in spans)
        self._file.flush()
        if self._file.tell() > self._bytes_max:
            self._file.close()
            self._path.replace(self._older)
            self._file = self._path.open("a")

    def close(self) -> None:
        """Ends writing."""
        self._file.close()


class TraceServicer(trace_grpc.TraceServiceServicer):
    """The OTLP trace receiver."""

    def __init__(self, file: SpanFile) -> None:
        self._file = file

    async def Export(  # noqa: N802
        self, request: trace_pb.ExportTraceServiceRequest, context: Any
    ) -> trace_pb.ExportTraceServiceResponse:
        """Stores what it is sent."""
        self._file.append(spans_of(request))
        return trace_pb.ExportTraceServiceResponse()


class MetricsServicer(metrics_grpc.MetricsServiceServicer):
    """Takes metrics and keeps none."""

    async def Export(  # noqa: N802
        self, request: metrics_pb.ExportMetricsServiceRequest, context: Any
    ) -> metrics_pb.ExportMetricsServiceResponse:
        """Says thank you."""
        return metrics_pb.ExportMetricsServiceResponse()


def spans_of(request: trace_pb.ExportTraceServiceRequest) -> Iterator[dict[str, Any]]:
    """The spans of one export, as `deploy.local.spans` reads them."""
    for resource in request.resource_spans:
        names = {item.key: item.value.string_value for item in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield line_of(names.get("service.name", "?"), span)


def line_of(service: str, span: WireSpan) -> dict[str, Any]:
    return {
        "trace_id": span.trace_id.hex(),
        "span_id": span.span_id.hex(),
        "parent_id": span.parent_span_id.hex(),
        "service": service,
        "name": span.name,
        "kind": WireSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        "start_ns": span.start_time_unix_nano,
        "end_ns": span.end_time_unix_nano,
        "failed": span.status.code == span.status.STATUS_CODE_ERROR,
        "links": [link.trace_id.hex() for link in span.links],
        "attributes": {item.key: value_of(item.value) for item in span.attributes},
    }


def value_of(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind in ("bool_value", "int_value", "double_value"):
        return getattr(value, kind)
    text = value.string_value if kind == "string_value" else str(value)
    return text[:TEXT_CHARS_MAX]


async def serve(listen: str, folder: Path) -> None:
    """Receives until SIGTERM or SIGINT."""
    file = SpanFile(folder)
    server = grpc.aio.server(
        options=[
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
        ]
    )
    trace_grpc.add_TraceServiceServicer_to_server(  # type: ignore[no-untyped-call]
        TraceServicer(file), server
    )
    metrics_grpc.add_MetricsServiceServicer_to_server(  # type: ignore[no-untyped-call]
        MetricsServicer(), server
    )
    probe = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(probe, server)
    server.add_insecure_port(listen)
    await server.start()
    await probe.set("", health_pb2.HealthCheckResponse.SERVING)
    await told_to_stop()
    await server.stop(GRACE_SECONDS)
    file.close()


async def told_to_stop() -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="deploy.local.otlp_sink", description=__doc__)
    parser.add_argument("--listen", required=True, help="host:port")
    parser.add_argument("--folder", required=True, type=Path)
    given = parser.parse_args(arguments)
    asyncio.run(serve(given.listen, given.folder))


if __name__ == "__main__":
    main()
