"""
What a vehicle does against its plan: off its way, detours, long stays, stops left too early. Pure.

The way is judged by the middle of the last minute of fixes, so that no fix alone and no receiver
that strays raises anything; what was raised stays until the vehicle is clearly back. All times are
those of the fixes, never a timer's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median

from services.tracking.domain import predicting
from services.tracking.domain.geo import decode, meters, project
from services.tracking.domain.halt import Sample
from services.tracking.domain.incident import Alarm, IncidentType
from services.tracking.domain.progress import Visit
from services.tracking.domain.retiming import OFF_METERS
from services.tracking.domain.route import Stop, Task
from services.tracking.domain.run import Run
from services.tracking.domain.words import Outcome

LOOK_BACK = timedelta(seconds=90)
SEEN_FIXES, SEEN_FOR = 5, timedelta(seconds=30)  # of five fixes two may stray
SEEN_FIXES_SLOW, SEEN_FOR_SLOW = 3, timedelta(seconds=60)  # of a device that sends twice a minute
BACK = 0.5  # of what raised it: nearer than this a vehicle is back
DETOUR_METERS = 1_000.0  # beyond the length of the whole way
LONG_DWELL = timedelta(minutes=20)  # beyond the planned service
REPORTED_WITHIN = timedelta(minutes=5)  # an outcome that is told from a buffer is not missing


def found(run: Run, now: datetime) -> Iterator[Alarm]:
    """All that deviates at a moment; what is no longer found is over."""
    if run.progress.started_at is None or run.progress.ended_at is not None:
        return
    yield from _off_way(run)
    yield from _long_dwell(run)
    yield from _early(run, now)


def _off_way(run: Run) -> Iterator[Alarm]:
    samples, pending = _recent(run), run.pending
    if not samples or not pending or run.progress.at_stop or run.progress.presence:
        return
    leg = run.route.leg_between(run.progress.last_stop, pending[0].stop_id)
    if leg is None:
        return
    line = decode(leg.polyline) if leg.polyline else ()
    if line:
        off = median(project(line, one.point).off_meters - one.spread for one in samples)
        if off > OFF_METERS * _patience(run, IncidentType.OFF_ROUTE):
            words = f"{off:.0f} m off the planned way"
            yield _alarm(run, IncidentType.OFF_ROUTE, words, samples)
    away = median(meters(one.point, pending[0].location) for one in samples) - leg.meters
    if away > DETOUR_METERS * _patience(run, IncidentType.DETOUR):
        words = f"{away:.0f} m farther from the next stop than the whole way is long"
        yield _alarm(run, IncidentType.DETOUR, words, samples)


def _recent(run: Run) -> Sequence[Sample]:
    """The last minute of fixes since the last stop; none when they are too few to tell."""
    known, left_at = run.progress.samples, run.progress.left_at
    if not known or left_at is None:
        return ()
    since = max(left_at, known[-1].at - LOOK_BACK)
    recent = [one for one in known if one.at >= since]
    seen = recent[-1].at - recent[0].at if recent else timedelta()
    enough = len(recent) >= SEEN_FIXES and seen >= SEEN_FOR
    slow = len(recent) >= SEEN_FIXES_SLOW and seen >= SEEN_FOR_SLOW
    return recent if enough or slow else ()


def _patience(run: Run, kind: IncidentType) -> float:
    """What was raised stays until the vehicle is clearly back: nothing flaps at a threshold."""
    return BACK if f"{kind}.{run.route.route_id}" in run.progress.alarms else 1.0


def _alarm(run: Run, kind: IncidentType, words: str, samples: Sequence[Sample]) -> Alarm:
    about = predicting.about(run)
    key = f"{kind}.{run.route.route_id}"
    at, place = samples[0].at, samples[-1].point
    return Alarm(kind, about, words, at, dedupe_key=key, location=place)


def _long_dwell(run: Run) -> Iterator[Alarm]:
    stop, fix = run.route.stop(run.progress.at_stop), run.progress.fix
    if stop is None or fix is None:
        return
    arrived = run.progress.visit(stop.stop_id).arrived_at
    rank = run.route.rank(stop.stop_id) or 0
    paused = sum(one.seconds for one in run.route.pauses if one.before_rank in (rank, rank + 1))
    usual = timedelta(seconds=stop.service_seconds + paused)
    if arrived is not None and fix.at - max(arrived, _opens(stop) or arrived) >= usual + LONG_DWELL:
        stood = (fix.at - arrived).total_seconds() // 60
        words = (
            f"{stood:.0f} min at a stop that was planned to take {usual.total_seconds() / 60:.0f}"
        )
        yield _at_stop(run, IncidentType.LONG_DWELL, stop, words, arrived)


def _opens(stop: Stop) -> datetime | None:
    """When the last of its windows opens: who waits for it is not slow."""
    return max((_starts(task) for task in stop.tasks if task.windows), default=None)


def _starts(task: Task) -> datetime:
    return min(window.start for window in task.windows)


def _early(run: Run, now: datetime) -> Iterator[Alarm]:
    for stop in run.route.stops:
        visit = run.progress.visit(stop.stop_id)
        if visit.departed_at is not None and now - visit.departed_at >= REPORTED_WITHIN:
            yield from _left_early(run, stop, visit, visit.departed_at)


def _left_early(run: Run, stop: Stop, visit: Visit, left_at: datetime) -> Iterator[Alarm]:
    notes = run.progress.notes
    undone = [task for task in stop.tasks if task.task_id not in notes]
    missed = [
        task
        for task in stop.tasks
        if task.windows
        and left_at < _starts(task)
        and (task in undone or notes[task.task_id].outcome is Outcome.FAILED)
    ]
    if missed:
        words = "left before the window opened"
        yield _at_stop(run, IncidentType.EARLY_DEPARTURE, stop, words, left_at)
    elif undone and visit.arrived_at is not None:
        words = f"left with {len(undone)} of {len(stop.tasks)} tasks undone"
        yield _at_stop(run, IncidentType.EARLY_DEPARTURE, stop, words, left_at)


def _at_stop(run: Run, kind: IncidentType, stop: Stop, words: str, at: datetime) -> Alarm:
    about = replace(predicting.about(run), stop_id=stop.stop_id)
    key = f"{kind}.{run.route.route_id}.{stop.stop_id}"
    return Alarm(kind, about, words, at, dedupe_key=key, location=stop.location)
