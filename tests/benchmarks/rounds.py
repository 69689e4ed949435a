"""
Rounds of a van as they truly were: where it was every second, and when it stood at which stop.

Pure, seeded, and without a line of the service's own code, so that nothing can agree with itself.
Streets are drawn as a van meets them; lengths are meters on a plane, times are seconds.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

Spot = tuple[float, float]

ACCELERATION, BRAKING = 1.6, 2.0  # meters a second squared, of a loaded van
KERB_METERS = 6.0  # between the middle of the street and the parked van; doors are as far beyond
STAY_MEDIAN, STAY_SIGMA, STAY_MIN = 170.0, 0.5, 60.0  # seconds at a door
LONG_SHARE, LONG = 0.05, (1_200.0, 2_400.0)  # of the stays: a shop, a break, a talk
RED = (5.0, 90.0)  # the red of a cycle of 120 s with a quarter of it green
RED_SHARE = 0.5
LOOP_SHARE = 0.4  # of the doors lie in one-way streets behind a loop round the block
DOOR_RED_SHARE = 0.2  # of the doors that are passed have a light just there
LIGHT_METERS = 4.0  # behind the line
SIGHT_METERS, PULLS_IN_SHARE = 45.0, 0.8  # who sees its door pulls in rather than queue for it
TURN_METERS = 100.0  # where a street is turned around in, nothing holds
JAM_STEP, JAM_HOLD = (20.0, 80.0), (5.0, 45.0)  # stop and go


@dataclass(frozen=True, slots=True)
class Stay:
    """One stop as served."""

    stop: int
    start: float
    end: float
    parked: Spot


@dataclass(frozen=True, slots=True)
class Round:
    """A round: its stops in planned order, where the van was, what it served."""

    kind: str
    doors: tuple[Spot, ...]
    path: tuple[Spot, ...]  # one a second
    speeds: tuple[float, ...]
    stays: tuple[Stay, ...]
    line: tuple[Spot, ...]  # the street as driven


@dataclass(frozen=True, slots=True)
class _Halting:
    """A place on the way where the van must stand for a while; `stop` is -1 in traffic."""

    along: float
    seconds: float
    stop: int = -1


class Way:
    """A line with its lengths."""

    def __init__(self, line: list[Spot]) -> None:
        self.line = line
        self.marks = [0.0]
        for a, b in pairwise(line):
            self.marks.append(self.marks[-1] + math.dist(a, b))

    @property
    def length(self) -> float:
        """From end to end."""
        return self.marks[-1]

    def at(self, along: float, aside: float = 0.0) -> Spot:
        """The spot so far along, and so far to the right."""
        i = min(max(bisect_right(self.marks, along) - 1, 0), len(self.line) - 2)
        (ax, ay), (bx, by) = self.line[i], self.line[i + 1]
        length = self.marks[i + 1] - self.marks[i] or 1.0
        east, north = (bx - ax) / length, (by - ay) / length
        rest = along - self.marks[i]
        return ax + east * rest + north * aside, ay + north * rest - east * aside


def driven(kind: str, way: Way, doors: list[Spot], halts: list[_Halting], cruise: float) -> Round:
    """A van that drives a way and stands where it must."""
    path, speeds, stays = list[Spot](), list[float](), list[Stay]()
    along = speed = 0.0
    for halt in [*sorted(halts, key=lambda h: h.along), _Halting(way.length, 60.0)]:
        while along < halt.along - 0.5:
            rest = halt.along - along
            speed = min(cruise, speed + ACCELERATION, math.sqrt(2 * BRAKING * rest), rest)
            speed = max(speed, min(1.0, rest))
            along += speed
            path.append(way.at(along, KERB_METERS))
            speeds.append(speed)
        start = float(len(path))
        path += [way.at(along, KERB_METERS)] * round(halt.seconds)
        speeds += [0.0] * round(halt.seconds)
        speed = 0.0
        if halt.stop >= 0:
            stays.append(Stay(halt.stop, start, float(len(path)), path[-1]))
    return Round(kind, tuple(doors), tuple(path), tuple(speeds), tuple(stays), tuple(way.line))


def _stay(dice: random.Random) -> float:
    if dice.random() < LONG_SHARE:
        return dice.uniform(*LONG)
    return max(STAY_MIN, dice.lognormvariate(math.log(STAY_MEDIAN), STAY_SIGMA))


def _lights(dice: random.Random, start: float, end: float, every: float) -> list[_Halting]:
    """Lights along a street, some of them red."""
    halts, along = [], start + dice.uniform(0.3, 1.0) * every
    while along < end:
        if dice.random() < RED_SHARE:
            queue = dice.expovariate(1 / 15)  # cars that wait in front of it
            halts.append(_Halting(max(start, along - LIGHT_METERS - queue), dice.uniform(*RED)))
        along += dice.uniform(0.7, 1.3) * every
    return halts


def _jam(dice: random.Random, start: float, end: float) -> list[_Halting]:
    """Stop and go."""
    halts, along = [], start
    while along < end:
        halts.append(_Halting(along, dice.uniform(*JAM_HOLD)))
        along += dice.uniform(*JAM_STEP)
    return halts


def _winding(dice: random.Random, length: float, turn: float) -> list[Spot]:
    line, heading, spot = [(0.0, 0.0)], dice.uniform(0, math.tau), (0.0, 0.0)
    for _ in range(round(length / 20)):
        heading += dice.gauss(0, turn)
        spot = (spot[0] + 20 * math.cos(heading), spot[1] + 20 * math.sin(heading))
        line.append(spot)
    return line


def _out_and_back(
    kind: str,
    dice: random.Random,
    line: list[Spot],
    *,
    count: int,
    cruise: float,
    parking: Callable[[], float],
    traffic: Callable[[float, float], list[_Halting]],
) -> Round:
    """Every other stop on the way out, the rest on the way back: the van passes those twice."""
    way = Way([*line, *line[-2::-1]])
    half, gap = way.length / 2, way.length / 2 / (count + 1)
    places = [gap * (n + 1) + dice.uniform(-0.2, 0.2) * gap for n in range(count)]
    out, back = places[0::2], [way.length - place for place in places[1::2]][::-1]
    doors = list[Spot]()
    halts = [*traffic(0.0, half - TURN_METERS), *traffic(half + TURN_METERS, way.length)]
    for number, along in enumerate([*out, *back]):
        parked = min(max(along + parking(), 0.0), way.length)
        doors.append(way.at(along, 2 * KERB_METERS))
        halts.append(_Halting(parked, _stay(dice), number))
    halts = _apart(dice, halts)
    return driven(kind, way, doors, halts, cruise)


def _apart(dice: random.Random, halts: list[_Halting]) -> list[_Halting]:
    """What holds: not where the van has just parked, and seldom in sight of its door."""
    served = [halt.along for halt in halts if halt.stop >= 0]
    kept = list[_Halting]()
    for halt in sorted(halts, key=lambda h: h.along):
        red = halt.stop < 0 and halt.seconds > JAM_HOLD[1]
        if halt.stop < 0 and any(abs(halt.along - one) <= 12 for one in served):
            continue
        seen = any(0 < one - halt.along < SIGHT_METERS for one in served)
        if halt.stop < 0 and seen and dice.random() < PULLS_IN_SHARE:
            continue
        if red and kept and kept[-1].stop < 0 and halt.along - kept[-1].along < 60:
            continue  # nobody waits for one green twice
        kept.append(halt)
    return kept


def _near_door(dice: random.Random) -> Callable[[], float]:
    return lambda: dice.gauss(0, 12)


def estate(dice: random.Random) -> Round:
    """A winding street of houses, 70 to 110 m apart."""
    return _out_and_back(
        "estate",
        dice,
        _winding(dice, 1_800, 0.18),
        count=20,
        cruise=8.3,
        parking=_near_door(dice),
        traffic=lambda start, end: [],
    )


def avenue(dice: random.Random) -> Round:
    """A straight street with lights every 300 m."""
    return _out_and_back(
        "avenue",
        dice,
        _winding(dice, 3_600, 0.02),
        count=20,
        cruise=13.0,
        parking=_near_door(dice),
        traffic=lambda start, end: _lights(dice, start, end, 300),
    )


def jam(dice: random.Random) -> Round:
    """The same in the rush hour: stop and go past a third of the stops."""

    def traffic(start: float, end: float) -> list[_Halting]:
        halts, along = list[_Halting](), start + dice.uniform(100, 400)
        while along < end:
            stretch = dice.uniform(150, 400)
            halts += _jam(dice, along, min(end, along + stretch))
            along += stretch + dice.uniform(400, 900)
        return halts

    return _out_and_back(
        "jam",
        dice,
        _winding(dice, 3_600, 0.02),
        count=20,
        cruise=10.0,
        parking=_near_door(dice),
        traffic=traffic,
    )


def blocks(dice: random.Random) -> Round:
    """Blocks of one-way streets: past the door at a red light, round the block, and there."""
    line, doors, halts = [(0.0, 0.0)], list[Spot](), list[_Halting]()
    along = 0.0
    for number in range(20):
        x, y = line[-1]
        wide, deep = dice.uniform(90, 180), dice.uniform(70, 140)
        if dice.random() > LOOP_SHARE:
            wide = deep = 0.0
        ring = [(x + wide, y), (x + wide, y + deep), (x, y + deep), (x, y), (x + wide, y)]
        spot = dice.uniform(30, 60)
        doors.append((x + spot, y - 2 * KERB_METERS))
        if wide and dice.random() < DOOR_RED_SHARE:
            halts.append(_Halting(along + spot + dice.uniform(-20, 20), dice.uniform(*RED)))
        loop = 2 * (wide + deep)
        halts.append(_Halting(along + loop + spot + dice.gauss(0, 8), _stay(dice), number))
        further = dice.uniform(200, 500)
        line += [*ring, (x + wide + further, y)]
        along += loop + wide + further
    return driven("blocks", Way(line), doors, _apart(dice, halts), 9.0)


def terrace(dice: random.Random) -> Round:
    """Doors 40 m apart, the van moved for each."""
    line = [(0.0, 0.0), (300.0, 0.0), (1_400.0, 80.0)]
    way, doors, halts = Way(line), list[Spot](), list[_Halting]()
    for number in range(20):
        along = 320 + 40.0 * number
        doors.append(way.at(along, 2 * KERB_METERS))
        halts.append(_Halting(along + dice.gauss(0, 4), _stay(dice), number))
    return driven("terrace", way, doors, halts, 7.0)


def courts(dice: random.Random) -> Round:
    """Doors in yards: the van stands 50 to 80 m off."""
    return _out_and_back(
        "courts",
        dice,
        _winding(dice, 4_400, 0.05),
        count=16,
        cruise=9.0,
        parking=lambda: dice.choice((-1, 1)) * dice.uniform(50, 80),
        traffic=lambda start, end: _lights(dice, start, end, 500),
    )


STREETS: dict[str, Callable[[random.Random], Round]] = {
    "estate": estate,
    "avenue": avenue,
    "jam": jam,
    "blocks": blocks,
    "terrace": terrace,
    "courts": courts,
}
