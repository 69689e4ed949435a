"""
Where a vehicle halts: one fence per stop, with two radii, a gate for accuracy, and dwell. Pure.

A fence only proposes. A vehicle is proposed to have arrived when it stayed inside the inner radius
for the dwell time, and to have left when two fixes in a row lie outside the outer radius; between
the radii nothing changes, so noise at the edge does not flap. Dwell is measured between the fixes'
own times, so a delayed or replayed buffer gives the same answer as a live one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point, meters
from services.tracking.domain.route import Stop

INNER_METERS = 60.0  # parking is rarely at the door
OUTER_METERS = 120.0
ACCURACY_METERS_MAX = 100  # a worse fix could be on either side of the fence
DWELL = timedelta(seconds=45)  # longer than a red light usually holds
DWELL_OUT_OF_ORDER = timedelta(seconds=135)  # a stop that is not next needs more evidence
PASSING_CENTIMETERS_PER_SECOND = 400  # faster than this nobody is parked
OUTSIDE_FIXES = 2


@dataclass(frozen=True, slots=True)
class Presence:
    """Near which stop a vehicle is, since when, and whether it is there for good."""

    stop_id: str
    anchor: Point  # the middle of the fence: the stop, or where the driver parked instead
    since: datetime
    last_inside: datetime
    settled: bool = False  # proposed, or confirmed by the driver
    outside_fixes: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the fence proposes: `arrived` at a moment, or left at one."""

    stop_id: str
    at: datetime
    arrived: bool


def follow(
    presence: Presence | None, fix: Fix, candidates: Sequence[Stop], next_stop_id: str
) -> tuple[Presence | None, Proposal | None]:
    """The presence after a fix, and what it proposes."""
    if fix.accuracy_meters > ACCURACY_METERS_MAX:
        return presence, None
    if presence is None:
        return _enter(fix, candidates), None
    away = meters(presence.anchor, fix.point)
    if away > OUTER_METERS:
        return _leave(presence)
    return _stay(presence, fix, away <= INNER_METERS, presence.stop_id == next_stop_id)


def settle(stop: Stop, at: datetime, fix: Fix | None) -> Presence:
    """The presence of a driver who says to be at a stop, wherever the vehicle is parked."""
    anchor = stop.location
    if fix is not None and meters(anchor, fix.point) > INNER_METERS:
        anchor = fix.point
    return Presence(stop.stop_id, anchor, at, at, settled=True)


def _enter(fix: Fix, candidates: Sequence[Stop]) -> Presence | None:
    near = [(meters(stop.location, fix.point), rank) for rank, stop in enumerate(candidates)]
    away, rank = min(near, default=(INNER_METERS + 1, -1))
    if away > INNER_METERS:
        return None
    stop = candidates[rank]
    return Presence(stop.stop_id, stop.location, fix.at, fix.at)


def _stay(
    presence: Presence, fix: Fix, inside: bool, is_next: bool
) -> tuple[Presence, Proposal | None]:
    passing = (fix.speed_centimeters_per_second or 0) > PASSING_CENTIMETERS_PER_SECOND
    if not inside:
        return replace(presence, outside_fixes=0), None
    if passing and not presence.settled:
        return replace(presence, since=fix.at, last_inside=fix.at, outside_fixes=0), None
    stayed = replace(presence, last_inside=max(presence.last_inside, fix.at), outside_fixes=0)
    needed = DWELL if is_next else DWELL_OUT_OF_ORDER
    if presence.settled or fix.at - presence.since < needed:
        return stayed, None
    return replace(stayed, settled=True), Proposal(presence.stop_id, presence.since, arrived=True)


def _leave(presence: Presence) -> tuple[Presence | None, Proposal | None]:
    outside = presence.outside_fixes + 1
    if outside < OUTSIDE_FIXES:
        return replace(presence, outside_fixes=outside), None
    if not presence.settled:
        return None, None  # drove past
    return None, Proposal(presence.stop_id, presence.last_inside, arrived=False)
