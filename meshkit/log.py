"""
Logs: one JSON object a line on stderr; the event is a past-tense phrase, the rest are keys.

Keys that are added by themselves: time, level, service, event; tenant, rpc, trace_id and span_id
inside a call. Personal data (names, phones, addresses, coordinates of persons) never belongs into a
log: a protobuf message given as a value is shown with every field that the contract marks
`debug_redact` blanked, however deep. Text is not understood: do not build it from such fields.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

import structlog
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from opentelemetry import trace
from structlog.typing import EventDict, WrappedLogger

from meshkit.caller import caller_or_none

BLANK = "[redacted]"
FIRST_KEYS = ("time", "level", "service", "event")

current_rpc: ContextVar[str] = ContextVar("rpc", default="")  # set by the edge


def configure(service: str, level: str) -> None:
    """Sets up logging for the process: ours by structlog, libraries' through the same lines."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _Common(service),
            _redact,
            structlog.processors.format_exc_info,  # the stack as text, without local variables
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level_number(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.root.handlers = [_Forwarding()]
    logging.root.setLevel(max(level_number(level), logging.INFO))  # libraries' DEBUG is a flood


def level_number(level: str) -> int:
    """The number of a level's name."""
    return logging.getLevelNamesMapping()[level]


def redacted(message: Message) -> dict[str, Any]:
    """A message as it may be shown: names of the contract, `debug_redact` fields blanked."""
    shown = {}
    for field, value in message.ListFields():
        shown[field.name] = BLANK if field.GetOptions().debug_redact else _shown(field, value)
    return shown


def _shown(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type is None:
        return list(value) if field.is_repeated else value
    if field.message_type.GetOptions().map_entry:
        return {key: _shown_value(item) for key, item in value.items()}
    return [redacted(item) for item in value] if field.is_repeated else redacted(value)


def _shown_value(value: Any) -> Any:
    return redacted(value) if isinstance(value, Message) else value


class _Common:
    """Adds what every line has, first keys first."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = self._service
        first = {key: event.pop(key) for key in FIRST_KEYS}
        return first | dict(_surroundings()) | dict(event)


def _surroundings() -> Iterable[tuple[str, str]]:
    caller = caller_or_none()
    if caller is not None and caller.tenant:
        yield "tenant", caller.tenant
    if rpc := current_rpc.get():
        yield "rpc", rpc
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        yield "trace_id", trace.format_trace_id(span.trace_id)
        yield "span_id", trace.format_span_id(span.span_id)


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _shown_value(value) for key, value in event.items()}


class _Forwarding(logging.Handler):
    """Libraries' records, said by structlog: one form of line for the whole process."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno,
            "library_reported",
            logger=record.name,
            message=record.getMessage(),
            exc_info=record.exc_info,
        )
