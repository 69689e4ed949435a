"""
Every limit of the contract stands in its comment, and holds at the limit and not one past it.

Method: for each field with a limit, a message that has nothing but this field is filled to the
limit and one past it; the validator must name this field in the second case only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import protovalidate
import pytest
from google.protobuf import message_factory

from buf.validate import validate_pb2
from tests.contracts.descriptors import Field, fields

INTEGERS = ("int32", "int64")


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound on one field: `good` holds, `bad` lies one past it."""

    field: Field
    rule: str
    bound: int
    good: int
    bad: int

    def __str__(self) -> str:
        return f"{self.field.path}:{self.rule}"


def limits() -> list[Limit]:
    return [limit for field in fields() for limit in limits_of(field)]


def limits_of(field: Field) -> Iterator[Limit]:
    rules = field.descriptor.GetOptions().Extensions[validate_pb2.field]
    for kind in INTEGERS:
        if rules.HasField(kind):
            yield from integer_limits(field, kind, getattr(rules, kind))
    if rules.HasField("string") and rules.string.HasField("max_len") and not rules.string.pattern:
        yield upper(field, "string.max_len", rules.string.max_len)
    if rules.HasField("bytes") and rules.bytes.HasField("max_len"):
        yield upper(field, "bytes.max_len", rules.bytes.max_len)
    if rules.HasField("repeated") and rules.repeated.HasField("max_items"):
        yield upper(field, "repeated.max_items", rules.repeated.max_items)


def upper(field: Field, rule: str, bound: int) -> Limit:
    return Limit(field, rule, bound, bound, bound + 1)


def integer_limits(field: Field, kind: str, rules: Any) -> Iterator[Limit]:
    for name, inward in (("lte", 0), ("lt", -1), ("gte", 0), ("gt", 1)):
        if rules.HasField(name):
            bound = getattr(rules, name)
            outward = 1 if name.startswith("l") else -1
            good = bound + inward
            yield Limit(field, f"{kind}.{name}", bound, good, good + outward)


def filled(limit: Limit, size: int) -> Any:
    descriptor = limit.field.descriptor
    message = message_factory.GetMessageClass(descriptor.containing_type)()
    if limit.rule == "repeated.max_items":
        fill_repeated(message, descriptor, size)
    elif limit.rule == "string.max_len":
        setattr(message, descriptor.name, "x" * size)
    elif limit.rule == "bytes.max_len":
        setattr(message, descriptor.name, b"x" * size)
    else:
        setattr(message, descriptor.name, size)
    return message


def fill_repeated(message: Any, descriptor: Any, size: int) -> None:
    items = getattr(message, descriptor.name)
    for number in range(size):
        if descriptor.message_type is not None:
            items.add()
        elif descriptor.cpp_type == descriptor.CPPTYPE_STRING:
            items.append(f"x{number}" if descriptor.type == descriptor.TYPE_STRING else b"x")
        else:
            items.append(number)


def broken(message: Any, limit: Limit) -> bool:
    """Whether the validator names the rule on the field itself (its items may break others)."""
    kind, _, name = limit.rule.partition(".")
    for violation in protovalidate.collect_violations(message):
        elements = violation.proto.field.elements if violation.proto.field else ()
        path = [element.field_name for element in elements]
        rule = violation.proto.rule_id
        names_it = rule.startswith(kind) and (name in rule or "gt" in rule or "lt" in rule)
        names_it = names_it or rule == "required"  # a required number may not be zero
        if path == [limit.field.descriptor.name] and names_it:
            return True
    return False


@pytest.mark.parametrize("limit", limits(), ids=str)
def test_a_limit_holds_at_the_limit_and_not_one_past_it(limit: Limit) -> None:
    assert not broken(filled(limit, limit.good), limit)
    assert limit.good == limit.bad or not fits(limit) or broken(filled(limit, limit.bad), limit)


def fits(limit: Limit) -> bool:
    """A bound at the edge of the type has no value past it."""
    bits = 31 if "int32" in limit.rule else 63
    return -(1 << bits) <= limit.bad < 1 << bits


def test_every_limit_stands_in_its_comment() -> None:
    unsaid = [str(limit) for limit in limits() if not says(limit.field.comment, limit)]

    assert unsaid == []


def says(comment: str, limit: Limit) -> bool:
    """The number itself, with or without thousands separators, or the words for zero and one."""
    text = comment.lower()
    if limit.rule.endswith((".gte", ".gt")) and limit.bound in (0, 1):
        words = ("positive", "not negative", "at least", "from 0", "from 1", "0 to", "1 to", "`0`")
        return any(word in text for word in words) or bool(re.search(r"\b[01]\b", text))
    digits = str(abs(limit.bound))
    grouped = f"{abs(limit.bound):,}"
    return digits in text.replace(",", "").replace(" ", "") or grouped in text or power(text, limit)


def power(text: str, limit: Limit) -> bool:
    """Binary sizes may be said as such: 1 MiB, 64 KiB."""
    units = {"kib": 1024, "mib": 1024**2, "gib": 1024**3}
    return any(
        limit.bound == int(number) * units[unit]
        for number, unit in re.findall(r"(\d+) (kib|mib|gib)", text)
    )
