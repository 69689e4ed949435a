"""
Values of the domain with every field set, made from the types of their fields.

Names differ from field to field and from one item of a list to the next, so that a value that lands
in the wrong field, or is taken twice, is seen.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any

from services.dispatch.domain.delivery import (
    Delivery,
    HandoverAlternative,
    HandoverKind,
    VerificationKind,
    VerificationRequirement,
)
from services.dispatch.domain.events import DeliveryDigest
from services.dispatch.domain.fleet import Place, PlaceKind, Shift, ShiftBreak
from services.dispatch.domain.manifest import Manifest, ManifestDelta
from services.dispatch.domain.route import Route, Stop
from services.dispatch.domain.task import Task
from services.dispatch.domain.tender import Tender
from services.dispatch.domain.values import Address, Money, Point, Window

START = datetime(2026, 5, 12, 8, 0, 0, 123_456, tzinfo=UTC)

# What stays with dispatch: the message has no such field.
UNTOLD = {
    (DeliveryDigest, "recipient"),  # under a seal only, never read back
    (Delivery, "traceparent"),  # the manifest's tasks carry it
    (Task, "location"),  # of a pickup: the stop has it
    (Task, "place_id"),
    (Tender, "answer_duration"),  # of its offers the expiry is told
}
Fields = dict[str, Any]


def of(message: Any, **fields: Any) -> Any:
    """A message from plain values: enums by their names, messages as dictionaries."""
    return message(**fields)


def whole(kind: Any, rank: int = 1) -> Any:
    """A value of a dataclass with every field set that goes over the wire."""
    hints = typing.get_type_hints(kind)
    fields: Fields = {
        f.name: _value(hints[f.name], f.name, rank + at)
        for at, f in enumerate(dataclasses.fields(kind))
        if (kind, f.name) not in UNTOLD or _is_needed(f)
    }
    return kind(**_sound(kind, fields, rank))


def bare(kind: Any, rank: int = 1) -> Any:
    """A value of a dataclass with what it must have and nothing else."""
    hints = typing.get_type_hints(kind)
    fields: Fields = {
        f.name: _value(hints[f.name], f.name, rank)
        for f in dataclasses.fields(kind)
        if _is_needed(f)
    }
    return kind(**_sound(kind, fields, rank))


def _sound(kind: Any, fields: Fields, rank: int) -> Fields:
    return SOUND[kind](fields, rank) if kind in SOUND else fields


def _is_needed(field: dataclasses.Field[Any]) -> bool:
    defaults = (field.default, field.default_factory)
    return all(default is dataclasses.MISSING for default in defaults)


def _value(hint: Any, name: str, rank: int) -> Any:
    if isinstance(hint, types.UnionType):
        return _value(typing.get_args(hint)[0], name, rank)
    if typing.get_origin(hint) is tuple:
        item = typing.get_args(hint)[0]
        return tuple(_value(item, name, rank + n) for n in range(2))
    if name == "revision" and hint is int:
        return 1  # an etag is never read into a value
    if hint in PLAIN:
        return PLAIN[hint](name, rank)
    if issubclass(hint, Enum):
        members = list(hint)
        return members[rank % len(members)]
    return whole(hint, rank)


PLAIN: dict[Any, Callable[[str, int], Any]] = {
    str: lambda name, rank: f"{name}-{rank}",
    int: lambda _, rank: 1_000 + rank,
    bool: lambda *_: True,
    bytes: lambda name, rank: f"{name}-{rank}".encode(),
    datetime: lambda _, rank: START + timedelta(minutes=rank),
    timedelta: lambda _, rank: timedelta(seconds=rank, microseconds=7),
    date: lambda _, rank: date(2020, 2, rank % 28 + 1),
    time: lambda _, rank: time(rank % 24, 30, 15),
    Point: lambda _, rank: Point(60 + rank / 64, 24 + rank / 64),
    Window: lambda _, rank: Window(START, START + timedelta(minutes=rank + 1)),
    Money: lambda _, rank: Money("EUR", 1_000_001 * rank + 1),
    Address: lambda _, rank: dataclasses.replace(
        Address(), **{f.name: _of_address(f, rank) for f in dataclasses.fields(Address)}
    ),
}


def _of_address(field: dataclasses.Field[Any], rank: int) -> Any:
    """One field of an address."""
    hint = typing.get_type_hints(Address)[field.name]
    return rank if field.name == "revision" else _value(hint, field.name, rank)


def _in_order(known: Fields, _: int) -> Fields:
    moments = [START + timedelta(minutes=n) for n in range(3)]
    names = ("arrival_time", "service_start_time", "departure_time")
    return known | dict(zip(names, moments, strict=True))


def _inside(known: Fields, _: int) -> Fields:
    interval = Window(START, START + timedelta(hours=8))
    pauses = tuple(ShiftBreak(interval, timedelta(minutes=n)) for n in (30, 45))
    return known | {"interval": interval} | ({"breaks": pauses} if "breaks" in known else {})


def _with_ways(known: Fields, rank: int) -> Fields:
    leg = known["legs"][0]
    legs = tuple(dataclasses.replace(leg, distance_meters=n) for n in range(3))
    last = START + timedelta(days=1)
    return known | {"revision": rank + 6, "legs": legs, "start_time": START, "end_time": last}


def _of_code(known: Fields, rank: int) -> Fields:
    is_pin = rank % 2 == 0
    if not is_pin:
        known = {name: v for name, v in known.items() if not name.startswith("pin_")}
    return known | {"kind": VerificationKind.PIN if is_pin else VerificationKind.AGE}


def _of_place(known: Fields, rank: int) -> Fields:
    is_pudo = rank % 2 == 0
    kind = HandoverKind.PUDO if is_pudo else HandoverKind.SAFE_PLACE
    return known | {"kind": kind, "place_id": "locker" if is_pudo else ""}


# What a value needs to be sound.
SOUND: dict[Any, Callable[[Fields, int], Fields]] = {
    Stop: _in_order,
    Shift: _inside,
    Route: _with_ways,
    Manifest: lambda known, rank: known | {"revision": rank + 6},
    ManifestDelta: lambda known, rank: known | {"revision": rank + 6},
    VerificationRequirement: _of_code,
    HandoverAlternative: _of_place,
    Place: lambda known, _: known | {"kind": PlaceKind.LOCKER},
}
