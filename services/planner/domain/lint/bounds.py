"""How soon a vehicle can be somewhere at the best: what no road and no driver undercuts. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from services.planner.domain.geometry import meters_between
from services.planner.domain.shift import Shift
from services.planner.domain.travel import Point

METERS_PER_SECOND_MAX = 50  # 180 km/h along a straight line: no delivery vehicle comes near it


def straight_seconds(here: Point, there: Point) -> int:
    """Less than any vehicle takes."""
    return meters_between(here, there) // METERS_PER_SECOND_MAX


@dataclass(frozen=True, slots=True)
class Outing:
    """Where and when shifts of one kind can be away."""

    origin: Point
    end: Point | None
    first_second: int
    """When the vehicle can leave."""
    last_second: int
    """When it must be back."""

    def meets(self, point: Point, first: int, last: int, lasting: int) -> bool:
        """Whether service of some length can start at a point within two moments, inclusive."""
        there = self.first_second + straight_seconds(self.origin, point)
        back = self.last_second - lasting
        back -= straight_seconds(point, self.end) if self.end is not None else 0
        return max(first, there) <= min(last, back)


def outing_of(shift: Shift) -> Outing:
    """Where and when a shift can be away."""
    first = shift.ready_second + shift.loading_left_seconds
    return Outing(shift.origin, shift.end_point, first, shift.end_second - shift.unloading_seconds)
