"""
What is left to serve: the stop at hand, and those ahead. Pure.

A stop takes what was learned of such stops, times how slow this crew has been today; one of which
nothing was learned takes what the plan says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.tracking.domain.progress import Visit
from services.tracking.domain.route import Route, Stop
from services.tracking.domain.run import Run
from services.tracking.domain.service_time import Service
from services.tracking.domain.walk import Walk

SERVICE_SPREAD = 0.35  # standard deviation of a service of which nothing was learned, as a share
CLIP = 2.5  # standard deviations: a stop farther out says no more about the next ones
OVERRUN_SHARE = 0.25  # a service that takes longer than planned: this much of it is still left
OVERRUN_SECONDS_MIN = 30.0


@dataclass(frozen=True, slots=True)
class Work:
    """A service as the walk takes it: mean, variance, third central moment, and what is common."""

    mean: float
    variance: float
    third: float = 0.0
    common: float = 0.0  # standard deviation that all stops of the crew's day have in common
    failure: float | None = None


@dataclass(frozen=True, slots=True)
class Hand:
    """Services as learned, and how much longer than that today's crew takes."""

    services: Mapping[str, Service]
    slow: float = 1.0
    doubt: float = 0.0  # variance of its logarithm

    def service(self, stop: Stop) -> Service | None:
        """What was learned of a stop, by this crew."""
        known = self.services.get(stop.stop_id)
        return known.slowed(self.slow) if known else None

    def of(self, stop: Stop) -> Work:
        """A whole service."""
        known = self.service(stop)
        if known is None:
            return Work(stop.service_seconds, (SERVICE_SPREAD * stop.service_seconds) ** 2)
        mean, variance, third = known.moments
        return Work(mean, variance, third, math.sqrt(self.doubt) * mean, known.failure)

    def left(self, stop: Stop, elapsed: float) -> Work:
        """What is left of one, and never nothing."""
        known = self.service(stop)
        if known is not None:
            mean, variance, third = known.left(elapsed)
            return Work(max(mean, OVERRUN_SECONDS_MIN / 2), variance, third)
        planned = float(stop.service_seconds)
        left = max(planned - elapsed, OVERRUN_SHARE * planned, OVERRUN_SECONDS_MIN)
        return Work(left, (SERVICE_SPREAD * left) ** 2)


def hand_of(run: Run, services: Mapping[str, Service]) -> Hand:
    """How this crew works today, held back by as much as days usually are alike."""
    shared = max((one.shared for one in services.values()), default=0.0)
    if not shared:
        return Hand(services)
    found, weight = 0.0, 1 / shared
    for service, seconds in _done(run, services):
        off = math.log(max(seconds, 1.0) / service.median_seconds) / service.spread
        found += min(CLIP, max(-CLIP, off)) / service.spread
        weight += 1 / service.spread**2
    return Hand(services, math.exp(found / weight), 1 / weight)


def finish(walk: Walk, run: Run, now: datetime, hand: Hand) -> None:
    """The rest of the service at hand."""
    stop, visit = run.route.stop(run.progress.at_stop), run.progress.visit(run.progress.at_stop)
    if stop is None:  # a revision took it off the route while it was served
        walk.work(OVERRUN_SECONDS_MIN, OVERRUN_SECONDS_MIN**2)
        return
    begun = visit.service_started_at or stop.opening(visit.arrived_at or now)
    work = hand.left(stop, (now - begun).total_seconds())
    walk.work(work.mean, work.variance, work.third, work.common)


def serve(walk: Walk, route: Route, stop: Stop, hand: Hand) -> None:
    """A break at the door, the wait for a window, and the service."""
    rank = route.rank(stop.stop_id)
    ours = (one for one in route.pauses if one.before_rank == rank and one.start >= stop.arrival)
    came = walk.at
    walk.rest(sum(one.seconds for one in ours))  # after the wheels have stopped
    opening = stop.opens(came)
    if opening is not None:
        walk.wait(opening)
    work = hand.of(stop)
    walk.work(work.mean, work.variance, work.third, work.common)
    walk.stops += 1


def _done(run: Run, services: Mapping[str, Service]) -> Iterator[tuple[Service, float]]:
    """Stops served today, with the seconds that they took."""
    for visit in run.progress.visits.values():
        service = services.get(visit.stop_id) if visit.departed_at else None
        stop = run.route.stop(visit.stop_id) if service else None
        seconds = seconds_of(stop, visit) if stop else None
        if service is not None and seconds is not None:
            yield service, seconds


def seconds_of(stop: Stop, visit: Visit) -> float | None:
    """How long a stop was served, without the wait for its window; None while it is not over."""
    if visit.arrived_at is None or visit.departed_at is None:
        return None
    return max(0.0, (visit.departed_at - stop.opening(visit.arrived_at)).total_seconds())
