"""
When the plan's own times are no basis any more, and what the planner says instead. Pure.

A published route carries the seconds of its legs, so most ticks ask nobody. The planner is asked
again for a route that was revised, whose vehicle is off its way, or that has come so far from its
plan that other traffic meets it; once for each of these, not with every tick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.tracking.domain.geo import Point, decode, project
from services.tracking.domain.progress import FreshLeg, RunState
from services.tracking.domain.route import Leg
from services.tracking.domain.run import Run
from services.tracking.domain.serving import hand_of
from services.tracking.domain.words import VehicleKind

OFF_METERS = 300.0  # from the way, accuracy included: the next street, not the other side
SLICE = timedelta(hours=1)  # so far from the plan, traffic is another one
AGAIN = timedelta(minutes=5)  # off its way, a vehicle is asked about no more often


@dataclass(frozen=True, slots=True)
class Halt:
    """A stop ahead, as far as its time depends on it."""

    stop_id: str
    point: Point
    service_seconds: int


@dataclass(frozen=True, slots=True)
class Wish:
    """A route that is to be timed anew, from where its vehicle is."""

    key: str  # why, so that nothing is asked twice
    route_id: str
    revision: int
    at: datetime
    start: Point
    from_stop_id: str
    halts: tuple[Halt, ...]
    vehicle_id: str
    kind: VehicleKind
    end: Point | None = None


def asked(run: Run, now: datetime) -> Wish | None:
    """What is to be asked about a route; None when the times at hand hold, as they may again."""
    wish = _wish(run, now)
    if wish is None and run.progress.untimed:
        run.progress = replace(run.progress, untimed=False)
    return wish


def _wish(run: Run, now: datetime) -> Wish | None:
    start = _start(run)
    if run.progress.state is not RunState.ACTIVE or not run.pending or start is None:
        return None
    key = _reason(run, now)
    if not key or key == run.progress.retimed_for:
        return None
    hand = hand_of(run, run.progress.services)
    halts = (Halt(s.stop_id, s.location, round(hand.of(s).mean)) for s in run.pending)
    return Wish(
        key=key,
        route_id=run.route.route_id,
        revision=run.route.revision,
        at=now,
        start=start,
        from_stop_id=run.progress.at_stop or run.progress.last_stop,
        halts=tuple(halts),
        vehicle_id=run.route.vehicle.vehicle_id,
        kind=run.route.vehicle.kind,
        end=run.route.end,
    )


def retime(run: Run, wish: Wish, legs: Mapping[str, Leg]) -> None:
    """Goes by the planner's legs, each named by the stop that it leads to, unless they are late."""
    if run.route.revision != wish.revision:
        return
    before, fresh = wish.from_stop_id, dict[str, FreshLeg]()
    for halt in wish.halts:
        if halt.stop_id in legs:
            fresh[halt.stop_id] = FreshLeg(before, legs[halt.stop_id], wish.revision, wish.at)
        before = halt.stop_id
    run.progress = replace(run.progress, retimed=fresh, retimed_for=wish.key, untimed=False)


def miss(run: Run, wish: Wish) -> None:
    """The planner did not answer: expectations rest on the plan, and say so."""
    if run.route.revision == wish.revision:
        run.progress = replace(run.progress, untimed=True)


def _start(run: Run) -> Point | None:
    stop = run.route.stop(run.progress.at_stop)
    fix = run.progress.fix
    return stop.location if stop else (fix.point if fix else None)


def _reason(run: Run, now: datetime) -> str:
    """Revision, hours away from the plan, and where it left its way; empty for the plan itself."""
    late = now - _planned(run, now)
    hours = round(late / SLICE)
    off = _off(run, now)
    if run.route.revision == 1 and not hours and not off:
        return ""
    return f"{run.route.revision}.{hours}.{off}"


def _planned(run: Run, now: datetime) -> datetime:
    """When the vehicle should have been where it is, by the plan."""
    stop = run.route.stop(run.progress.at_stop or run.progress.last_stop)
    if stop is None:
        left = run.progress.started_at or now
        return run.route.start_time + (now - left)
    if run.progress.at_stop:
        return min(max(now, stop.arrival), stop.departure)
    return stop.departure + (now - (run.progress.left_at or now))


def _off(run: Run, now: datetime) -> str:
    """The stop it is on the way to by another way, and about when; empty on its way."""
    fix, stop = run.progress.fix, run.pending[0]
    if fix is None or run.progress.at_stop:
        return ""
    fresh = run.progress.retimed.get(stop.stop_id)
    leg = fresh.leg if fresh else run.route.leg_between(run.progress.last_stop, stop.stop_id)
    if leg is None or not leg.polyline:
        return ""
    away = project(decode(leg.polyline), fix.point).off_meters
    if away <= OFF_METERS + fix.accuracy_meters:
        return ""
    return f"{stop.stop_id}@{int(now.timestamp() // AGAIN.total_seconds())}"
