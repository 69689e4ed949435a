"""
Expected arrivals, re-timed from the plan by what happened so far. Pure.

Median: where the vehicle is now, the rest of its leg at the pace it has shown, then stop by stop
the planned legs, waits for windows, service times and breaks. Spread: legs and services vary on
their own, so their variances add up; the interval is the normal's 10th to 90th percentile.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.tracking.domain import geo
from services.tracking.domain.event import Eta, EtaBasis
from services.tracking.domain.progress import RunState
from services.tracking.domain.route import Leg, Route, Stop, Window
from services.tracking.domain.run import Run

Z_90 = 1.2815515655446004  # the standard normal's 90th percentile
LEG_SPREAD = 0.18  # standard deviation of a leg, as a share of its time
SERVICE_SPREAD = 0.35  # of a service
FLOOR_SECONDS = 30.0  # even the last meters vary
SILENCE_SPREAD = 0.5  # of the time since the last position: the longer unseen, the less is known
FRESH = timedelta(minutes=5)  # an older position is no basis
PACE_MIN, PACE_MAX = 0.7, 1.8
PACE_PRIOR_SECONDS = 1_800.0  # the plan's own pace weighs as much as half an hour of driving
OVERRUN_SHARE = 0.25  # a service that takes longer than planned: this much of it is still left
OVERRUN_SECONDS_MIN = 30.0
DETOUR = 1.3  # streets against the crow, in a city; used only off the plan
DIRECT_METERS_PER_SECOND = 6.0  # about 22 km/h, a city's mean with lights
NEAR_METERS = 1_000.0  # farther from its leg, the leg tells nothing about what is left

Slower = Callable[[geo.Point, datetime], float]  # how much weather slows at a place; 1 is as usual


@dataclass(slots=True)
class _Clock:
    """The walk along the rest of the route: moment, variance so far, meters and stops passed."""

    at: datetime
    variance: float
    meters: float = 0.0
    stops: int = 0

    def drive(self, seconds: float, meters: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.variance += (LEG_SPREAD * seconds) ** 2
        self.meters += meters

    def work(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.variance += (SERVICE_SPREAD * seconds) ** 2


def as_usual(_: geo.Point, __: datetime) -> float:
    """Weather that slows nobody."""
    return 1.0


def expect(run: Run, now: datetime, slower: Slower = as_usual) -> Iterator[Eta]:
    """The expected arrival at every stop that nobody has arrived at."""
    basis = _basis(run, now)
    pace = pace_of(run)
    walk = _begin(run, now, basis, pace)
    before = run.progress.at_stop or run.progress.last_stop
    for number, stop in enumerate(run.pending):
        rank = run.route.rank(stop.stop_id) or 0
        if number or not _under_way(run):
            slow = pace * slower(stop.location, walk.at)
            _travel(walk, run.route, before, stop, slow)
        yield _eta(run, stop, walk, now, basis)
        _serve(walk, run.route, stop, rank)
        before = stop.stop_id


def pace_of(run: Run) -> float:
    """How much longer this driver takes than planned, held back until there is evidence."""
    driven = run.progress.driven_seconds + PACE_PRIOR_SECONDS
    planned = run.progress.planned_seconds + PACE_PRIOR_SECONDS
    return min(PACE_MAX, max(PACE_MIN, driven / planned))


def _basis(run: Run, now: datetime) -> EtaBasis:
    progress = run.progress
    if run.route.carrier_id and progress.fix is None:
        return EtaBasis.CARRIER if progress.started_at else EtaBasis.PLAN
    fresh = progress.fix is not None and now - progress.fix.at <= FRESH
    return EtaBasis.LIVE if progress.started_at and fresh else EtaBasis.PLAN


def _under_way(run: Run) -> bool:
    """Driving, so that part of the first leg is done already."""
    active = run.progress.state is RunState.ACTIVE
    return active and not run.progress.at_stop


def _begin(run: Run, now: datetime, basis: EtaBasis, pace: float) -> _Clock:
    progress = run.progress
    if progress.started_at is None:
        return _Clock(max(now, run.route.start_time), FLOOR_SECONDS**2)
    walk = _Clock(now, FLOOR_SECONDS**2 + _silence(run, now) ** 2)
    if progress.at_stop:
        walk.work(_service_left(run, now))
        walk.stops = 1
    elif run.pending:
        _rest_of_leg(run, walk, run.pending[0], basis, pace)
    return walk


def _silence(run: Run, now: datetime) -> float:
    fix = run.progress.fix
    unseen = (now - fix.at).total_seconds() if fix else 0.0
    return SILENCE_SPREAD * max(0.0, unseen - FLOOR_SECONDS)


def _service_left(run: Run, now: datetime) -> float:
    """At a stop: the rest of its planned service, and never nothing."""
    stop, visit = run.route.stop(run.progress.at_stop), run.progress.visit(run.progress.at_stop)
    planned = float(stop.service_seconds) if stop else 0.0
    begun = visit.service_started_at or visit.arrived_at or now
    if stop and not visit.service_started_at:
        begun = max(begun, _opening(stop, begun))
    left = planned - (now - begun).total_seconds()
    return max(left, OVERRUN_SHARE * planned, OVERRUN_SECONDS_MIN)


def _rest_of_leg(run: Run, walk: _Clock, stop: Stop, basis: EtaBasis, pace: float) -> None:
    leg = run.route.leg_between(run.progress.last_stop, stop.stop_id)
    fix = run.progress.fix
    rested = _rest_before(run.route, stop, walk.at)
    left_at = (run.progress.left_at or walk.at) + timedelta(seconds=rested)
    since = (walk.at - left_at).total_seconds()
    walk.at += timedelta(seconds=_rest_before(run.route, stop, stop.arrival) - rested)
    if basis is EtaBasis.LIVE and fix is not None:
        seconds, meters = _ahead(leg, fix.point, stop.location)
        walk.drive(seconds * pace, meters)
        return
    planned = leg or _straight(run.route, run.progress.last_stop, stop)
    walk.drive(max(planned.seconds * pace - since, OVERRUN_SECONDS_MIN), planned.meters)


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


def _travel(walk: _Clock, route: Route, before: str, stop: Stop, slow: float) -> None:
    leg = route.leg_between(before, stop.stop_id) or _straight(route, before, stop)
    walk.drive(leg.seconds * slow, leg.meters)
    walk.at += timedelta(seconds=_rest_before(route, stop, stop.arrival))


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


def _serve(walk: _Clock, route: Route, stop: Stop, rank: int) -> None:
    ours = (one for one in route.pauses if one.before_rank == rank and one.start >= stop.arrival)
    pause = timedelta(seconds=sum(one.seconds for one in ours))  # after the wheels have stopped
    walk.at = max(walk.at + pause, _opening(stop, walk.at))
    walk.work(stop.service_seconds)
    walk.stops += 1


def _opening(stop: Stop, at: datetime) -> datetime:
    """When service may start for one who comes at a moment: the latest opening of its tasks."""
    return max((_opens(task.windows, at) for task in stop.tasks), default=at)


def _opens(windows: tuple[Window, ...], at: datetime) -> datetime:
    ordered = sorted(windows, key=lambda window: window.start)
    return next((max(at, window.start) for window in ordered if at < window.end), at)


def _eta(run: Run, stop: Stop, walk: _Clock, now: datetime, basis: EtaBasis) -> Eta:
    spread = timedelta(seconds=Z_90 * math.sqrt(walk.variance))
    opening = _opening(stop, walk.at)
    fix = run.progress.fix
    return Eta(
        route_id=run.route.route_id,
        stop_id=stop.stop_id,
        p10=max(now, walk.at - spread),
        p50=walk.at,
        p90=walk.at + spread,
        basis=basis,
        computed_at=now,
        planned_at=stop.arrival,
        remaining_stops=walk.stops,
        remaining_meters=round(walk.meters),
        fix_at=fix.at if fix else None,
        service_seconds=stop.service_seconds + round((opening - walk.at).total_seconds()),
    )
