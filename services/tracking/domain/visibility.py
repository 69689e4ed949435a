"""
What a recipient sees, and when. Pure.

The rules follow Fleet Engine's TaskTrackingViewConfig: a thing is shown when few stops, little time
or few meters remain, always, or never. Nothing is shown before the route starts or after the task
has ended, unless the rule says `always`; after the end the vehicle is not shown by any rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from services.tracking.domain.event import Eta
from services.tracking.domain.geo import Point

COARSE_DECIMALS = 4  # about 11 m of latitude: which street, not which door


@dataclass(frozen=True, slots=True)
class Rule:
    """When one thing is shown: the first that is set holds."""

    stops: int | None = None
    time: timedelta | None = None
    meters: int | None = None
    always: bool = False
    never: bool = False

    def shows(self, eta: Eta | None, *, under_way: bool) -> bool:
        """Whether the thing is shown now."""
        if self.never:
            return False
        if self.always:
            return True
        if eta is None or not under_way:
            return False
        if self.stops is not None:
            return eta.remaining_stops + 1 <= self.stops
        if self.time is not None:
            return eta.p50 - eta.computed_at <= self.time
        return self.meters is not None and eta.remaining_meters <= self.meters


@dataclass(frozen=True, slots=True)
class Visibility:
    """The rules of one link."""

    position: Rule = field(default_factory=lambda: Rule(stops=3))
    eta: Rule = field(default_factory=lambda: Rule(always=True))
    stops: Rule = field(default_factory=lambda: Rule(stops=10))
    distance: Rule = field(default_factory=lambda: Rule(stops=3))
    polyline: Rule = field(default_factory=lambda: Rule(stops=1))


OPEN = Visibility(*(Rule(always=True) for _ in range(5)))  # for those who run the work


def coarse(point: Point) -> Point:
    """A point as recipients see it."""
    return Point(round(point.latitude, COARSE_DECIMALS), round(point.longitude, COARSE_DECIMALS))
