"""
Holds a request to the contract, and names every fault at once.

Three things are looked at: protovalidate's rules; `google.api.field_behavior` REQUIRED; and every
float for NaN and infinity, also where no rule speaks, because a comparison with NaN is always false
and so passes most code unseen.

Where the contract says `ignore: IGNORE_ALWAYS` of the items of a batch or stream, none of the three
looks: the servicer refuses item by item, asking `violations(item, at="positions[2].")`. Said of one
message, whose fields a mask picks, it lifts rules and REQUIRED; a NaN is refused there too.

Cost on one core of a 2-core machine (measured, tests/test_validate.py): 12 us for a request of 50
bytes, of which the rules take 5; 1.6 us for each item of a batch; 0.8 ms for a batch of 500.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import protovalidate
from google.api import field_behavior_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from buf.validate import validate_pb2
from meshkit.caller import MESH_DOMAIN
from meshkit.errors import Invalid, Violation

FLOATS = frozenset({FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT})
NOT_FINITE = "must be a finite number"
MISSING = "value is required"

_rules = protovalidate.Validator()


def check(request: Message) -> None:
    """Raises Invalid `FIELD_INVALID` with all violations unless the request may be answered."""
    refuse(list(violations(request)))


def refuse(found: list[Violation]) -> None:
    """Raises Invalid `FIELD_INVALID` if something was found."""
    if found:
        fields = "field breaks" if len(found) == 1 else "fields break"
        raise Invalid(
            "FIELD_INVALID",
            f"{len(found)} {fields} the contract, first {found[0].field}: {found[0].description}",
            domain=MESH_DOMAIN,
            violations=found,
        )


def prepare(request: type[Message]) -> None:
    """
    Compiles the rules of a request type, so that the first call does not wait for it.

    Raises protovalidate's CompilationError when the contract itself is wrong. All methods of a
    service take 10 to 70 ms (measured), far more than an event loop may be held.
    """
    deque(violations(request()), maxlen=0)


def violations(request: Message, at: str = "") -> Iterator[Violation]:
    """Every fault, rules first, paths below `at`; what breaks a rule is not named again."""
    named = set()
    for broken in _rules.collect_violations(request):
        fault = _fault(broken, at)
        named.add(fault.field)
        yield fault
    for fault in _scan(request, _plan(request.DESCRIPTOR), at):
        if fault.field not in named:
            yield fault


def _fault(broken: protovalidate.Violation, at: str) -> Violation:
    proto = broken.proto
    path = at + ".".join(map(_element, proto.field.elements)) if proto.field else at.rstrip(".")
    reason = proto.rule_id.upper().replace(".", "_")
    return Violation(path, proto.message or proto.rule_id, reason)


def _element(element: Any) -> str:
    if element.subscript is None:
        return str(element.field_name)
    return f"{element.field_name}[{_subscript(element.subscript.value)}]"


def _subscript(key: object) -> str:
    return f'"{key}"' if isinstance(key, str) else str(key)


@dataclass(slots=True)
class _Plan:
    """What the scan looks at in one message type: names of fields, in the contract's order."""

    required: list[tuple[str, Callable[[Message], bool]]]
    floats: list[str]
    float_lists: list[str]
    float_maps: list[str]
    children: list[tuple[str, _Plan]]
    child_lists: list[tuple[str, _Plan]]
    child_maps: list[tuple[str, _Plan]]


def _scan(message: Message, plan: _Plan, at: str) -> Iterator[Violation]:
    for name, is_set in plan.required:
        if not is_set(message):
            yield Violation(f"{at}{name}", MISSING, "REQUIRED")
    yield from _scan_floats(message, plan, at)
    for name, child in plan.children:
        if message.HasField(name):
            yield from _scan(getattr(message, name), child, f"{at}{name}.")
    for path, item, child in _items(message, plan):
        yield from _scan(item, child, f"{at}{path}.")


