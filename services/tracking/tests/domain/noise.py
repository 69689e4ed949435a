"""
What receivers do to a true way: noise, outliers, gaps and drift, from a seed that the test names.

Lengths are meters. The shares are those of phones between houses: sigma 15 m, one fix in twenty
more than 100 m off and no word of it in its accuracy, and silences of a minute.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

from services.tracking.domain.fix import Fix
from services.tracking.domain.geo import Point

METERS_A_DEGREE = 111_195.0  # of latitude, on the sphere of `domain.geo`
SIGMA_METERS = 15.0
ACCURACY_METERS = 23  # the radius that holds 68 % of a sigma of 15 m on each axis
OUTLIER_SHARE = 0.05
OUTLIER_METERS = (100.0, 300.0)
GAP_FIXES = 6  # a minute of a device that sends every ten seconds


def shifted(point: Point, north: float, east: float) -> Point:
    """A point so many meters away."""
    shrink = math.cos(math.radians(point.latitude))
    latitude = point.latitude + north / METERS_A_DEGREE
    return Point(latitude, point.longitude + east / METERS_A_DEGREE / shrink)


def noisy(
    fixes: Iterable[Fix], dice: random.Random, *, outliers: float = OUTLIER_SHARE
) -> Iterator[Fix]:
    """The fixes as a bad receiver has them; times and speeds stay true."""
    for fix in fixes:
        point = shifted(fix.point, dice.gauss(0, SIGMA_METERS), dice.gauss(0, SIGMA_METERS))
        if dice.random() < outliers:
            angle, away = dice.uniform(0, math.tau), dice.uniform(*OUTLIER_METERS)
            point = shifted(fix.point, away * math.cos(angle), away * math.sin(angle))
        yield replace(fix, point=point, accuracy_meters=ACCURACY_METERS)


def gapped(fixes: Iterable[Fix], dice: random.Random, share: float = 0.05) -> Iterator[Fix]:
    """The fixes that are left when now and then a minute of them is missing."""
    silent = 0
    for fix in fixes:
        if silent == 0 and dice.random() < share:
            silent = GAP_FIXES
        if silent:
            silent -= 1
        else:
            yield fix


def drifting(fixes: Iterable[Fix], dice: random.Random, most: float) -> Iterator[Fix]:
    """Fixes of a receiver that creeps away from the truth step by step, at most so many meters."""
    north = east = 0.0
    for fix in fixes:
        north, east = north + dice.uniform(-8, 8), east + dice.uniform(-8, 8)
        away = math.hypot(north, east)
        if away > most:
            north, east = north * most / away, east * most / away
        yield replace(fix, point=shifted(fix.point, north, east))
