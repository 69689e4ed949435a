"""Domain values as jsonb: cattrs, with unions told apart by the name of their class."""

from __future__ import annotations

import json
from datetime import time, timedelta
from typing import Any, TypeVar

from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union

from services.tracking.domain import customer, event, fact, heard
from services.tracking.domain.journal import Event

Value = TypeVar("Value")

_converter = make_converter(omit_if_default=True)
configure_tagged_union(fact.What, _converter, tag_name="_")
_converter.register_unstructure_hook(timedelta, timedelta.total_seconds)
_converter.register_structure_hook(timedelta, lambda seconds, _: timedelta(seconds=seconds))
_converter.register_unstructure_hook(time, time.isoformat)
_converter.register_structure_hook(time, lambda text, _: time.fromisoformat(text))

EVENT_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (*event.Told.__args__, *customer.Said.__args__, *heard.Heard.__args__)
}


def pack(value: Any) -> str:
    """A value as JSON text."""
    return json.dumps(_converter.unstructure(value), separators=(",", ":"))


def pack_all(values: Any, kind: Any) -> str:
    """Values of one class as a JSON array."""
    return json.dumps([_converter.unstructure(value, kind) for value in values])


def unpack(text: str, kind: type[Value]) -> Value:
    """The value of a class from its JSON text."""
    return _converter.structure(json.loads(text), kind)


def unpack_event(name: str, text: str) -> Event:
    """A journal's event from the name of its class."""
    return unpack(text, EVENT_TYPES[name])
