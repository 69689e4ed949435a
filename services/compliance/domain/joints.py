"""
Where the legs and stops of a route meet: what was crossed between them.

Pure. A vehicle that ends one presence inside an area and begins the next one inside has crossed
nothing. One that ended outside and begins inside has entered, whether anybody tells the way or not;
one that is no longer there has left. Where it was before the first presence nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.compliance.domain.atlas import Stay
from services.compliance.domain.geometry import Point
from services.compliance.domain.presence import Presence


def joints(presences: Sequence[Presence], stays: Sequence[Sequence[Stay]]) -> Iterator[list[Stay]]:
    """The stays per presence, with entries and exits as the whole route has them."""
    begun = [
        {stay.area_index for stay in own if _at_start(stay, presence)}
        for presence, own in zip(presences, stays, strict=True)
    ]
    ended = [{stay.area_index for stay in own if not stay.leaves} for own in stays]
    last = len(stays) - 1
    for number, own in enumerate(stays):
        came = ended[number - 1] if number else None
        goes = begun[number + 1] if number < last else None
        yield [_joined(stay, presences[number], came, goes) for stay in own]


def _joined(stay: Stay, presence: Presence, came: set[int] | None, goes: set[int] | None) -> Stay:
    if came is not None and _at_start(stay, presence):
        stay = replace(stay, enters=stay.area_index not in came)
    if goes is not None and not stay.leaves:
        stay = replace(stay, leaves=stay.area_index not in goes)
    return stay


def _at_start(stay: Stay, presence: Presence) -> bool:
    """Whether it begins with the presence itself, and not a moment later."""
    return isinstance(presence.place, Point) or not stay.enters
