"""
What is left to drive: the rest of a leg, the legs after it, and breaks on the way. Pure.

A leg is the planner's of just now where it was asked, else the plan's, else a straight line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.tracking.domain import geo
from services.tracking.domain.fix import Fix
from services.tracking.domain.pace import LEG_SPREAD, Pace
from services.tracking.domain.route import Leg, Route, Stop
from services.tracking.domain.run import Run
from services.tracking.domain.walk import Walk

LEFT_SECONDS_MIN = 30.0  # of a leg that takes longer than planned: this much of it is still left
DETOUR = 1.3  # streets against the crow, in a city; used only off the plan
DIRECT_METERS_PER_SECOND = 6.0  # about 22 km/h, a city's mean with lights
NEAR_METERS = 1_000.0  # farther from its leg, the leg tells nothing about what is left

Slower = Callable[[geo.Point, datetime], float]  # how much weather slows at a place; 1 is as usual


def as_usual(_: geo.Point, __: datetime) -> float:
    """Weather that slows nobody."""
    return 1.0


@dataclass(frozen=True, slots=True)
class Wheels:
    """How much longer legs take, how sure that is, and how much one leg differs from another."""

    slow: float = 1.0
    doubt: float = 0.0  # standard deviation of `slow`, as a share
    spread: float = LEG_SPREAD

    def drive(self, walk: Walk, seconds: float, meters: float, slower: float = 1.0) -> None:
        """A leg that was planned to take so long."""
        taken = seconds * self.slow * slower
        walk.drive(taken, meters, self.spread * taken, self.doubt * taken)


def wheels_of(run: Run, pace: Pace) -> Wheels:
    """How this route drives today."""
    return Wheels(*pace.of(run), pace.leg_spread)


def arrive(walk: Walk, run: Run, stop: Stop, wheels: Wheels, fix: Fix | None) -> None:
    """The rest of a leg that is being driven; without a position, what the plan leaves of it."""
    leg = _leg(run, run.progress.last_stop, stop)
    rested = _rest_before(run.route, stop, walk.at)
    fresh = run.progress.retimed.get(stop.stop_id)
    begun = fresh.since if fresh and fresh.leg is leg else run.progress.left_at or walk.at
    left_at = begun + timedelta(seconds=rested)
    since = (walk.at - left_at).total_seconds()
    walk.rest(_rest_before(run.route, stop, stop.arrival) - rested)
    if fix is not None:
        seconds, meters = _ahead(leg, fix.point, stop.location)
        wheels.drive(walk, seconds, meters)
        return
    planned = leg or _straight(run.route, run.progress.last_stop, stop)
    left = max(planned.seconds - since / wheels.slow, LEFT_SECONDS_MIN / wheels.slow)
    wheels.drive(walk, left, planned.meters)


def travel(walk: Walk, run: Run, before: str, stop: Stop, wheels: Wheels, slower: float) -> None:
    """A whole leg; the weather makes it so many times slower."""
    leg = _leg(run, before, stop) or _straight(run.route, before, stop)
    wheels.drive(walk, leg.seconds, leg.meters, slower)
    walk.rest(_rest_before(run.route, stop, stop.arrival))


def linger(walk: Walk, now: datetime, wheels: Wheels, slower: float) -> None:
    """Weather on the leg that is being driven already."""
    more = (walk.at - now).total_seconds() * (slower - 1)
    walk.drive(more, 0.0, wheels.spread * more, 0.0)


def _leg(run: Run, before: str, stop: Stop) -> Leg | None:
    """The way from a stop to another; None when nobody has planned it."""
    fresh = run.progress.retimed.get(stop.stop_id)
    ours = fresh is not None and fresh.revision == run.route.revision
    if ours and fresh is not None and fresh.from_stop_id == before:
        return fresh.leg
    return run.route.leg_between(before, stop.stop_id)


def _ahead(leg: Leg | None, here: geo.Point, there: geo.Point) -> tuple[float, float]:
    """Seconds and meters from a point of a leg to its end."""
    direct = geo.meters(here, there) * DETOUR
    if leg is None or leg.meters == 0:
        return direct / DIRECT_METERS_PER_SECOND, direct
    line = geo.decode(leg.polyline) if leg.polyline else ()
    place = geo.project(line, here)
    ahead = place.ahead_meters if place.off_meters <= NEAR_METERS else direct
    speed = leg.meters / max(1, leg.seconds)
    return ahead / speed, ahead


def _rest_before(route: Route, stop: Stop, until: datetime) -> float:
    """Seconds of the breaks on the way to a stop that are planned before a moment."""
    rank = route.rank(stop.stop_id)
    ours = (one for one in route.pauses if one.before_rank == rank and one.start < stop.arrival)
    return sum(min(one.seconds, max(0.0, (until - one.start).total_seconds())) for one in ours)


def _straight(route: Route, before: str, stop: Stop) -> Leg:
    """A leg that no plan has, because stops between were skipped or done out of order."""
    last = route.stop(before)
    origin = last.location if last else route.start
    meters = geo.meters(origin, stop.location) * DETOUR if origin else 0.0
    return Leg(round(meters), round(meters / DIRECT_METERS_PER_SECOND))
