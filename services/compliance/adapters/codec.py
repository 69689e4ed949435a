"""Domain values as JSON documents for the store, and back. Rings are kept flat, to be small."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, TypeVar

from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union

from services.compliance.domain.geometry import Point, Ring
from services.compliance.domain.presence import Line, Place
from services.compliance.domain.rule import Effect
from services.compliance.domain.verdict import Verdict

Value = TypeVar("Value")

MICROSECOND = timedelta(microseconds=1)

_converter = make_converter()


def pack(value: object) -> str:
    """The document of a domain value."""
    return json.dumps(_converter.unstructure(value), separators=(",", ":"))


def unpack(document: str, kind: type[Value]) -> Value:
    """The domain value of a document, checked by its constructors."""
    return _converter.structure(json.loads(document), kind)


def _flat(ring: Ring) -> list[int]:
    return [number for point in ring.points for number in (point.lat_e7, point.lng_e7)]


def _ring(numbers: list[int], _: Any) -> Ring:
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return Ring(tuple(Point(lat, lng) for lat, lng in pairs))


def _line(encoded: str, _: Any) -> Line:
    return Line.decoded(encoded)


def _place(document: Any, _: Any) -> Place:
    if isinstance(document, str):
        return Line.decoded(document)
    return Point(*document)


def _unplace(place: Place) -> Any:
    return place.encoded if isinstance(place, Line) else [place.lat_e7, place.lng_e7]


def _microseconds(length: timedelta) -> int:
    return length // MICROSECOND


def _length(microseconds: int, _: Any) -> timedelta:
    return timedelta(microseconds=microseconds)


_converter.register_unstructure_hook(timedelta, _microseconds)
_converter.register_structure_hook(timedelta, _length)
_converter.register_unstructure_hook(Ring, _flat)
_converter.register_structure_hook(Ring, _ring)
_converter.register_unstructure_hook(Line, lambda line: line.encoded)
_converter.register_structure_hook(Line, _line)
_converter.register_unstructure_hook(Place, _unplace)
_converter.register_structure_hook(Place, _place)
_converter.register_unstructure_hook(Verdict, lambda verdict: verdict.name)
_converter.register_structure_hook(Verdict, lambda name, _: Verdict[name])
configure_tagged_union(Effect, _converter, tag_name="kind")
