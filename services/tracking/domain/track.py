"""
How far a vehicle has come: from its odometer where it is read, else from its fixes. Pure.

A track is kept for as long as a leg of it is not settled, thinned to one mark per ten seconds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point, meters

MARK_EVERY = timedelta(seconds=10)
MARKS_MAX = 720  # two hours; beyond, every second one is dropped
READ_NEAR_MIN = timedelta(seconds=30)  # of an end of a leg, and at most a quarter of the leg
READ_NEAR_MAX = timedelta(minutes=5)  # a reading farther off tells of other legs too
STEP_METERS_MIN = 15.0  # less may be noise of a standing receiver, and noise adds up

Kept = TypeVar("Kept")
Readout = Sequence[tuple[datetime, float]]


@dataclass(frozen=True, slots=True)
class Mark:
    """The distance over ground at a moment, from fixes."""

    at: datetime
    meters: float


@dataclass(frozen=True, slots=True)
class Gauge:
    """What the vehicle's instruments said at a moment."""

    at: datetime
    odometer_meters: int | None
    charge_ratio: float | None


@dataclass(frozen=True, slots=True)
class Track:
    """Marks and gauges in order of time, and the point up to which distance is counted."""

    marks: tuple[Mark, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    counted: Point | None = None

    @property
    def until(self) -> datetime | None:
        """How far the track reaches; None before the first fix."""
        return self.marks[-1].at if self.marks else None


def extend(track: Track, fix: Fix) -> Track:
    """The track after a fix. A fix from before the last one adds nothing."""
    if track.until is not None and fix.at <= track.until:
        return track
    so_far = track.marks[-1].meters if track.marks else 0.0
    counted, step = track.counted or fix.point, 0.0
    if (away := meters(counted, fix.point)) > max(STEP_METERS_MIN, fix.accuracy_meters):
        counted, step = fix.point, away
    marks = _thinned(track.marks, Mark(fix.at, so_far + step))
    extended = Track(marks, track.gauges, counted)
    return read(extended, fix.at, fix.odometer_meters, fix.charge_ratio)


def read(track: Track, at: datetime, odometer: int | None, charge: float | None) -> Track:
    """The track after the instruments were read."""
    if odometer is None and charge is None:
        return track
    gauge, gauges = Gauge(at, odometer, charge), track.gauges
    if len(gauges) > 1 and _replaces(gauge, gauges[-1], gauges[-2].at):
        gauges = gauges[:-1]
    added = sorted((*gauges, gauge), key=lambda one: one.at)
    return replace(track, gauges=_halved(tuple(added)))


def meters_between(track: Track, start: datetime, end: datetime) -> float | None:
    """Distance over ground between two moments by fixes; None when they do not reach so far."""
    if not track.marks or track.marks[-1].at < start or track.marks[0].at > end:
        return None
    return max(0.0, _at(track.marks, end) - _at(track.marks, start))


def odometer_between(track: Track, start: datetime, end: datetime) -> int | None:
    """The same by the odometer; None when it was not read near both."""
    read_out = [(g.at, g.odometer_meters) for g in track.gauges if g.odometer_meters is not None]
    span = _difference(read_out, start, end)
    return None if span is None or span < 0 else round(span)


def charge_between(track: Track, start: datetime, end: datetime) -> float | None:
    """How much of the battery was used between two moments, as a share; None when not read."""
    read_out = [(g.at, g.charge_ratio) for g in track.gauges if g.charge_ratio is not None]
    span = _difference(read_out, start, end)
    return None if span is None else -span


def pruned(track: Track, before: datetime) -> Track:
    """The track without what lies before a moment, but for the last of it."""
    marks = bisect_left([mark.at for mark in track.marks], before)
    gauges = bisect_left([gauge.at for gauge in track.gauges], before)
    kept_marks, kept_gauges = track.marks[max(0, marks - 1) :], track.gauges[max(0, gauges - 1) :]
    return Track(kept_marks, kept_gauges, track.counted)


def _replaces(gauge: Gauge, newest: Gauge, before: datetime) -> bool:
    """Whether a reading makes the newest one superfluous: it reads no less, soon after."""
    odometer = gauge.odometer_meters is not None or newest.odometer_meters is None
    charge = gauge.charge_ratio is not None or newest.charge_ratio is None
    return odometer and charge and gauge.at > newest.at and newest.at - before < MARK_EVERY


def _thinned(marks: tuple[Mark, ...], mark: Mark) -> tuple[Mark, ...]:
    if len(marks) > 1 and marks[-1].at - marks[-2].at < MARK_EVERY:
        marks = marks[:-1]
    return _halved((*marks, mark))


def _halved(items: tuple[Kept, ...]) -> tuple[Kept, ...]:
    return items if len(items) <= MARKS_MAX else (*items[:-1:2], items[-1])


def _at(marks: Sequence[Mark], at: datetime) -> float:
    return _interpolated([(mark.at, mark.meters) for mark in marks], at)


def _difference(read_out: Readout, start: datetime, end: datetime) -> float | None:
    """None unless there are readings near to both ends, for what was driven between them."""
    near = max(READ_NEAR_MIN, min(READ_NEAR_MAX, (end - start) / 4))
    first, last = _read_at(read_out, start, near), _read_at(read_out, end, near)
    return None if first is None or last is None else last - first


def _read_at(read_out: Readout, at: datetime, near: timedelta) -> float | None:
    around = [one for one in read_out if abs(one[0] - at) <= near]
    return _interpolated(around, at) if around else None


def _interpolated(points: Readout, at: datetime) -> float:
    after = bisect_left([moment for moment, _ in points], at)
    if after == 0:
        return points[0][1]
    if after == len(points):
        return points[-1][1]
    (before_at, before), (after_at, later) = points[after - 1], points[after]
    share = (at - before_at) / (after_at - before_at)
    return before + share * (later - before)
