"""What a driver does when: driving, other work or a break, derived from a route's times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from services.planner.rules.walk import Leg, Walk


class Activity(Enum):
    """What a driver does."""

    DRIVING = "DRIVING"
    WORK = "WORK"
    BREAK = "BREAK"


@dataclass(frozen=True, slots=True)
class Span:
    """One activity for `[start_second, end_second)`."""

    activity: Activity
    start_second: int
    end_second: int

    @property
    def seconds(self) -> int:
        """How long it lasts."""
        return self.end_second - self.start_second


def timeline(walk: Walk) -> Iterator[Span]:
    """All spans of a route in order, without gaps; empty ones are left out."""
    reached = walk.route.start_second
    for leg in walk.legs:
        yield from span(Activity.WORK, reached, leg.departed_second)
        yield from leg_spans(walk, leg)
        reached = leg.ready_second
    yield from span(Activity.WORK, reached, walk.route.end_second)


def span(activity: Activity, start: int, end: int) -> Iterator[Span]:
    """A span, unless it is empty."""
    if end > start:
        yield Span(activity, start, end)


def leg_spans(walk: Walk, leg: Leg) -> Iterator[Span]:
    """
    Driving, breaks and waiting of a leg.

    Driving ends at arrival and fills the time before it, breaks left out: who waits for a zone to
    open waits before driving, who waits for a window waits after it.
    """
    rules, left = walk.shift.breaks, leg.travel_seconds
    pauses = [(held.start_second, rules[held.rule].length_seconds) for held in leg.breaks]
    edge, backward = leg.arrival_second, list[Span]()
    for start, length in reversed(pauses):
        if start < leg.arrival_second:
            driven = min(left, edge - start - length)
            backward += span(Activity.DRIVING, edge - driven, edge)
            backward += span(Activity.WORK, start + length, edge - driven)
            backward += span(Activity.BREAK, start, start + length)
            left, edge = left - driven, start
    backward += span(Activity.DRIVING, edge - left, edge)
    backward += span(Activity.WORK, leg.departed_second, edge - left)
    yield from reversed(backward)
    edge = leg.arrival_second
    for start, length in pauses:
        if start >= leg.arrival_second:
            yield from span(Activity.WORK, edge, start)
            yield from span(Activity.BREAK, start, start + length)
            edge = start + length
    yield from span(Activity.WORK, edge, leg.ready_second)
