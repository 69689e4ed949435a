"""
Settling legs: how far was driven, with what load, for whom. Pure.

A leg waits until the positions of its end have come, or until nobody expects them any more. Its
distance is the odometer's where it was read at both ends, else the sum over fixes, else the plan's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.tracking.domain import track
from services.tracking.domain.event import DistanceBasis, LegCompleted
from services.tracking.domain.load import hauls
from services.tracking.domain.progress import OpenLeg
from services.tracking.domain.run import Run
from services.tracking.domain.wording import charge

SLACK = timedelta(seconds=10)  # a device reports every ten seconds: the last one may lie before
PATIENCE = timedelta(seconds=20)  # real time: a batch of positions is a few seconds old at most
ODOMETER_FACTOR_MAX = 5  # times what was planned or seen: more is another vehicle's odometer
ODOMETER_SLACK_METERS = 20_000
SPREAD = timedelta(minutes=3)  # fixes must reach this near to both ends of a leg


def settle(run: Run, *, tracked: bool) -> None:
    """Tells every leg that can be settled, in order. `tracked`: a device sends positions."""
    while run.progress.open_legs:
        leg = run.progress.open_legs[0]
        if tracked and not _complete(run, leg):
            return
        _tell(run, leg)
    run.complete()


def _complete(run: Run, leg: OpenLeg) -> bool:
    """Positions reach its end, or the driver read the odometer there, or nothing more comes."""
    until = run.progress.track.until
    reached = until is not None and until >= leg.end - SLACK
    read = any(g.at >= leg.end and g.odometer_meters for g in run.progress.track.gauges)
    powered = bool(run.route.vehicle.battery_watt_hours)  # its charge comes with the positions
    return reached or (read and not powered) or run.real_now - leg.noted_at >= PATIENCE


def _tell(run: Run, leg: OpenLeg) -> None:
    meters, basis = _distance(run, leg)
    progress = run.progress
    shares = leg.aboard or leg.attempted or tuple(charge(task) for task in run.route.tasks)
    far = hauls(run.route)
    run.events.append(
        LegCompleted(
            crew=run.crew,
            leg_rank=leg.rank,
            from_stop_id=leg.from_stop_id,
            to_stop_id=leg.to_stop_id,
            start=leg.start,
            end=leg.end,
            meters=meters,
            basis=basis,
            planned_meters=leg.planned_meters,
            planned_seconds=leg.planned_seconds,
            watt_hours=_energy(run, leg),
            mass_grams=sum(one.mass_grams for one in leg.aboard),
            vehicle=run.route.vehicle,
            shares=tuple(
                replace(one, great_circle_meters=far.get(one.task_id, 0)) for one in shares
            ),
            empty=not leg.aboard,
            start_point=leg.start_point,
            end_point=leg.end_point,
            polyline=leg.polyline,
        )
    )
    run.progress = replace(
        progress,
        open_legs=progress.open_legs[1:],
        meters=progress.meters + meters,
        track=track.pruned(progress.track, leg.end),
    )


def _distance(run: Run, leg: OpenLeg) -> tuple[int, DistanceBasis]:
    trail = run.progress.track
    seen = track.meters_between(trail, leg.measured_from, leg.end) if _spans(trail, leg) else None
    read = track.odometer_between(trail, leg.measured_from, leg.end)
    expected = max(leg.planned_meters, seen or 0)
    if read is not None and read <= expected * ODOMETER_FACTOR_MAX + ODOMETER_SLACK_METERS:
        return read, DistanceBasis.ODOMETER
    if seen is not None:
        return round(seen), DistanceBasis.POSITIONS
    return leg.planned_meters, DistanceBasis.PLAN


def _spans(trail: track.Track, leg: OpenLeg) -> bool:
    if not trail.marks:
        return False
    first, last = trail.marks[0].at, trail.marks[-1].at
    return first <= leg.start + SPREAD and last >= leg.end - SPREAD


def _energy(run: Run, leg: OpenLeg) -> int | None:
    """From the states of charge; None when they were not read, or rose by charging on the way."""
    battery = run.route.vehicle.battery_watt_hours
    used = track.charge_between(run.progress.track, leg.start, leg.end)
    return None if not battery or used is None or used < 0 else round(battery * used)
