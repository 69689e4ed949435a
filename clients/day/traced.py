"""Doing a thing as part of a trace that began elsewhere: a delivery's, from its import on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()


@contextmanager
def as_part_of(traceparent: str) -> Iterator[None]:
    """Calls made inside the block continue that trace; an empty traceparent continues none."""
    token = context.attach(_propagator.extract({"traceparent": traceparent}))
    try:
        yield
    finally:
        context.detach(token)


class Trace:
    """A trace of the day's own: calls made inside the block belong to it."""

    def __init__(self, name: str) -> None:
        self._span = trace.get_tracer("doorstep.day").start_span(name)

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits."""
        return trace.format_trace_id(self._span.get_span_context().trace_id)

    def __enter__(self) -> Trace:
        self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(self, *_error: object) -> None:
        context.detach(self._token)
        self._span.end()
