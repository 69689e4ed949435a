"""Places: every different position of a problem once, so that travel is asked for once. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.planner.domain.problem import Problem
from services.planner.domain.shift import Shift
from services.planner.domain.travel import Point

Key = tuple[str, float, float]
NOWHERE = -1  # the end of a route that ends at its last task


@dataclass(frozen=True, slots=True)
class Places:
    """The positions, and where each option, start, end and reload lies among them."""

    points: tuple[Point, ...]
    options: tuple[tuple[int, ...], ...]
    """Per task, the place of each of its options."""
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    """Per shift; NOWHERE where the route ends at its last task."""
    reloads: tuple[tuple[int, ...], ...]
    """Per shift, the place of each of its reloads."""


def places_of(problem: Problem) -> Places:
    """Names every place of a problem by a rank; one named twice keeps its first position."""
    ranks: dict[Key, int] = {}
    points: list[Point] = []

    def rank(key: Key, point: Point) -> int:
        if key not in ranks:
            ranks[key] = len(points)
            points.append(point)
        return ranks[key]

    starts, ends = [], []
    for shift in problem.shifts:
        starts.append(rank(*origin_of(shift)))
        end = list(end_of(shift))
        ends.append(rank(*end[0]) if end else NOWHERE)
    options = tuple(
        tuple(rank(option.place_key, option.point) for option in task.options)
        for task in problem.tasks
    )
    reloads = tuple(
        tuple(rank(key_of(own.place_id, own.point), own.point) for own in shift.reloads)
        for shift in problem.shifts
    )
    return Places(tuple(points), options, tuple(starts), tuple(ends), reloads)


def origin_of(shift: Shift) -> tuple[Key, Point]:
    """Where a route starts, by key and position; a vehicle under way is at no named place."""
    point = shift.origin
    name = "" if shift.is_under_way else shift.start_place_id
    return key_of(name, point), point


def end_of(shift: Shift) -> Iterator[tuple[Key, Point]]:
    """Where a route ends, if anywhere but at its last task."""
    if shift.end_point is not None:
        yield key_of(shift.end_place_id, shift.end_point), shift.end_point


def key_of(place_id: str, point: Point) -> Key:
    """Equal for one place: by name where there is one, else by position."""
    return (place_id, 0.0, 0.0) if place_id else ("", point.latitude, point.longitude)
