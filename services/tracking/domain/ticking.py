"""
What a tick finds out about a route: expectations, risks, vehicles that stand or are silent. Pure.

Everything here is a function of progress and the moment, so a tick that was missed is made up for
by the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from services.tracking.domain import deviation, predicting, telling
from services.tracking.domain import eta as etas
from services.tracking.domain import risk as risks
from services.tracking.domain.calibration import FARTHEST, HORIZON_MINUTES, Mark, rank
from services.tracking.domain.event import Eta, Risk, RiskChanged, RiskLevel
from services.tracking.domain.heard import StopNear
from services.tracking.domain.incident import Alarm, AllClear, IncidentType
from services.tracking.domain.progress import RunState
from services.tracking.domain.run import Run
from services.tracking.domain.thresholds import Thresholds


def tick(
    run: Run, now: datetime, limits: Thresholds, outlook: etas.Outlook | None = None
) -> tuple[tuple[Eta, ...], tuple[Risk, ...]]:
    """Renews what is expected, tells what changed enough, raises and clears alarms."""
    if run.progress.state not in (RunState.PUBLISHED, RunState.ACTIVE) or run.progress.ended_at:
        _clear(run, now, ())
        return (), ()
    expected = tuple(etas.expect(run, now, outlook))
    for one in expected:
        _mark(run, one)
        telling.tell(run, one, limits)
        _tell_near(run, one, limits)
    assessed = tuple(risk for one in expected for risk in risks.assess(run.route, one))
    for risk in assessed:
        _tell_risk(run, risk)
    _clear(run, now, tuple(_raise(run, now, limits, expected)))
    return expected, assessed


def _mark(run: Run, eta: Eta) -> None:
    """What was expected when a stop came within a horizon: kept until its arrival judges it."""
    ahead = eta.p50 - eta.computed_at
    horizon = HORIZON_MINUTES[rank(ahead)]
    marks = run.progress.marks.get(eta.stop_id, ())
    if eta.raw is None or ahead > FARTHEST or any(m.horizon_minutes <= horizon for m in marks):
        return
    mark = Mark(horizon, eta.computed_at, eta.p10, eta.p50, eta.p90, eta.raw)
    marked = {**run.progress.marks, eta.stop_id: (*marks, mark)}
    run.progress = replace(run.progress, marks=marked)


def _tell_near(run: Run, eta: Eta, limits: Thresholds) -> None:
    started = run.progress.started_at is not None
    near = eta.remaining_stops < limits.near_stops or eta.p50 - eta.computed_at <= limits.near_time
    tasks = tuple(
        t for t in telling.tasks(run, eta.stop_id) if t.task_id not in run.progress.arriving
    )
    if started and near and tasks:
        arriving = (*run.progress.arriving, *(task.task_id for task in tasks))
        run.progress = replace(run.progress, arriving=arriving)
        run.events.append(StopNear(run.crew, eta.stop_id, eta.computed_at, tasks))


def _tell_risk(run: Run, risk: Risk) -> None:
    previous = run.progress.levels.get(risk.task.task_id, RiskLevel.LOW)
    if risks.standing(risk, previous) is not previous:
        levels = {**run.progress.levels, risk.task.task_id: risk.level}
        run.progress = replace(run.progress, levels=levels)
        run.events.append(RiskChanged(risk, previous))


def _raise(
    run: Run, now: datetime, limits: Thresholds, expected: tuple[Eta, ...]
) -> Iterator[Alarm]:
    yield from _stalled(run, limits)
    yield from _silent(run, now, limits)
    yield from _not_started(run, now, limits)
    yield from deviation.found(run, now)
    yield from predicting.predicted(run, now, limits, expected)


def _clear(run: Run, now: datetime, raised: tuple[Alarm, ...]) -> None:
    """Hands on what is new and what is over, and remembers what is still up."""
    keys = tuple(alarm.key for alarm in raised)
    run.alarms += [alarm for alarm in raised if alarm.key not in run.progress.alarms]
    run.alarms += [AllClear(key, now) for key in run.progress.alarms if key not in keys]
    run.progress = replace(run.progress, alarms=keys)


def _stalled(run: Run, limits: Thresholds) -> Iterator[Alarm]:
    progress = run.progress
    halted = progress.at_stop or (progress.presence is not None and progress.presence.settled)
    if progress.started_at is None or halted or progress.fix is None or progress.moved_at is None:
        return
    if not run.open_tasks and progress.home_since:
        return
    stood = progress.fix.at - progress.moved_at
    if stood >= limits.stalled_after + timedelta(seconds=_pause_seconds(run)):
        words = f"no progress for {stood.total_seconds() // 60:.0f} min away from any stop"
        yield Alarm(
            IncidentType.STALLED,
            predicting.about(run),
            words,
            progress.moved_at,
            location=progress.fix.point,
        )


def _pause_seconds(run: Run) -> int:
    """A break planned before the next stop is no stall."""
    rank = run.route.rank(run.pending[0].stop_id) if run.pending else len(run.route.stops)
    return sum(pause.seconds for pause in run.route.pauses if pause.before_rank == rank)


def _silent(run: Run, now: datetime, limits: Thresholds) -> Iterator[Alarm]:
    fix = run.progress.fix
    if run.progress.started_at is None or fix is None:
        return
    if now - fix.at >= limits.silent_after:
        words = f"no position for {(now - fix.at).total_seconds() // 60:.0f} min"
        yield Alarm(
            IncidentType.SIGNAL_LOST, predicting.about(run), words, fix.at, location=fix.point
        )


def _not_started(run: Run, now: datetime, limits: Thresholds) -> Iterator[Alarm]:
    own = not run.route.carrier_id
    due = run.route.start_time + limits.departure_grace
    if own and run.progress.started_at is None and run.route.stops and now >= due:
        words = "should have left the depot and did not"
        yield Alarm(IncidentType.LATE_DEPARTURE, predicting.about(run), words, run.route.start_time)
