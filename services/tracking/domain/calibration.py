"""
How wide an expectation must be for eight of ten arrivals to lie inside. Pure.

For each horizon (how far ahead was it said?) three numbers: a shift of the middle and a factor for
each side, all in units of what the walk along the route itself thinks of its spread. Each arrival
moves them a little towards what would have been right, by less the more were seen; at the start the
walk is believed as it is.

Source of the update: Gibbs and Candes (2021), Adaptive conformal inference under distribution
shift.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

HORIZON_MINUTES = (5, 15, 30, 60, 120, 240)  # the last stands for everything beyond, too
FARTHEST = timedelta(hours=8)  # what is expected farther ahead judges nobody
TAIL = 0.1  # on each side
STEP = 3.0  # of the first arrivals, over `BELIEF` and how many were seen
BELIEF = 40.0  # arrivals that the walk's own opinion is worth
STEP_MIN = 0.004  # so that it follows what changes
SHIFT_SHARE = 0.3  # a shift is in doubt longer than a width
FACTOR_MIN, FACTOR_MAX = 0.4, 4.0
SHIFT_MAX = 1.0


@dataclass(frozen=True, slots=True)
class Raw:
    """An expectation as the walk has it: a middle, and seconds to the tenths on both sides."""

    middle: datetime
    low_seconds: float
    high_seconds: float

    @property
    def half_seconds(self) -> float:
        """Half of its width."""
        return (self.low_seconds + self.high_seconds) / 2


@dataclass(frozen=True, slots=True)
class Mark:
    """What was expected when a stop came within a horizon, for the reckoning on arrival."""

    horizon_minutes: int
    computed_at: datetime
    p10: datetime
    p50: datetime
    p90: datetime
    raw: Raw


@dataclass(frozen=True, slots=True)
class Bend:
    """What is made of an expectation at one horizon."""

    shift: float = 0.0  # halves of the width
    low: float = 1.0
    high: float = 1.0
    count: int = 0

    def bent(self, raw: Raw) -> tuple[datetime, datetime, datetime]:
        """The tenth, half and nine tenths of it."""
        middle = raw.middle + timedelta(seconds=self.shift * raw.half_seconds)
        low = timedelta(seconds=self.low * raw.low_seconds)
        return middle - low, middle, middle + timedelta(seconds=self.high * raw.high_seconds)

    def after(self, raw: Raw, arrived: datetime) -> Bend:
        """What it is once an arrival was seen."""
        p10, p50, p90 = self.bent(raw)
        step = max(STEP_MIN, STEP / (BELIEF + self.count))
        return Bend(
            _within(self.shift + SHIFT_SHARE * step * ((arrived > p50) - 0.5), SHIFT_MAX),
            _factor(self.low * math.exp(step * ((arrived < p10) - TAIL))),
            _factor(self.high * math.exp(step * ((arrived > p90) - TAIL))),
            self.count + 1,
        )


@dataclass(frozen=True, slots=True)
class Calibration:
    """One bend for each horizon."""

    bends: tuple[Bend, ...] = (Bend(),) * len(HORIZON_MINUTES)

    def bent(self, raw: Raw, now: datetime) -> tuple[datetime, datetime, datetime]:
        """An expectation of now, as it is to be told."""
        return self.bends[rank(raw.middle - now)].bent(raw)

    def after(self, mark: Mark, arrived: datetime) -> Calibration:
        """What it is once an arrival was seen."""
        at = HORIZON_MINUTES.index(mark.horizon_minutes)
        bend = self.bends[at].after(mark.raw, arrived)
        return replace(self, bends=(*self.bends[:at], bend, *self.bends[at + 1 :]))


def rank(ahead: timedelta) -> int:
    """The place of a horizon among the horizons."""
    minutes = ahead.total_seconds() / 60
    places = (i for i, edge in enumerate(HORIZON_MINUTES) if minutes <= edge)
    return next(places, len(HORIZON_MINUTES) - 1)


def _factor(value: float) -> float:
    return min(FACTOR_MAX, max(FACTOR_MIN, value))


def _within(value: float, most: float) -> float:
    return min(most, max(-most, value))
