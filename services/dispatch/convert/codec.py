"""
Between a message of the contract and a dataclass of the domain, both ways, by their field names.

The two are written alike on purpose, so that one rule replaces a page of assignments for each noun:
a field of the dataclass is the message's field of the same name, and its type says how it is read.
`revision: int` is the contract's opaque `etag` where the message has one. What the message has and
the dataclass lacks is not read; what the dataclass has and the message lacks keeps its default.

A codec is made once, at import; a pair that does not fit together fails there, not in a call.
Reading names every fault at once, with its path, and raises Invalid `FIELD_INVALID`.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, Generic, TypeVar

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor

from meshkit.caller import MESH_DOMAIN
from meshkit.errors import Invalid, Violation
from services.dispatch.convert import leaves
from services.dispatch.domain.values import Address, Money, Point, Unsound, Window

D = TypeVar("D")
Faults = list[Violation]
Read = Callable[[Any, str, Faults], Any]  # value on the wire, its path, where faults go
Write = Callable[[Any, Any, str], None]  # message, value, name of its field

MISSING: Any = object()  # the default of the dataclass holds
REQUIRED = "value is required"
UNKNOWN = "value is not known"

LEAVES: dict[type, leaves.Leaf] = {
    datetime: leaves.MOMENT,
    timedelta: leaves.SPAN,
    date: leaves.DAY,
    time: leaves.TIME_OF_DAY,
    Point: leaves.POINT,
    Window: leaves.WINDOW,
    Money: leaves.MONEY,
    Address: leaves.ADDRESS,
}


class Codec(Generic[D]):
    """Reads and writes one kind of message."""

    def __init__(self, domain: type[D], message: type[Any]) -> None:
        self._domain = domain
        self._message = message
        self._plan = _plan_of(domain, message.DESCRIPTOR)

    def decode(self, message: Any, at: str = "") -> D:
        """The value, or Invalid with every fault; paths begin with `at`, such as `delivery.`."""
        faults: Faults = []
        value = self._plan.read(message, at, faults)
        if faults:
            raise invalid(faults)
        return typing.cast(D, value)

    def encode(self, value: D) -> Any:
        """The message."""
        message = self._message()
        self._plan.fill(message, value)
        return message

    def fill(self, message: Any, value: D) -> None:
        """Writes into a message that exists."""
        self._plan.fill(message, value)
        message.SetInParent()


def invalid(faults: list[Violation]) -> Invalid:
    """The error that names every fault."""
    first = faults[0]
    return Invalid(
        "FIELD_INVALID",
        f"{len(faults)} bad fields, first {first.field}: {first.description}",
        domain=MESH_DOMAIN,
        violations=faults,
    )


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    wire: str
    read: Read
    write: Write


@dataclass(frozen=True, slots=True)
class _Plan:
    domain: type[Any]
    fields: tuple[_Field, ...]

    def read(self, message: Any, at: str, faults: Faults) -> Any:
        """The dataclass; MISSING once anything in it was bad."""
        before = len(faults)
        values = {f.name: f.read(message, f"{at}{f.wire}", faults) for f in self.fields}
        if len(faults) > before:
            return MISSING
        try:
            return self.domain(**{k: v for k, v in values.items() if v is not MISSING})
        except Unsound as fault:
            faults.append(Violation(at.rstrip("."), str(fault)))
            return MISSING

    def fill(self, message: Any, value: Any) -> None:
        """Writes every field that is set."""
        for f in self.fields:
            f.write(message, getattr(value, f.name), f.wire)


_plans: dict[tuple[type, str], _Plan] = {}


def _plan_of(domain: type, descriptor: Descriptor | None) -> _Plan:
    assert descriptor is not None  # noqa: S101 - for the type checker: this kind is a message's
    key = domain, descriptor.full_name
    if key not in _plans:
        _plans[key] = _Plan(domain, tuple(_fields(domain, descriptor)))
    return _plans[key]


def _fields(domain: type, descriptor: Descriptor) -> list[_Field]:
    hints = typing.get_type_hints(domain)
    return [
        _field(f, hints[f.name], wire)
        for f in dataclasses.fields(domain)
        if (wire := _wire_field(f.name, descriptor)) is not None
    ]


def _wire_field(name: str, descriptor: Descriptor) -> FieldDescriptor | None:
    by_name = descriptor.fields_by_name
    if name == "revision" and name not in by_name:
        return by_name.get("etag")
    return by_name.get(name)


def _field(f: dataclasses.Field[Any], hint: Any, wire: FieldDescriptor) -> _Field:
    if f.name == "revision" and wire.name == "etag":
        return _Field(f.name, wire.name, _no_read, _write_etag)
    kind, optional = _bare(hint)
    has_default = (
        f.default is not dataclasses.MISSING or f.default_factory is not dataclasses.MISSING
    )
    if typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        return _Field(f.name, wire.name, _read_all(item, wire), _write_all(item, wire))
    absent = None if optional else (MISSING if has_default else REQUIRED)
    return _Field(f.name, wire.name, _read_one(kind, wire, absent), _write_one(kind, wire))


def _bare(hint: Any) -> tuple[Any, bool]:
    """The type without `| None`, and whether that was there."""
    if isinstance(hint, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not types.NoneType]
        return kinds[0], True
    return hint, False


def _no_read(_message: Any, _at: str, _faults: Faults) -> Any:
    return MISSING  # an etag is compared where a request carries it, never read into a value


def _write_etag(message: Any, revision: int, name: str) -> None:
    setattr(message, name, str(revision))


def _absence(absent: Any, at: str, faults: Faults) -> Any:
    if absent is REQUIRED:
        faults.append(Violation(at, REQUIRED, "REQUIRED"))
        return MISSING
    return absent


def _read_one(kind: Any, wire: FieldDescriptor, absent: Any) -> Read:
    name = wire.name
    if wire.enum_type is not None:
        members = _members(kind, wire.enum_type)

        def read_enum(message: Any, at: str, faults: Faults) -> Any:
            member = members.get(getattr(message, name))
            return _absence(absent, at, faults) if member is None else member

        return read_enum
    if wire.message_type is None:
        return lambda message, _at, _faults: getattr(message, name)
    read = _item_reader(kind, wire)

    def read_message(message: Any, at: str, faults: Faults) -> Any:
        if not message.HasField(name):
            return _absence(absent, at, faults)
        return read(getattr(message, name), at, faults)

    return read_message


def _read_all(kind: Any, wire: FieldDescriptor) -> Read:
    name, read = wire.name, _item_reader(kind, wire)

    def read_items(message: Any, at: str, faults: Faults) -> Any:
        items = getattr(message, name)
        return tuple(read(item, f"{at}[{rank}]", faults) for rank, item in enumerate(items))

    return read_items


def _item_reader(kind: Any, wire: FieldDescriptor) -> Read:
    if wire.enum_type is not None:
        return _member_reader(_members(kind, wire.enum_type))
    if wire.message_type is None:
        return lambda value, _at, _faults: value
    if kind in LEAVES:
        return _leaf_reader(LEAVES[kind])
    plan = _plan_of(kind, wire.message_type)
    return lambda message, at, faults: plan.read(message, f"{at}.", faults)


def _member_reader(members: dict[int, Enum]) -> Read:
    def read(number: Any, at: str, faults: Faults) -> Any:
        if number not in members:
            faults.append(Violation(at, UNKNOWN))
            return MISSING
        return members[number]

    return read


def _leaf_reader(leaf: leaves.Leaf) -> Read:
    def read(message: Any, at: str, faults: Faults) -> Any:
        try:
            return leaf.read(message)
        except ValueError as fault:
            faults.append(Violation(at, str(fault)))
            return MISSING

    return read


def _write_one(kind: Any, wire: FieldDescriptor) -> Write:
    if wire.enum_type is not None:
        numbers = _numbers(kind, wire.enum_type)
        return lambda message, value, name: (
            setattr(message, name, numbers[value]) if value is not None else None
        )
    if wire.message_type is None:
        return lambda message, value, name: setattr(message, name, value)
    write = _item_writer(kind, wire)

    def write_message(message: Any, value: Any, name: str) -> None:
        if value is not None:
            inner = getattr(message, name)
            inner.SetInParent()
            write(inner, value)

    return write_message


def _write_all(kind: Any, wire: FieldDescriptor) -> Write:
    if wire.enum_type is not None:
        numbers = _numbers(kind, wire.enum_type)
        return lambda message, values, name: getattr(message, name).extend(
            numbers[value] for value in values
        )
    if wire.message_type is None:
        return lambda message, values, name: getattr(message, name).extend(values)
    write = _item_writer(kind, wire)

    def write_items(message: Any, values: Any, name: str) -> None:
        items = getattr(message, name)
        for value in values:
            write(items.add(), value)

    return write_items


def _item_writer(kind: Any, wire: FieldDescriptor) -> Callable[[Any, Any], None]:
    if kind in LEAVES:
        return LEAVES[kind].write
    return _plan_of(kind, wire.message_type).fill


def _members(kind: type[Enum], wire: EnumDescriptor) -> dict[int, Enum]:
    numbers = _numbers(kind, wire)
    return {number: member for member, number in numbers.items()}


def _numbers(kind: type[Enum], wire: EnumDescriptor) -> dict[Enum, int]:
    """Member -> number on the wire; a member that the contract lacks fails here, at import."""
    prefix = wire.values[0].name.removesuffix("UNSPECIFIED")
    by_name = {value.name.removeprefix(prefix): value.number for value in wire.values}
    return {member: by_name[member.name] for member in kind}
