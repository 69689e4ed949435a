"""
The contract holds itself to its own rules, element by element.

Method: read the descriptors with comments that ship in the wheel; no source file is parsed.
`buf lint` already demands a comment on every element; here stands what buf cannot know.
"""

from __future__ import annotations

import re

import pytest
from google.api import annotations_pb2, field_behavior_pb2

from buf.validate import validate_pb2
from doorstep.type.v1 import access_pb2
from tests.contracts.descriptors import PACKAGES, Field, Rpc, fields, reasons, rpcs

# Reasons that meshkit raises for every rpc alike; they stand in the service's comment, once.
REASON_IN_COMMENT = re.compile(r"`([A-Z][A-Z0-9_]{2,62})`")
OUTSIDERS = {access_pb2.CALLER_CARRIER, access_pb2.CALLER_RECIPIENT}


def callers(rpc: Rpc) -> set[int]:
    return set(rpc.options.Extensions[access_pb2.callers])


@pytest.mark.parametrize("rpc", rpcs(), ids=lambda rpc: rpc.name)
def test_every_rpc_says_who_may_call_and_for_how_long(rpc: Rpc) -> None:
    deadline = rpc.options.Extensions[access_pb2.deadline_seconds]
    streams = rpc.method.server_streaming or rpc.method.client_streaming

    assert callers(rpc), "an rpc without callers is closed to everybody but services: say so"
    assert deadline > 0 or streams, "only a stream may last for ever"


@pytest.mark.parametrize("rpc", rpcs(), ids=lambda rpc: rpc.name)
def test_every_rpc_says_what_goes_wrong(rpc: Rpc) -> None:
    known = set(reasons()[rpc.package.split(".")[1]])
    named = set(REASON_IN_COMMENT.findall(rpc.comment)) & known

    assert "Errors:" in rpc.comment
    assert named or "none of its own" in rpc.comment


@pytest.mark.parametrize("rpc", rpcs(), ids=lambda rpc: rpc.name)
def test_every_write_can_be_repeated(rpc: Rpc) -> None:
    read_only = "Read-only" in rpc.comment
    request_fields = {field.name for field in rpc.method.input_type.fields}
    repeatable = {"request_id", "event_id", "events", "positions"} & request_fields

    assert read_only or repeatable or "Idempotent" in rpc.comment


@pytest.mark.parametrize("rpc", rpcs(), ids=lambda rpc: rpc.name)
def test_what_outsiders_may_call_has_an_http_path(rpc: Rpc) -> None:
    path = rpc.options.HasExtension(annotations_pb2.http)
    unary = not rpc.method.client_streaming

    assert path or not (callers(rpc) & OUTSIDERS) or not unary


@pytest.mark.parametrize("rpc", rpcs(), ids=lambda rpc: rpc.name)
def test_every_list_is_paginated(rpc: Rpc) -> None:
    if rpc.method.name.startswith("List") and not rpc.method.name.startswith("ListAccessAreas"):
        asked = {field.name for field in rpc.method.input_type.fields}
        answered = {field.name for field in rpc.method.output_type.fields}

        assert {"page_size", "page_token"} <= asked
        assert "next_page_token" in answered


def test_required_means_the_same_to_readers_and_to_the_validator() -> None:
    unequal = [field.path for field in fields() if said_required(field) != held_required(field)]

    assert unequal == []


def said_required(field: Field) -> bool:
    behaviors = field.descriptor.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return field_behavior_pb2.REQUIRED in behaviors


def held_required(field: Field) -> bool:
    """By the edge, or by a service that reads the field itself so that all its faults are told."""
    rules = field.descriptor.GetOptions().Extensions[validate_pb2.field]
    left_to_the_service = rules.ignore == validate_pb2.IGNORE_ALWAYS and said_required(field)
    return bool(rules.required) or left_to_the_service


@pytest.mark.parametrize("package", PACKAGES)
def test_every_reason_says_its_cure_and_fits_the_wire(package: str) -> None:
    silent = [name for name, comment in reasons()[package].items() if "Action:" not in comment]
    too_long = [name for name in reasons()[package] if len(name) > 63]

    assert silent == []
    assert too_long == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_service_has_a_resumable_feed(package: str) -> None:
    feeds = [rpc for rpc in rpcs() if rpc.package == f"doorstep.{package}.v1" and watches(rpc)]

    assert len(feeds) == 1
    assert {f.name for f in feeds[0].method.input_type.fields} >= {"cursor", "types"}
    assert {f.name for f in feeds[0].method.output_type.fields} >= {"changes", "cursor"}


def watches(rpc: Rpc) -> bool:
    return bool(rpc.method.name == "WatchEvents")
