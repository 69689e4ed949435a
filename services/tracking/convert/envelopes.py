"""
From the feed to webhooks: what a change is about, and the envelope that tells it.

The data of an envelope is the change's own message of the contract, without every field that the
contract marks as personal (`debug_redact`): no place, no name, no code ever leaves by this way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from doorstep.tracking.v1 import event_pb2, milestone_pb2
from meshkit.feed import Change
from services.tracking.convert.wire import moment, word
from services.tracking.domain.subscription import MILESTONE, News
from services.tracking.domain.words import Milestone

TEST_TYPE = "test"
_EVENTS: list[Any] = list(event_pb2.Change.DESCRIPTOR.oneofs_by_name["event"].fields)
EVENTS = {field.name: getattr(event_pb2, field.message_type.name) for field in _EVENTS}
STAFF = frozenset({"acknowledged_by", "ended_by"})  # who works here is nobody else's business
INSIDE = ("incident", "eta", "risk", "proof", "scan")  # messages that say whose an event is


def news(change: Change) -> News:
    """What a change is about."""
    message = EVENTS[change.type].FromString(change.payload)
    told = change.type == MILESTONE
    reached = word(milestone_pb2.Milestone, message.milestone, Milestone) if told else None
    eta = message.eta if told and message.HasField("eta") else None
    return News(
        type=change.type,
        subject=change.subject,
        event_id=change.event_id,
        shard=change.shard,
        sequence=change.sequence,
        event_time=change.event_time,
        record_time=change.record_time,
        milestone=reached or Milestone.UNSPECIFIED,
        delivery_id=_first(message, "delivery_id"),
        route_id=_first(message, "route_id"),
        carrier_id=_first(message, "carrier_id"),
        late=told and message.late,
        arrival=moment(eta.arrival_p50_time) if eta is not None else None,
    )


def envelope(change: Change, about: News) -> str:
    """The body of a webhook, the same at every call."""
    message = EVENTS[change.type].FromString(change.payload)
    clear_personal(message)
    return _written(
        id=change.event_id,
        type=change.type,
        event_time=_text(change.event_time),
        record_time=_text(change.record_time),
        tenant=change.tenant,
        subject=about.subject,
        sequence=about.sequence,
        data=json_format.MessageToDict(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        ),
        trace_id=_trace_id(change.traceparent),
    )


def example(event_id: str, tenant: str, subscription_id: str, now: datetime, trace: str) -> str:
    """The body that TestSubscription sends."""
    return _written(
        id=event_id,
        type=TEST_TYPE,
        event_time=_text(now),
        record_time=_text(now),
        tenant=tenant,
        subject=subscription_id,
        sequence=0,
        data={"subscription_id": subscription_id},
        trace_id=_trace_id(trace),
    )


def clear_personal(message: Message) -> None:
    """Takes out every field that the contract marks as personal, and who did it, however deep."""
    for field, value in message.ListFields():
        if field.GetOptions().debug_redact or field.name in STAFF:
            message.ClearField(field.name)
        else:
            for inner in _messages(field, value):
                clear_personal(inner)


def _messages(field: FieldDescriptor, value: Any) -> Iterator[Message]:
    if field.message_type is None or field.message_type.GetOptions().map_entry:
        return
    if field.is_repeated:
        yield from value
    else:
        yield value


def _first(message: Any, name: str) -> str:
    """A field of the event, or of the one message inside it that has it."""
    known = message.DESCRIPTOR.fields_by_name
    if name in known:
        return str(getattr(message, name))
    for part in INSIDE:
        if part in known and name in known[part].message_type.fields_by_name:
            return str(getattr(getattr(message, part), name))
    return ""


def _written(**fields: Any) -> str:
    return json.dumps(fields, separators=(",", ":"))


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _trace_id(traceparent: str) -> str:
    """The trace of a W3C traceparent; empty when there is none."""
    parts = traceparent.split("-")
    return parts[1] if len(parts) == 4 else ""
