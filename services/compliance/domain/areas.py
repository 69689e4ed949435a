"""The areas where a vehicle is not simply allowed, over an interval. Pure; planners block by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.compliance.domain.geometry import Box
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.shapes import polygon_shape
from services.compliance.domain.vehicle import Vehicle
from services.compliance.domain.verdict import Span, Verdict
from services.compliance.domain.zone import RuleSet


@dataclass(frozen=True, slots=True)
class AccessArea:
    """One version of a zone, or a closure, with the spans in which it asks something."""

    rule_set: RuleSet
    spans: tuple[Span, ...]


def access_areas(
    book: RuleBook, vehicle: Vehicle, start: datetime, end: datetime, box: Box | None
) -> Iterator[AccessArea]:
    """In the order of zone ids, then closure ids; what is not listed is allowed."""
    numbers = range(len(book.grounds)) if box is None else book.touching(polygon_shape(box.polygon))
    standing = book.standing(vehicle)
    for number in numbers:
        timeline = standing.timeline(number)
        for tenure in book.grounds[number].tenures:
            held = tenure.cut(start, end)
            spans = timeline.spans(*held) if held else ()
            asking = tuple(s for s in spans if s.outcome.verdict is not Verdict.ALLOW)
            if asking:
                yield AccessArea(tenure.rule_set, asking)
