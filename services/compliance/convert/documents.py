"""
Documents as messages of the contract: what people write in files, held to what rpcs may send.

A document is the JSON of a message with the contract's own names. Because people write it, a date
may be `2026-12-25` (`12-25` means every year), a time of day `07:30`, a weekday `Mo`, and the name
of an enum's value may go without its prefix. Every fault is found, with its path; a name that the
contract does not have is one, since a misspelt condition would widen a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from google.api import field_behavior_pb2
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

from meshkit import validate
from services.compliance.convert.faults import Faults
from services.compliance.convert.given import number, shown
from services.compliance.domain.faults import Unsound, check

DATE, TIME, WEEKDAY = "google.type.Date", "google.type.TimeOfDay", "google.type.DayOfWeek"
WEEKDAY_LETTERS_MIN = 2
INTS = {FieldDescriptor.CPPTYPE_INT32: 31, FieldDescriptor.CPPTYPE_INT64: 63}  # bits but the sign
DIGITS_MAX = 19  # of a whole number that is written as a text


def fill(message: Any, document: Any, path: str, faults: Faults) -> None:
    """Sets the fields that a document names; what it does not name stays as it is."""
    if not isinstance(document, Mapping):
        faults.add(path, "must be an object with named fields")
        return
    fields = message.DESCRIPTOR.fields_by_name
    for name, value in document.items():
        at = f"{path}.{name}"
        if name not in fields or _is_output(fields[name]):
            faults.add(at, _unknown(name, fields))
        elif value is not None:
            _set(message, fields[name], value, at, faults)


def hold_to_contract(message: Message, path: str, faults: Faults, *but: str) -> None:
    """Adds what breaks the contract's stated rules, but for some fields and known faults."""
    skipped = {f"{path}.{name}" for name in but}
    for violation in list(validate.violations(message, at=f"{path}.")):
        if violation.field not in skipped and not faults.is_below_one(violation.field):
            faults.add(violation.field, violation.description)


def _unknown(name: str, fields: Mapping[str, FieldDescriptor]) -> str:
    known = sorted(n for n, field in fields.items() if not _is_output(field))
    return f"no field is named {name!r}; there are {', '.join(known)}"


def _is_output(field: FieldDescriptor) -> bool:
    behaviors = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return field_behavior_pb2.OUTPUT_ONLY in behaviors


def _set(message: Any, field: FieldDescriptor, value: Any, path: str, faults: Faults) -> None:
    rival = message.WhichOneof(field.containing_oneof.name) if field.containing_oneof else None
    if rival not in (None, field.name):
        faults.add(path, f"only one of {rival} and {field.name} may be stated")
    elif field.is_repeated:
        _set_list(message, field, value, path, faults)
    elif field.message_type is not None:
        part = getattr(message, field.name)
        part.SetInParent()
        _set_part(part, value, path, faults)
    else:
        scalar = faults.take(path, _scalar, field, value)
        if scalar is not None:
            setattr(message, field.name, scalar)


def _set_list(message: Any, field: FieldDescriptor, value: Any, path: str, faults: Faults) -> None:
    if not isinstance(value, list):
        faults.add(path, "must be a list")
        return
    message.ClearField(field.name)
    items = getattr(message, field.name)
    for index, item in enumerate(value):
        at = f"{path}[{index}]"
        if field.message_type is not None:
            _set_part(items.add(), item, at, faults)
        elif (scalar := faults.take(at, _scalar, field, item)) is not None:
            items.append(scalar)


def _set_part(part: Any, value: Any, path: str, faults: Faults) -> None:
    kind = part.DESCRIPTOR.full_name
    if kind == DATE and isinstance(value, (str, date)):
        faults.take(path, _set_date, part, str(value))
    elif kind == TIME and isinstance(value, (str, time)):
        faults.take(path, _set_time, part, str(value))
    else:
        fill(part, value, path, faults)


def _set_date(part: Any, text: str) -> None:
    numbers = text.split("-")
    sound = len(numbers) in (2, 3) and all(n.isdecimal() and len(n) <= 4 for n in numbers)
    check(sound, f"{shown(text)} is no date: write 2026-12-25, or 12-25 for every year")
    part.month, part.day = int(numbers[-2]), int(numbers[-1])
    if len(numbers) == 3:
        part.year = int(numbers[0])


def _set_time(part: Any, text: str) -> None:
    numbers = text.split(":")
    sound = len(numbers) in (2, 3) and all(n.isdecimal() and len(n) <= 2 for n in numbers)
    check(sound, f"{shown(text)} is no time of day: write 07:30")
    part.hours, part.minutes = int(numbers[0]), int(numbers[1])
    part.seconds = int(numbers[2]) if len(numbers) == 3 else 0


def _scalar(field: FieldDescriptor, value: Any) -> Any:
    if field.enum_type is not None:
        return _enum(field.enum_type, value)
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        check(isinstance(value, bool), "must be true or false")
    elif field.cpp_type in INTS:
        return _whole(value, INTS[field.cpp_type])
    elif field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        return number(value)
    else:
        check(isinstance(value, str), "must be a text in quotes")
    return value


def _whole(value: Any, bits: int) -> int:
    """A whole number; JSON may carry a large one as a text."""
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    if digits.isdecimal() and len(digits) <= DIGITS_MAX:
        value = int(value)
    whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value // 1
    check(whole, "must be a whole number")
    check(abs(value) < 1 << bits, "the number is too large")
    return int(value)


def _enum(kind: EnumDescriptor, value: Any) -> int:
    named = kind.values_by_name
    prefix = kind.values[0].name.removesuffix("UNSPECIFIED")
    word = str(value).upper() if isinstance(value, str) else ""
    for name in (word, f"{prefix}{word}"):
        if name in named and named[name].number:
            return int(named[name].number)
    if kind.full_name == WEEKDAY and len(word) >= WEEKDAY_LETTERS_MIN:
        for name, found in named.items():
            if found.number and name.startswith(word):
                return int(found.number)
    known = ", ".join(name.removeprefix(prefix) for name, v in named.items() if v.number)
    raise Unsound(f"{shown(value)} is not one of {known}")
