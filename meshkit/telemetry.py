"""
Traces and metrics: OpenTelemetry out by OTLP when an endpoint is configured.

Our own thin spans around calls instead of the contrib instrumentation, which (0.66b2) breaks
coroutine stream handlers, keeps a server running when its caller gives up, and writes old names.
Names follow the semantic conventions for RPC. Telemetry never waits: spans queue up to a bound and
are dropped beyond it, counted by `otel.sdk.processor.span.processed` with `error.type=queue_full`.

No metric carries a tenant or a device: their number is without bound.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import grpc
from opentelemetry import context as otel_context
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from meshkit.config import MeshSettings

# Codes that are the server's own failure; the others are answers (semconv rpc, gRPC table).
SERVER_FAILURES = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)
DURATION_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds
METRIC_SECONDS = 15
EXPORT_SECONDS_MAX = 2  # for one export, also the last one: a dead collector must not hold a stop

Attributes = dict[str, str | int]

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("meshkit")
_meter = metrics.get_meter("meshkit")
_served = _meter.create_histogram(
    "rpc.server.call.duration", "s", explicit_bucket_boundaries_advisory=DURATION_BUCKETS
)
_called = _meter.create_histogram(
    "rpc.client.call.duration", "s", explicit_bucket_boundaries_advisory=DURATION_BUCKETS
)


def start(settings: MeshSettings) -> Callable[[], None]:
    """Sets up the process's telemetry; returns what ends it, within a bound."""
    resource = Resource.create(
        {
            "service.namespace": "doorstep",
            "service.name": settings.service(),
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
            "deployment.environment.name": settings.environment,
        }
    )
    meters = MeterProvider(_readers(settings), resource, shutdown_on_exit=False)
    metrics.set_meter_provider(meters)
    sampler = ParentBased(TraceIdRatioBased(settings.trace_ratio))
    tracers = TracerProvider(sampler, resource, shutdown_on_exit=False)
    if settings.otlp_endpoint:
        tracers.add_span_processor(_span_processor(settings, meters))
    trace.set_tracer_provider(tracers)

    def stop() -> None:
        tracers.shutdown()
        meters.shutdown(timeout_millis=EXPORT_SECONDS_MAX * 1000)

    return stop


def observe_gauge(name: str, unit: str, value: Callable[[], float]) -> None:
    """Reports what `value` says whenever metrics are collected."""

    def observed(_options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(value())]

    _meter.create_observable_gauge(name, [observed], unit)


class ServedCall:
    """What telemetry is told about a call being answered; the edge sets `code` and `reason`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.code = "OK"
        self.reason = ""
        self.seconds = 0.0


@contextmanager
def serving(call: ServedCall, metadata: Mapping[str, str | bytes]) -> Iterator[None]:
    """
    A server span around the answer, a child of the caller's, and its duration.

    The span's context is attached and never detached: a call has its task for itself.
    """
    parent = _propagator.extract({"traceparent": str(metadata.get("traceparent", ""))})
    attributes = _attributes(call.name)
    span = _tracer.start_span(call.name, parent, SpanKind.SERVER, attributes)
    otel_context.attach(trace.set_span_in_context(span, parent))
    started = time.monotonic()
    try:
        yield
    except (asyncio.CancelledError, GeneratorExit):
        call.code = "CANCELLED"
        raise
    finally:
        call.seconds = time.monotonic() - started
        attributes |= _outcome(span, call.code, failed=call.code in SERVER_FAILURES)
        if call.reason:
            span.set_attribute("doorstep.reason", call.reason)
        span.end()
        _served.record(call.seconds, attributes)


class MadeCall:
    """A client span around a call to a peer, and its duration; ended by whoever hears the end."""

    def __init__(self, name: str, address: str) -> None:
        self._attributes = _attributes(name) | {"server.address": address}
        self._span = _tracer.start_span(name, kind=SpanKind.CLIENT, attributes=self._attributes)
        self._started = time.monotonic()
        self._is_ended = False

    def headers(self) -> list[tuple[str, str]]:
        """The metadata that lets the far side go on with the trace."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier, trace.set_span_in_context(self._span))
        return list(carrier.items())

    def end(self, code: grpc.StatusCode | None) -> None:
        """Ends the span, the first time; a call without a code was dropped before it had one."""
        if self._is_ended:
            return
        self._is_ended = True
        name = "CANCELLED" if code is None else code.name
        self._attributes |= _outcome(self._span, name, failed=name != "OK")
        self._span.end()
        _called.record(time.monotonic() - self._started, self._attributes)


def _attributes(name: str) -> Attributes:
    return {"rpc.system.name": "grpc", "rpc.method": name}


def _outcome(span: Span, code: str, *, failed: bool) -> Attributes:
    outcome: Attributes = {"rpc.response.status_code": code}
    if failed:
        outcome["error.type"] = code
        span.set_status(StatusCode.ERROR, code)
    span.set_attributes(outcome)
    return outcome


def _span_processor(settings: MeshSettings, meters: MeterProvider) -> BatchSpanProcessor:
    exporter = OTLPSpanExporter(
        settings.otlp_endpoint, insecure=_is_plain(settings), timeout=EXPORT_SECONDS_MAX
    )
    return BatchSpanProcessor(
        exporter, max_queue_size=settings.span_queue_max, meter_provider=meters
    )


def _readers(settings: MeshSettings) -> list[PeriodicExportingMetricReader]:
    if not settings.otlp_endpoint:
        return []
    exporter = OTLPMetricExporter(
        settings.otlp_endpoint, insecure=_is_plain(settings), timeout=EXPORT_SECONDS_MAX
    )
    return [PeriodicExportingMetricReader(exporter, METRIC_SECONDS * 1000)]


def _is_plain(settings: MeshSettings) -> bool:
    return not settings.otlp_endpoint.startswith("https://")
