"""
Which of several claims on the same ground holds where and when. Pure.

Where rules of one source replace each other instead of adding up, the later claim takes the ground
of the earlier ones for as long as it holds; before and after, theirs is theirs again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.compliance.domain.geometry import Area
from services.compliance.domain.shapes import difference, intersection, joined, meetings

Days = tuple[date, date | None]  # `[start, end)`; None: for ever


@dataclass(frozen=True, slots=True)
class Claim:
    """An area that is claimed on the days `[start, end)`."""

    area: Area
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A part of a claim's area and the spans of days in which it holds there."""

    area: Area
    spans: tuple[Days, ...]


def settled(claims: Sequence[Claim]) -> list[list[Tenancy]]:
    """What is left of each claim, in order; a later one beats an earlier one."""
    near = meetings([claim.area for claim in claims])
    return [
        _left(claim, (claims[other] for other in near[number] if other > number))
        for number, claim in enumerate(claims)
    ]


def _left(claim: Claim, later: Iterable[Claim]) -> list[Tenancy]:
    held = [Tenancy(claim.area, ((claim.start, claim.end),))]
    for rival in later:
        held = [rest for tenancy in held for rest in _beaten(tenancy, rival)]
    areas: dict[tuple[Days, ...], list[Area]] = {}
    for tenancy in held:
        areas.setdefault(tenancy.spans, []).append(tenancy.area)
    return [
        Tenancy(found[0] if len(found) == 1 else joined(p for area in found for p in area), spans)
        for spans, found in areas.items()
    ]


def _beaten(tenancy: Tenancy, rival: Claim) -> list[Tenancy]:
    spans = tuple(rest for span in tenancy.spans for rest in _without(span, rival))
    if spans == tenancy.spans:
        return [tenancy]
    shared = intersection(tenancy.area, rival.area)
    if not shared:
        return [tenancy]
    parts = [Tenancy(difference(tenancy.area, rival.area), tenancy.spans), Tenancy(shared, spans)]
    return [part for part in parts if part.area and part.spans]


def _without(span: Days, rival: Claim) -> list[Days]:
    start, end = span
    found: list[Days] = []
    if start < rival.start:
        first_end = rival.start if end is None else min(end, rival.start)
        found.append((start, first_end))
    if rival.end is not None and (end is None or rival.end < end):
        found.append((max(start, rival.end), end))
    return found
