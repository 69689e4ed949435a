"""
From the feed to envelopes: what a change is about, and that nothing personal leaves.

Method: messages of the contract are filled in wholly, whatever they are; so a field that is added
later is looked at by itself.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from doorstep.tracking.v1 import event_pb2, milestone_pb2
from meshkit.feed import Change
from services.tracking.convert.envelopes import EVENTS, clear_personal, envelope, news
from services.tracking.convert.wire import stamp
from services.tracking.domain.words import Milestone
from services.tracking.tests.town import NINE, at

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECRET = "4711-personal"
DEPTH_MAX = 6
NUMBERS = {
    FieldDescriptor.CPPTYPE_INT32: 7,
    FieldDescriptor.CPPTYPE_INT64: 7,
    FieldDescriptor.CPPTYPE_DOUBLE: 60.17,
    FieldDescriptor.CPPTYPE_FLOAT: 60.17,
    FieldDescriptor.CPPTYPE_BOOL: True,
    FieldDescriptor.CPPTYPE_ENUM: 1,
    FieldDescriptor.CPPTYPE_STRING: SECRET,
}


def change(kind: str, message: Message, **fields: Any) -> Change:
    told: dict[str, Any] = {
        "shard": 0,
        "sequence": 7,
        "cursor": "",
        "tenant": "acme",
        "type": kind,
        "subject": "del_1",
        "event_id": "evt_1",
        "event_time": NINE,
        "record_time": at(1),
        "traceparent": TRACE,
        "payload": message.SerializeToString(),
        **fields,
    }
    return Change(**told)


def filled(message: Any, depth: int = 0) -> Any:
    """The message with something in every field."""
    for field in message.DESCRIPTOR.fields:
        if field.message_type is None:
            value = NUMBERS[field.cpp_type]
            if field.type == FieldDescriptor.TYPE_BYTES:
                value = SECRET.encode()
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
        elif depth < DEPTH_MAX:
            inner = getattr(message, field.name)
            filled(inner.add() if field.is_repeated else inner, depth + 1)
    return message


def personal(message: Message) -> list[str]:
    """Fields that are set although the contract marks them."""
    found = []
    for field, value in message.ListFields():
        if field.GetOptions().debug_redact:
            found.append(field.full_name)
        elif field.message_type is not None:
            for inner in value if field.is_repeated else [value]:
                found += personal(inner)
    return found


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_nothing_that_the_contract_marks_as_personal_is_left(kind: str) -> None:
    message = filled(EVENTS[kind]())
    clear_personal(message)

    assert personal(message) == []


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_every_event_has_an_envelope_with_every_field(kind: str) -> None:
    told = change(kind, EVENTS[kind]())
    made = json.loads(envelope(told, news(told)))

    assert made.pop("data") is not None
    assert made == {
        "id": "evt_1",
        "type": kind,
        "event_time": "2026-05-12T09:00:00Z",
        "record_time": "2026-05-12T09:01:00Z",
        "tenant": "acme",
        "subject": "del_1",
        "sequence": 7,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }


def test_an_untraced_event_has_an_empty_trace() -> None:
    told = change("route_started", event_pb2.RouteStarted(), traceparent="")

    assert json.loads(envelope(told, news(told)))["trace_id"] == ""


def test_an_envelope_is_the_same_at_every_call() -> None:
    told = change("risk_changed", filled(event_pb2.RiskChanged()))

    assert envelope(told, news(told)) == envelope(told, news(told))


@pytest.mark.parametrize(
    ("kind", "message", "whose"),
    [
        ("route_started", event_pb2.RouteStarted(route_id="r", carrier_id="c"), ("r", "", "c")),
        ("milestone_reached", event_pb2.MilestoneReached(delivery_id="d"), ("", "d", "")),
        ("eta_changed", event_pb2.EtaChanged(), ("", "", "")),
    ],
)
def test_news_say_whose_they_are(kind: str, message: Message, whose: tuple[str, str, str]) -> None:
    about = news(change(kind, message))

    assert (about.route_id, about.delivery_id, about.carrier_id) == whose


def test_an_incidents_carrier_is_found_inside_it() -> None:
    opened = event_pb2.IncidentOpened()
    opened.incident.carrier_id, opened.incident.route_id = "c", "r"
    about = news(change("incident_opened", opened))

    assert (about.carrier_id, about.route_id) == ("c", "r")


def test_a_changed_arrival_says_when() -> None:
    reached = event_pb2.MilestoneReached(
        delivery_id="d", milestone=milestone_pb2.MILESTONE_ETA_CHANGED, late=True
    )
    reached.eta.arrival_p50_time.CopyFrom(stamp(at(30)))
    about = news(change("milestone_reached", reached))

    assert (about.milestone, about.arrival, about.late) == (Milestone.ETA_CHANGED, at(30), True)
