"""Domain values as JSON documents for the store, and back."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from cattrs.preconf.json import make_converter

Value = TypeVar("Value")

_converter = make_converter()


def pack(value: object, kind: Any = None) -> str:
    """The document of a domain value; `kind` where the value does not say what it is."""
    return json.dumps(_converter.unstructure(value, unstructure_as=kind), separators=(",", ":"))


def unpack(document: str, kind: type[Value]) -> Value:
    """The domain value of a document, checked by its constructors."""
    return _converter.structure(json.loads(document), kind)
