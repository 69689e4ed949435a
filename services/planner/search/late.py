"""
Times for a sequence that cannot hold: as little late as can be, then as early.

A label is how many breaks are taken, its value the least lateness, then the earliest departure;
driving keeps its order (who leaves earlier arrives no later). For answers about given routes only:
what the search keeps always holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.planner.domain.plan import Route
from services.planner.search.course import BreakTimes, Course, Held, route_of
from services.planner.search.curve import FOREVER
from services.planner.search.stay import Windows
from services.planner.search.sweep import placed


@dataclass(slots=True)
class Label:
    """The best way to have taken some number of breaks up to a departure."""

    late_seconds: int
    departed_second: int
    begun_second: int = 0
    before: Label | None = None
    held: Sequence[Held] = ()


def least_late(course: Course) -> tuple[Route, int]:
    """The route that is least late, and by how much windows and breaks are missed, added up."""
    labels: list[Label | None] = [Label(0, course.leave_second), *(None for _ in course.breaks)]
    for leg in range(len(course.stays) + 1):
        labels = after_leg(course, labels, leg)
    end = min(
        (end for number, end in enumerate(labels) if end and is_free(course, end, number)),
        key=lambda end: (end.late_seconds, end.departed_second),
    )
    begun, held, label = list[int](), list[Held](), end
    while label.before is not None:
        begun.insert(0, label.begun_second)
        held[:0] = label.held
        label = label.before
    start = course.leave_second - course.loading_seconds
    return route_of(course, start, begun, held), end.late_seconds


def is_free(course: Course, end: Label, number: int) -> bool:
    """Whether the breaks not taken can follow the route: it is over while they may still start."""
    over = end.departed_second + course.unloading_seconds
    return number == len(course.breaks) or over <= course.breaks[number][2]


def after_leg(course: Course, labels: Sequence[Label | None], leg: int) -> list[Label | None]:
    """The best labels when a leg and its stay are over, by the number of breaks taken."""
    found: list[Label | None] = [None] * len(labels)
    for before, label in enumerate(labels):
        for number in range(before, len(labels)):
            if label is None:
                break
            new = step(course, label, leg, course.breaks[before:number])
            best = found[number]
            if best is None or rank_of(new) < rank_of(best):
                found[number] = new
    return found


def rank_of(label: Label) -> tuple[int, int]:
    """What makes one label better than another."""
    return label.late_seconds, label.departed_second


def step(course: Course, label: Label, leg: int, breaks: Sequence[BreakTimes]) -> Label:
    """A label when a leg that holds some breaks and its stay are over."""
    held = placed(course, leg, label.departed_second, breaks)
    late = label.late_seconds
    for own, (_, _, last, _) in zip(held, breaks, strict=True):
        late += max(0, own.start_second - last)
    ready = over_second(label.departed_second, course.travels[leg], held)
    if leg == len(course.stays):
        return Label(late, ready, ready, label, held)
    stay = course.stays[leg]
    begun, missed = open_at(stay.windows, ready + course.setups[leg])
    return Label(late + missed, begun + stay.service_seconds, begun, label, held)


def over_second(depart: int, travel: int, held: Sequence[Held]) -> int:
    """When a leg is over: all is driven, and all breaks are held."""
    if not held:
        return depart + travel
    over = held[-1].start_second + held[-1].length_seconds
    rested = sum(one.length_seconds for one in held)
    return max(over, depart + travel + rested)


def open_at(windows: Windows, second: int) -> tuple[int, int]:
    """The earliest start at or after a moment, and by how much it is late where none is left."""
    for first, last in windows:
        if second <= last:
            return max(second, first), 0
    return second, second - windows[-1][1] if windows else FOREVER
