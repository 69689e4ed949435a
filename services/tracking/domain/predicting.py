"""
What will go wrong unless somebody acts: promises, attempts and batteries in danger. Pure.

Each alarm says when it is expected to come true. It ends by itself as soon as it is no longer so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.tracking.domain import risk as risks
from services.tracking.domain.event import Eta, RiskLevel
from services.tracking.domain.incident import About, Alarm, IncidentType
from services.tracking.domain.run import Run
from services.tracking.domain.thresholds import Thresholds


def predicted(
    run: Run, now: datetime, limits: Thresholds, expected: tuple[Eta, ...]
) -> Iterator[Alarm]:
    """Alarms about what has not happened yet."""
    yield from _late(run, now)
    yield from _vain(run, now, limits, expected)
    yield from _empty(run, now, limits, expected)


def about(run: Run) -> About:
    """The route with who drives what."""
    route = run.route
    return About(
        route_id=route.route_id,
        vehicle_id=route.vehicle.vehicle_id,
        driver_id=route.driver_id,
        carrier_id=route.carrier_id,
    )


def _late(run: Run, now: datetime) -> Iterator[Alarm]:
    for task in run.open_tasks:
        level = run.progress.levels.get(task.task_id, RiskLevel.LOW)
        if risks.higher(level, RiskLevel.MEDIUM):
            whom = replace(about(run), task_id=task.task_id, delivery_id=task.delivery_id)
            words = "will probably come after the promised window"
            due = task.promise.end if task.promise else now
            yield Alarm(IncidentType.LATE_RISK, whom, words, now, expect_time=due)


def _vain(
    run: Run, now: datetime, limits: Thresholds, expected: tuple[Eta, ...]
) -> Iterator[Alarm]:
    """Attempts that fail more often than not at that place and hour."""
    for eta in expected:
        stop = run.route.stop(eta.stop_id)
        if stop is None or (eta.failure or 0.0) < limits.failure_probable:
            continue
        for task in stop.tasks:
            whom = replace(about(run), task_id=task.task_id, delivery_id=task.delivery_id)
            words = f"attempts there fail in {eta.failure or 0.0:.0%} of cases at that hour"
            yield Alarm(IncidentType.FAILURE_RISK, whom, words, now, expect_time=eta.p50)


def _empty(
    run: Run, now: datetime, limits: Thresholds, expected: tuple[Eta, ...]
) -> Iterator[Alarm]:
    """A battery that will not bring the vehicle home with its reserve."""
    battery = run.route.vehicle.battery_watt_hours
    read = [gauge for gauge in run.progress.track.gauges if gauge.charge_ratio is not None]
    if not battery or not read or run.progress.started_at is None:
        return
    charge, needed = round(battery * (read[-1].charge_ratio or 0.0)), _watt_hours_ahead(run)
    if needed and charge - needed < limits.charge_reserve * battery:
        words = f"has {charge:,} Wh and needs {needed:,} Wh to come home"
        last = expected[-1].p50 if expected else now
        yield Alarm(IncidentType.CHARGE_LOW, about(run), words, now, expect_time=last)


def _watt_hours_ahead(run: Run) -> int:
    """Of the legs that are not driven yet; the one under way counts as a whole."""
    if not run.route.legs:
        return 0
    pending = {stop.stop_id for stop in run.pending}
    ahead = [run.route.legs[i] for i, s in enumerate(run.route.stops) if s.stop_id in pending]
    return sum(leg.watt_hours for leg in (*ahead, run.route.legs[-1]))
