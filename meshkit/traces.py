"""
The trace that a change carries from the service that made it to those that follow it.

A change remembers the `traceparent` (W3C Trace Context) of the transaction that appended it.
Whoever takes the change in continues that trace, and links to the span of the batch it came in.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_KEY = "traceparent"
_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("meshkit.feed")


def current_traceparent() -> str:
    """The present span as a W3C header; empty when nothing is traced."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(_KEY, "")


def trace_id(traceparent: str) -> str:
    """The trace of a W3C header, 32 characters of hex; empty for an empty header."""
    parts = traceparent.split("-")
    return parts[1] if len(parts) > 1 else ""


@contextmanager
def continued(name: str, traceparent: str, attributes: dict[str, str]) -> Iterator[Span]:
    """A span that goes on with the trace of a change, linked to the span that is active here."""
    origin = _propagator.extract({_KEY: traceparent} if traceparent else {})
    here = trace.get_current_span().get_span_context()
    links = [Link(here)] if here.is_valid else []
    with _tracer.start_as_current_span(
        name, context=origin, kind=SpanKind.CONSUMER, links=links, attributes=attributes
    ) as span:
        yield span