def _scan_floats(message: Message, plan: _Plan, at: str) -> Iterator[Violation]:
    for name in plan.floats:
        if not math.isfinite(getattr(message, name)):
            yield _not_finite(f"{at}{name}")
    for name in plan.float_lists:
        for index, number in enumerate(getattr(message, name)):
            if not math.isfinite(number):
                yield _not_finite(f"{at}{name}[{index}]")
    for name in plan.float_maps:
        for key, number in getattr(message, name).items():
            if not math.isfinite(number):
                yield _not_finite(f"{at}{name}[{_subscript(key)}]")


def _not_finite(path: str) -> Violation:
    return Violation(path, NOT_FINITE, "DOUBLE_FINITE")


def _items(message: Message, plan: _Plan) -> Iterator[tuple[str, Message, _Plan]]:
    for name, child in plan.child_lists:
        for index, item in enumerate(getattr(message, name)):
            yield f"{name}[{index}]", item, child
    for name, child in plan.child_maps:
        for key, item in getattr(message, name).items():
            yield f"{name}[{_subscript(key)}]", item, child


_Known = dict[tuple[str, bool], _Plan]


@cache
def _plan(descriptor: Descriptor) -> _Plan:
    return _planned(descriptor, {}, whole=True)


def _planned(descriptor: Descriptor, known: _Known, *, whole: bool) -> _Plan:
    """
    The plan of a type; a type that contains itself finds its own plan in `known`.

    A message that is not `whole` is one whose fields a mask picks: nothing in it is REQUIRED.
    """
    key = descriptor.full_name, whole
    if key in known:
        return known[key]
    plan = known[key] = _Plan([], [], [], [], [], [], [])
    for field in descriptor.fields:
        if whole and _is_required(field):
            plan.required.append((field.name, _presence(field)))
        _add(plan, field, known, whole=whole)
    return plan


def _add(plan: _Plan, field: FieldDescriptor, known: _Known, *, whole: bool) -> None:
    exempt = _is_exempt(field)
    if field.is_repeated and exempt:
        return
    if field.cpp_type in FLOATS:
        (plan.float_lists if field.is_repeated else plan.floats).append(field.name)
    elif field.message_type is not None and _matters(field.message_type):
        if field.message_type.GetOptions().map_entry:
            _add_map(plan, field.name, field.message_type.fields_by_name["value"], known)
        else:
            child = _planned(field.message_type, known, whole=whole and not exempt)
            (plan.child_lists if field.is_repeated else plan.children).append((field.name, child))


def _add_map(plan: _Plan, name: str, value: FieldDescriptor, known: _Known) -> None:
    if value.message_type is None:
        plan.float_maps.append(name)
    else:
        plan.child_maps.append((name, _planned(value.message_type, known, whole=True)))


@cache
def _matters(descriptor: Descriptor) -> bool:
    """Whether the scan could find anything in or below a type; most types are skipped whole."""
    return any(
        _is_required(field) or field.cpp_type in FLOATS
        for reached in _reachable(descriptor)
        for field in reached.fields
    )


def _reachable(descriptor: Descriptor) -> Iterable[Descriptor]:
    found = {descriptor.full_name: descriptor}
    waiting = [descriptor]
    while waiting:
        for field in waiting.pop().fields:
            below = field.message_type
            if below is not None and below.full_name not in found:
                found[below.full_name] = below
                waiting.append(below)
    return found.values()


def _presence(field: FieldDescriptor) -> Callable[[Message], bool]:
    """How to tell that a field is set: a proto3 scalar has no presence, its zero is unset."""
    name = field.name
    if field.has_presence:
        return lambda message: message.HasField(name)
    return lambda message: bool(getattr(message, name))


def _is_required(field: FieldDescriptor) -> bool:
    behaviors = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return field_behavior_pb2.REQUIRED in behaviors


def _is_exempt(field: FieldDescriptor) -> bool:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    ignores = (rules.ignore, rules.repeated.items.ignore, rules.map.values.ignore)
    return validate_pb2.IGNORE_ALWAYS in ignores
