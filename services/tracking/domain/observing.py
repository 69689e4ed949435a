"""
What fixes say about a route under way: start, arrivals, departures, return, idling. Pure.

A fix never closes a task, and an arrival seen by a fence alone stays a proposal until the driver's
hand, a scan or a proof confirms it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from services.tracking.domain import geofence, halt, track
from services.tracking.domain.event import IdlingEnded
from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point, meters
from services.tracking.domain.passing import Boxed, at_hand, passed
from services.tracking.domain.progress import Idle
from services.tracking.domain.run import Run
from services.tracking.domain.words import Ignition, Source

DEPOT_METERS = 150.0  # a yard is wider than a doorstep
AWAY_FIXES = 2
EARLY_START = timedelta(hours=2)  # before it, leaving the depot is another trip
HOME_DWELL = timedelta(seconds=60)
MOVED_METERS = 60.0  # less is noise, or a manoeuvre
IDLE_SECONDS_MIN = 60  # the shortest limit known: New York beside a school, nyc311 KA-02222
STANDING_CENTIMETERS_PER_SECOND = 50


def observe(run: Run, fix: Fix) -> None:
    """Takes in the next fix of the vehicle's device."""
    progress = run.progress
    run.progress = replace(
        progress,
        epoch=fix.epoch,
        sequence=fix.sequence,
        track=track.extend(progress.track, fix),
        fix=_later(progress.fix, fix),
    )
    if progress.fix is not None and fix.at <= progress.fix.at:
        return  # from a buffer: it is counted, but the vehicle is elsewhere by now
    samples = halt.extended(progress.samples, fix)
    fresh = samples is not progress.samples
    run.progress = replace(run.progress, samples=samples)
    _motion(run, fix, progress.fix)
    _idling(run, fix)
    if progress.started_at is None:
        _start(run, fix)
    elif progress.ended_at is None:
        if fresh:
            _fences(run)
        _home(run, fix)


def _later(known: Fix | None, fix: Fix) -> Fix:
    return fix if known is None or fix.at > known.at else known


def _motion(run: Run, fix: Fix, before: Fix | None) -> None:
    """Two fixes in a row are needed: one alone may be an outlier of a vehicle that stands."""
    anchor = run.progress.anchor
    if anchor is None or all(_beyond(anchor, one) for one in (fix, before) if one is not None):
        run.progress = replace(run.progress, anchor=fix.point, moved_at=fix.at)


def _beyond(anchor: Point, fix: Fix) -> bool:
    return meters(anchor, fix.point) > MOVED_METERS + fix.accuracy_meters


def _idling(run: Run, fix: Fix) -> None:
    idle = run.progress.idle
    standing = (fix.speed_centimeters_per_second or 0) <= STANDING_CENTIMETERS_PER_SECOND
    if fix.ignition is Ignition.ON and standing:
        if idle is None:
            idle = Idle(fix.at, fix.point)
        needed = idle.auxiliary_needed or fix.auxiliary_needed
        run.progress = replace(run.progress, idle=replace(idle, auxiliary_needed=needed))
    elif idle is not None and (fix.ignition is not Ignition.UNSPECIFIED or not standing):
        run.progress = replace(run.progress, idle=None)
        _told_idling(run, idle, fix)


def _told_idling(run: Run, idle: Idle, fix: Fix) -> None:
    seconds = round((fix.at - idle.since).total_seconds())
    if seconds >= IDLE_SECONDS_MIN:
        run.events.append(
            IdlingEnded(
                run.crew, idle.since, seconds, idle.at, idle.auxiliary_needed, run.route.vehicle
            )
        )


def _start(run: Run, fix: Fix) -> None:
    depot = run.route.start
    if depot is None or fix.at < run.route.start_time - EARLY_START:
        return
    if meters(depot, fix.point) <= DEPOT_METERS:
        standing = (fix.speed_centimeters_per_second or 0) <= STANDING_CENTIMETERS_PER_SECOND
        left_at = fix.at if standing else run.progress.left_at
        run.progress = replace(run.progress, seen_depot=True, away_fixes=0, left_at=left_at)
    elif run.progress.seen_depot:
        away = run.progress.away_fixes + 1
        run.progress = replace(run.progress, away_fixes=away)
        if away >= AWAY_FIXES:
            run.start(run.progress.left_at or fix.at)


def guard(run: Run, fences: Iterable[Boxed]) -> None:
    """What the last fix says about tenants' own geofences."""
    progress = run.progress
    near = at_hand(progress.passing, progress.samples, fences)
    passing, told = passed(progress.passing, progress.samples, near, run.crew)
    run.progress = replace(progress, passing=passing)
    run.events += told


def _fences(run: Run) -> None:
    progress = run.progress
    watch = geofence.Watch(
        run.pending,
        confirmed=bool(progress.at_stop),
        served_at=run.served_at,
        left_at=progress.left_at,
        before=progress.stood,
    )
    presence, proposal = geofence.follow(progress.presence, progress.samples, watch)
    gone = progress.presence if proposal is not None and not proposal.arrived else None
    stood = gone.anchor if gone is not None else progress.stood
    run.progress = replace(progress, presence=presence, stood=stood)
    if proposal is not None:
        _take(run, proposal)


def _take(run: Run, proposal: geofence.Proposal) -> None:
    confirmed = run.progress.visit(proposal.stop_id).arrived_at is not None
    if proposal.arrived:
        run.propose(proposal.stop_id, proposal.at)
    elif confirmed:
        run.depart(proposal.stop_id, proposal.at, Source.GEOFENCE)
    else:
        run.propose(proposal.stop_id, None)  # nobody said that it was there: it drove on


def _home(run: Run, fix: Fix) -> None:
    """Back at the depot with nothing left to do, for long enough to be no red light."""
    depot = run.route.end
    inside = depot is not None and meters(depot, fix.point) <= DEPOT_METERS
    if not inside or run.open_tasks or run.progress.at_stop:
        run.progress = replace(run.progress, home_since=None)
        return
    since = run.progress.home_since or fix.at
    run.progress = replace(run.progress, home_since=since)
    if fix.at - since >= HOME_DWELL:
        run.end(since)
