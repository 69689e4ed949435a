"""
What receivers make of a true round: noise, strays, gaps and wandering, from a seed.

Pure, and without a line of the service's own code. The worst of them is as bad as a phone between
houses: sigma 15 m, one fix in twenty more than 100 m off, silences of a minute, and a place that
creeps away while the van is parked.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.rounds import Round, Spot

INTERVALS = (1, 5, 10, 30)  # seconds between two fixes
RADIUS_68 = 1.51  # sigmas of the circle that a receiver calls its accuracy
STRAY_METERS = (100.0, 60.0)  # at least this far, and as much more on average
GAP_SECONDS = 60.0
ORIGIN = (60.1700, 24.9400)  # Helsinki, where the plane touches
DEGREE_METERS = 111_195.0


@dataclass(frozen=True, slots=True)
class Receiver:
    """How bad a receiver is."""

    name: str
    sigma: float = 15.0  # meters on each axis
    strays: float = 0.0  # share of fixes more than 100 m off
    lasting: float = 0.0  # seconds that it strays on average; 0: each fix for itself
    gaps: float = 0.0  # silences of a minute, an hour
    wander: float = 0.0  # meters on each axis that it creeps off while the van stands
    memory: float = 150.0  # seconds after which it has forgotten two thirds of where it crept


RECEIVERS = (
    Receiver("clean", sigma=4),
    Receiver("noise"),
    Receiver("strays", strays=0.05),
    Receiver("bursts", strays=0.05, lasting=15),
    Receiver("gaps", gaps=6),
    Receiver("drift", sigma=6, wander=14),
    Receiver("all", strays=0.05, gaps=6, wander=10),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One fix as sent."""

    at: float
    latitude: float
    longitude: float
    accuracy: int
    speed: float | None  # meters a second


def received(
    driven: Round, receiver: Receiver, every: int, dice: random.Random, *, doppler: bool
) -> Iterator[Seen]:
    """The fixes of a round."""
    wander, astray, silent = (0.0, 0.0), None, 0.0
    accuracy = max(1, round(receiver.sigma * RADIUS_68))
    first = dice.randrange(every)
    for at in range(first, len(driven.path), every):
        spot, speed = driven.path[at], driven.speeds[at]
        wander = _wandered(wander, receiver, every, speed, dice)
        if dice.random() < receiver.gaps * every / 3_600:
            silent = at + GAP_SECONDS
        astray = _astray(astray, at, receiver, every, dice)
        off = wander if astray is None else astray[1]
        seen = (
            spot[0] + off[0] + dice.gauss(0, receiver.sigma),
            spot[1] + off[1] + dice.gauss(0, receiver.sigma),
        )
        true = astray is None or dice.random() < 0.5
        read = abs(dice.gauss(speed, 0.4)) if true else dice.uniform(0, 12)
        if at >= silent:
            yield Seen(float(at), *degrees(seen), accuracy, read if doppler else None)


def degrees(spot: Spot) -> Spot:
    """Latitude and longitude of a spot."""
    shrink = math.cos(math.radians(ORIGIN[0]))
    return ORIGIN[0] + spot[1] / DEGREE_METERS, ORIGIN[1] + spot[0] / DEGREE_METERS / shrink


def _wandered(
    wander: Spot, receiver: Receiver, every: int, speed: float, dice: random.Random
) -> Spot:
    """Creeping of a receiver that stands; a drive brings it back within seconds."""
    keeps = math.exp(-every / (receiver.memory if speed == 0 else 8.0))
    push = receiver.wander * math.sqrt(1 - keeps * keeps) if speed == 0 else 0.0
    return wander[0] * keeps + dice.gauss(0, push), wander[1] * keeps + dice.gauss(0, push)


def _astray(
    astray: tuple[float, Spot] | None,
    at: float,
    receiver: Receiver,
    every: int,
    dice: random.Random,
) -> tuple[float, Spot] | None:
    """Until when a receiver is astray, and where to; None while it is not."""
    if astray is not None and at < astray[0]:
        return astray
    lasting = max(receiver.lasting, every)
    if dice.random() >= receiver.strays * every / lasting:
        return None
    least, more = STRAY_METERS
    away, angle = least + dice.expovariate(1 / more), dice.uniform(0, math.tau)
    until = at + (dice.uniform(0.5, 1.5) * receiver.lasting if receiver.lasting else every)
    return until, (away * math.cos(angle), away * math.sin(angle))
