"""Positions and loads: wire to domain and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.type.latlng_pb2 import LatLng

from doorstep.planner.v1 import load_pb2
from services.planner.domain.problem import BASE_DIMENSIONS
from services.planner.domain.task import Loads
from services.planner.domain.travel import Point

SOMEWHERE = Point(1.0, 1.0)  # stands in where a position is none, until that is refused


def point(position: Any) -> Point:
    """A position; raises ValueError for one that is none."""
    return Point(position.latitude, position.longitude)


def latlng(place: Point) -> LatLng:
    """A position on the wire."""
    return LatLng(latitude=place.latitude, longitude=place.longitude)


def dimensions(loads: Iterable[Any]) -> tuple[str, ...]:
    """All dimensions that any of these loads names."""
    return (*BASE_DIMENSIONS, *sorted({own.dimension for load in loads for own in load.amounts}))


def amounts(load: Any, names: Sequence[str]) -> Loads:
    """A load in the order of dimensions; raises ValueError where one stands twice."""
    further = {own.dimension: own.amount for own in load.amounts}
    if len(further) < len(load.amounts):
        raise ValueError("a dimension stands twice")
    base = (load.mass_grams, load.volume_cubic_centimeters, load.item_count)
    return (*base, *(further.get(name, 0) for name in names[len(base) :]))


def load_to_proto(loads: Sequence[int], names: Sequence[str]) -> load_pb2.Load:
    """A load on the wire; further dimensions of zero are left out."""
    mass, volume, items, *further = loads
    named = zip(names[len(BASE_DIMENSIONS) :], further, strict=True)
    return load_pb2.Load(
        mass_grams=mass,
        volume_cubic_centimeters=volume,
        item_count=items,
        amounts=[load_pb2.LoadAmount(dimension=n, amount=a) for n, a in named if a],
    )
