"""
Every noun and every event of the contract goes over the wire and comes back as it was.

Method: values with every field set and values with none that can be left out, made from their
types; what stays with dispatch is named with its reason in `samples.UNTOLD`.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import Any

import pytest
from google.protobuf.descriptor import Descriptor, EnumDescriptor

from doorstep.dispatch.v1 import event_pb2
from services.dispatch.convert import events, nouns
from services.dispatch.convert.codec import LEAVES, Codec
from services.dispatch.tests.convert.samples import UNTOLD, bare, whole

NOUNS: dict[str, Codec[Any]] = {
    name: codec for name, codec in vars(nouns).items() if isinstance(codec, Codec)
}
EVENTS: dict[str, Codec[Any]] = {kind.__name__: codec for kind, codec in events.CODECS.items()}
CODECS = NOUNS | EVENTS
READ = sorted(CODECS.keys() - {"TENDER"})  # a tender is told, never read
ETAGS = sorted(n for n, c in NOUNS.items() if "etag" in c._message.DESCRIPTOR.fields_by_name)


def over_the_wire(codec: Codec[Any], value: Any) -> Any:
    sent = codec.encode(value).SerializeToString()
    return codec.decode(codec._message.FromString(sent))


@pytest.mark.parametrize("name", READ)
def test_a_value_with_every_field_set_comes_back_as_it_was(name: str) -> None:
    value = whole(CODECS[name]._domain)

    assert over_the_wire(CODECS[name], value) == value


@pytest.mark.parametrize("name", READ)
def test_a_value_with_nothing_that_can_be_left_out_comes_back_as_it_was(name: str) -> None:
    value = bare(CODECS[name]._domain)

    assert over_the_wire(CODECS[name], value) == value


@pytest.mark.parametrize("name", CODECS)
def test_a_whole_value_fills_every_field_of_its_message(name: str) -> None:
    message = CODECS[name].encode(whole(CODECS[name]._domain))

    assert {field.name for field, _ in message.ListFields()} == {
        field.name for field in message.DESCRIPTOR.fields
    }


@pytest.mark.parametrize("name", ETAGS)
def test_a_revision_is_told_as_an_etag_and_no_etag_is_read(name: str) -> None:
    codec = CODECS[name]
    value = replace(bare(codec._domain), revision=7)

    message = codec.encode(value)

    assert message.etag == "7"
    assert name not in READ or codec.decode(message).revision == 1


def test_what_stays_with_dispatch_is_named_with_its_reason() -> None:
    pairs = {(kind, d.full_name): d for c in CODECS.values() for kind, d in pairs_of(c)}
    untold = {
        (kind, field.name)
        for (kind, _), message in pairs.items()
        for field in dataclasses.fields(kind)
        if field.name not in message.fields_by_name and field.name != "revision"
    }

    assert untold == UNTOLD


def test_every_enum_of_the_domain_has_the_members_of_its_contract() -> None:
    found = {kind: enum for codec in CODECS.values() for kind, enum in enums_of(codec)}

    assert len(found) > 20
    for kind, enum in found.items():
        prefix = enum.values[0].name.removesuffix("UNSPECIFIED")
        told = {value.name.removeprefix(prefix) for value in enum.values[1:]}
        assert {member.name for member in kind} == told, kind


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_told_under_its_own_name(name: str) -> None:
    field = event_pb2.Change.DESCRIPTOR.fields_by_name[events.field_name(EVENTS[name]._domain)]

    assert field.message_type is EVENTS[name]._message.DESCRIPTOR
    assert field.containing_oneof is not None


def pairs_of(codec: Codec[Any]) -> Iterator[tuple[type, Descriptor]]:
    """Every dataclass that a codec reaches, with its message."""
    yield from _pairs(codec._domain, codec._message.DESCRIPTOR)


def _pairs(kind: Any, message: Descriptor) -> Iterator[tuple[type, Descriptor]]:
    yield kind, message
    for name, item in items_of(kind):
        wire = message.fields_by_name.get(name)
        if wire is not None and item not in LEAVES and dataclasses.is_dataclass(item):
            assert wire.message_type is not None
            yield from _pairs(item, wire.message_type)


def enums_of(codec: Codec[Any]) -> Iterator[tuple[type[Enum], EnumDescriptor]]:
    for kind, message in pairs_of(codec):
        for name, item in items_of(kind):
            wire = message.fields_by_name.get(name)
            if wire is not None and wire.enum_type is not None:
                yield item, wire.enum_type


def items_of(kind: type) -> Iterator[tuple[str, Any]]:
    """Each field with its type, without `| None` and without the tuple around it."""
    for name, hint in typing.get_type_hints(kind).items():
        args = typing.get_args(hint)
        yield name, args[0] if args else hint
