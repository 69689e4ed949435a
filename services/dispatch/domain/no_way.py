"""
Routes with a leg that no lawful road leads along. Pure.

Such a route is never published: the planner says that it is broken. But a person who made it wants
to see it, and compliance must be asked about a way and an hour, not about an endless drive. So a
leg without a way becomes a straight line times a factor, marked as such; the rest is re-timed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.dispatch.domain.planning import PlanShift, Problem, TimedRoute, TimedStop
from services.dispatch.domain.route import Leg
from services.dispatch.domain.values import Point, Window

ENDLESS = timedelta(days=1)  # no shift lasts longer: a drive that does is no drive
DETOUR = 1.4  # roads against straight lines in a city; an assumption of ours
METERS_PER_SECOND = 7  # 25 km/h, a city's pace; an assumption of ours
EARTH_RADIUS_METERS = 6_371_009  # mean radius, IUGG


@dataclass(frozen=True, slots=True)
class _Drive:
    """Where the vehicle is, and when."""

    at: datetime
    place: Point


def has_no_way(timed: TimedRoute) -> bool:
    """Whether some leg of the route is endless."""
    return any(leg.travel_duration >= ENDLESS for leg in timed.legs)


def straightened(timed: TimedRoute, problem: Problem) -> TimedRoute:
    """The route with straight lines where there is no way, re-timed; its breaks are left out."""
    shift = problem.shift[timed.shift_id]
    here = _Drive(timed.start_time, _start(shift))
    stops, legs = [], []
    for stop, leg in zip(timed.stops, timed.legs, strict=False):
        legs.append(_leg(leg, here, stop.location))
        arrival = here.at + legs[-1].travel_duration
        windows = problem.task[stop.task_ids[0]].stop_task.windows
        stops.append(_moved(stop, arrival, windows))
        here = _Drive(stops[-1].departure_time, stop.location)
    legs.append(_leg(timed.legs[-1], here, shift.end_location))
    return replace(
        timed,
        stops=tuple(stops),
        legs=tuple(legs),
        breaks=(),
        end_time=here.at + legs[-1].travel_duration,
        distance_meters=sum(leg.distance_meters for leg in legs),
        driving_duration=sum((leg.travel_duration for leg in legs), timedelta()),
    )


def _start(shift: PlanShift) -> Point:
    return shift.under_way.location if shift.under_way else shift.start_location


def _leg(leg: Leg, here: _Drive, there: Point) -> Leg:
    if leg.travel_duration < ENDLESS:
        return replace(leg, departure_time=here.at)
    long = math.ceil(straight_meters(here.place, there) * DETOUR)
    return replace(
        leg,
        distance_meters=long,
        travel_duration=timedelta(seconds=-(-long // METERS_PER_SECOND)),
        departure_time=here.at,
        polyline="",
        straight_line=True,
    )


def _moved(stop: TimedStop, arrival: datetime, windows: Sequence[Window]) -> TimedStop:
    """The stop with another arrival; service waits for a window that is still to come."""
    opens = next((w.start_time for w in windows if arrival < w.end_time), arrival)
    begins = max(arrival, opens)
    served = stop.departure_time - stop.service_start_time
    return replace(
        stop, arrival_time=arrival, service_start_time=begins, departure_time=begins + served
    )


def straight_meters(a: Point, b: Point) -> float:
    """The great circle between two places, by the haversine formula."""
    one, other = math.radians(a.latitude), math.radians(b.latitude)
    east = math.radians(b.longitude - a.longitude)
    half = math.sin((other - one) / 2) ** 2
    half += math.cos(one) * math.cos(other) * math.sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_METERS * math.asin(math.sqrt(half))
