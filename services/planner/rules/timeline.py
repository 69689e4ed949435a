"""What a driver does when: driving, other work or a break, derived from a route's times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Route
from services.planner.rules.walk import Leg, legs, shift_of


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


def timeline(instance: Instance, route: Route) -> Iterator[Span]:
    """All spans of a route in order, without gaps; empty ones are left out."""
    reached = route.start_second
    for leg in legs(instance, route):
        yield from span(Activity.WORK, reached, leg.departed_second)
        yield from leg_spans(instance, route, leg)
        reached = leg.ready_second
    yield from span(Activity.WORK, reached, route.end_second)


def span(activity: Activity, start: int, end: int) -> Iterator[Span]:
    """A span, unless it is empty."""
    if end > start:
        yield Span(activity, start, end)


def leg_spans(instance: Instance, route: Route, leg: Leg) -> Iterator[Span]:
    """
    Driving, breaks and waiting of a leg.

    Driving ends at arrival and fills the time before it, breaks left out: who waits for a zone to
    open waits before driving, who waits for a window waits after it.
    """
    rules = shift_of(instance, route).breaks
    left = instance.travel_seconds(route.shift, leg.here, leg.there)
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
