"""
Expected arrivals, re-timed from the plan by what happened so far. Pure.

Where the vehicle is now, the rest of its leg at the pace it has shown, then stop by stop the legs,
waits for windows, services and breaks: `domain.walk` carries the doubt along. A service takes what
was learned of such stops, else what the plan says. How wide an interval must be is learned, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.tracking.domain import driving, serving
from services.tracking.domain.calibration import Calibration
from services.tracking.domain.driving import Slower, as_usual
from services.tracking.domain.event import Eta, EtaBasis
from services.tracking.domain.pace import Pace
from services.tracking.domain.progress import RunState
from services.tracking.domain.route import Stop
from services.tracking.domain.run import Run
from services.tracking.domain.service_time import Service
from services.tracking.domain.walk import Walk

FLOOR_SECONDS = 30.0  # even the last meters vary
SILENCE_SPREAD = 0.5  # of the time since the last position: the longer unseen, the less is known
FRESH = timedelta(minutes=5)  # an older position is no basis


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known beside the route: weather, services and pace as learned, honest widths."""

    slower: Slower = as_usual
    services: Mapping[str, Service] = field(default_factory=dict)  # by stop
    calibration: Calibration = field(default_factory=Calibration)
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look at a route goes by."""

    run: Run
    now: datetime
    known: Outlook
    basis: EtaBasis
    wheels: driving.Wheels
    hand: serving.Hand


def expect(run: Run, now: datetime, outlook: Outlook | None = None) -> Iterator[Eta]:
    """The expected arrival at every stop that nobody has arrived at."""
    known = outlook or Outlook()
    wheels, hand = driving.wheels_of(run, known.pace), serving.hand_of(run, known.services)
    look = _Look(run, now, known, _basis(run, now), wheels, hand)
    walk = _begin(look) if run.progress.started_at else _leave(look)
    before = run.progress.at_stop or run.progress.last_stop
    for number, stop in enumerate(run.pending):
        slower = known.slower(stop.location, walk.at)
        if number or not _under_way(run):
            driving.travel(walk, run, before, stop, wheels, slower)
        elif slower > 1:
            driving.linger(walk, now, wheels, slower)
        yield _eta(look, stop, walk, slowed=slower > 1)
        serving.serve(walk, run.route, stop, hand)
        before = stop.stop_id


def _basis(run: Run, now: datetime) -> EtaBasis:
    progress = run.progress
    if run.route.carrier_id and progress.fix is None:
        return EtaBasis.CARRIER if progress.started_at else EtaBasis.PLAN
    fresh = progress.fix is not None and now - progress.fix.at <= FRESH
    known = progress.started_at and fresh and not progress.untimed
    return EtaBasis.LIVE if known else EtaBasis.PLAN


def _under_way(run: Run) -> bool:
    """Driving, so that part of the first leg is done already."""
    active = run.progress.state is RunState.ACTIVE
    return active and not run.progress.at_stop


def _begin(look: _Look) -> Walk:
    run, now, progress = look.run, look.now, look.run.progress
    walk = Walk(now, FLOOR_SECONDS**2 + _silence(run, now) ** 2)
    if progress.at_stop:
        serving.finish(walk, run, now, look.hand)
        walk.stops = 1
    elif run.pending:
        fix = progress.fix if look.basis is EtaBasis.LIVE else None
        driving.arrive(walk, run, run.pending[0], look.wheels, fix)
    return walk


def _leave(look: _Look) -> Walk:
    """At the depot; the later it is, the more is still as long as it usually takes to leave."""
    pace = look.known.pace
    late = timedelta(seconds=max(0.0, pace.gate_seconds))
    at = max(look.now, look.run.route.start_time) + late
    return Walk(at, FLOOR_SECONDS**2 + pace.gate_spread**2)


def _silence(run: Run, now: datetime) -> float:
    fix = run.progress.fix
    unseen = (now - fix.at).total_seconds() if fix else 0.0
    return SILENCE_SPREAD * max(0.0, unseen - FLOOR_SECONDS)


def _eta(look: _Look, stop: Stop, walk: Walk, *, slowed: bool) -> Eta:
    raw, fix, now = walk.raw(), look.run.progress.fix, look.now
    p10, p50, p90 = look.known.calibration.bent(raw, now)
    waits = max(timedelta(), stop.opening(p50) - p50)
    service = look.hand.of(stop)
    return Eta(
        route_id=look.run.route.route_id,
        stop_id=stop.stop_id,
        p10=max(now, p10),
        p50=max(now, p50),
        p90=max(now, p90),
        basis=look.basis,
        computed_at=now,
        planned_at=stop.arrival,
        remaining_stops=walk.stops,
        remaining_meters=round(walk.meters),
        fix_at=fix.at if fix else None,
        service_seconds=round(service.mean + waits.total_seconds()),
        service_spread=round(service.variance**0.5),
        failure=service.failure,
        slowed=slowed,
        revision=look.run.route.revision,
        raw=raw,
    )
