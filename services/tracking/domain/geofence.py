"""
Which stop a standing vehicle serves: one fence per stop, with two radii. Pure.

A fence only proposes. For a stop speak how long the vehicle stands (halts in traffic end sooner),
how near (parking is rarely at the door), and whether the stop is next; what they say is counted in
nats and must reach ARRIVED_NATS. The arrival is the moment of coming to stand, however much later
it was sure. Who has arrived stays until fixes beyond the outer radius say so beyond doubt: noise at
any edge does not flap, and a receiver that wanders while it is parked goes nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point, meters
from services.tracking.domain.halt import Halt, Sample, after, left, standing
from services.tracking.domain.route import Stop

INNER_METERS = 110.0  # of a halt around its stop: vans park 80 m off, and receivers err
OTHER_METERS = 60.0  # the same for a stop that is not next
OUTER_METERS = 120.0  # around where the vehicle stands; beyond it has left
HALT = timedelta(seconds=40)  # exp(-(t / 40 s)^2) of the halts in traffic last longer than t: an
# estimate of ours, by which 1 red light in 10 outlasts a minute and 1 in 160 a minute and a half
NEAR_NATS, NEAR_METERS = 1.0, 60.0  # said by parking at the door; nothing at 60 m, against beyond
OTHER_NATS = -4.0  # one stop in fifty is served before its turn
ARRIVED_NATS = 6.5  # 650 to 1
DATED_FOR = timedelta(seconds=150)  # how long a proposed arrival may be dated anew
DATED_AFTER = timedelta(seconds=45)  # longer than a receiver strays
DATED_BY = timedelta(seconds=10)  # less is noise
MOVED_METERS = 10.0  # of the middle of all fixes, when half of them were elsewhere
APART_FOR = timedelta(seconds=30)
APART_METERS = 25.0  # who has served a stop and stands so far from it has driven on


@dataclass(frozen=True, slots=True)
class Presence:
    """Near which stop a vehicle stands, since when, and whether it is there for good."""

    stop_id: str
    anchor: Point  # where it stands
    since: datetime
    settled: bool = False  # proposed, or confirmed by the driver
    dated: bool = False  # anew, which is done once


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the fence proposes: `arrived` at a moment, or left at one."""

    stop_id: str
    at: datetime
    arrived: bool


@dataclass(frozen=True, slots=True)
class Watch:
    """What a fence looks out for: the stops that wait, in order, and where the vehicle was."""

    waiting: Sequence[Stop] = ()
    confirmed: bool = False  # somebody said that it stands there
    served_at: datetime | None = None  # since when nothing is left to do where it stands
    left_at: datetime | None = None  # when it left the stop before
    before: Point | None = None  # where it stood before


def follow(
    presence: Presence | None, samples: Sequence[Sample], watch: Watch
) -> tuple[Presence | None, Proposal | None]:
    """The presence after the last sample, and what it proposes."""
    if presence is None or not presence.settled:
        return _come(samples, watch)
    gone = _gone(presence, samples, watch)
    if gone is not None:
        return None, Proposal(presence.stop_id, max(presence.since, gone), arrived=False)
    if presence.dated or watch.confirmed or samples[-1].at - presence.since > DATED_FOR:
        return presence, None
    return _dated(presence, samples, watch)


def _come(samples: Sequence[Sample], watch: Watch) -> tuple[Presence | None, Proposal | None]:
    """A vehicle that may have come to stand at a stop."""
    if not samples or not _near(samples[-1].point, watch.waiting):
        return None, None
    halt = _halt(samples, watch)
    found = None if halt is None else _meant(halt, watch.waiting)
    if halt is None or found is None:
        return None, None
    stop, nats = found
    here = Presence(stop.stop_id, halt.place, halt.since)
    if nats < ARRIVED_NATS:
        return here, None
    return replace(here, settled=True), Proposal(stop.stop_id, halt.since, arrived=True)


def _dated(
    presence: Presence, samples: Sequence[Sample], watch: Watch
) -> tuple[Presence, Proposal | None]:
    """An arrival dated anew: what began before was a light just in front of the stop."""
    halt = _halt(samples, watch)
    if halt is None or halt.since - presence.since < DATED_BY:
        return presence, None
    if halt.seen < DATED_AFTER or meters(halt.place, presence.anchor) < MOVED_METERS:
        return presence, None
    dated = replace(presence, anchor=halt.place, since=halt.since, dated=True)
    return dated, Proposal(presence.stop_id, halt.since, arrived=True)


def settle(stop: Stop, at: datetime, fix: Fix | None, halt: Halt | None = None) -> Presence:
    """The presence of a driver who says to be at a stop, wherever the vehicle is parked."""
    anchor = halt.place if halt is not None else stop.location if fix is None else fix.point
    return Presence(stop.stop_id, anchor, at, settled=True)


def evidence(halt: Halt, stop: Stop, *, is_next: bool) -> float:
    """What speaks for serving a stop, in nats."""
    off = meters(halt.place, stop.location)
    if off > (INNER_METERS if is_next else OTHER_METERS):
        return float("-inf")
    dwell = (halt.seen / HALT) ** 2
    near = NEAR_NATS - (off / NEAR_METERS) ** 2
    return dwell + near + (0.0 if is_next else OTHER_NATS)


def _halt(samples: Sequence[Sample], watch: Watch) -> Halt | None:
    """A halt on the way from the stop before."""
    return standing(after(samples, watch.left_at), watch.before)


def _near(point: Point, stops: Sequence[Stop]) -> bool:
    """Whether any stop could be meant: most fixes of a day are nowhere near one."""
    reach = (INNER_METERS + OUTER_METERS) / 50_000  # degrees of latitude, generously
    return any(
        abs(stop.location.latitude - point.latitude) < reach
        and meters(stop.location, point) < INNER_METERS + OUTER_METERS
        for stop in stops
    )


def _meant(halt: Halt, stops: Sequence[Stop]) -> tuple[Stop, float] | None:
    """The stop for which most speaks; the earlier one of two alike."""
    found = [(evidence(halt, stop, is_next=rank == 0), -rank) for rank, stop in enumerate(stops)]
    nats, rank = max(found, default=(float("-inf"), 0))
    return None if nats == float("-inf") else (stops[-rank], nats)


def _gone(presence: Presence, samples: Sequence[Sample], watch: Watch) -> datetime | None:
    """When it left: the circle, or, once nothing is left to do, its place for one near by."""
    samples = [one for one in samples if one.at >= presence.since]
    gone = left(samples, presence.anchor, OUTER_METERS)
    if gone is not None or watch.served_at is None:
        return gone
    halt = standing([s for s in samples if s.at >= watch.served_at], presence.anchor)
    if halt is None or halt.seen < APART_FOR:
        return None
    return halt.since if meters(halt.place, presence.anchor) > APART_METERS else None
