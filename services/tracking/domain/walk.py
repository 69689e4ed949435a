"""
The walk along the rest of a route: a moment that is not certain, carried from stop to stop. Pure.

What is added on the way varies on its own, save for how quick this crew is today and how thick the
traffic, so means, variances and third moments add up. Tenths and the middle are read off by Cornish
and Fisher's expansion, for a sum of services is skewed: seldom much shorter than usual, sometimes
much longer. Waiting for a window to open takes doubt away (Clark 1961, The greatest of a finite set
of random variables).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.tracking.domain.calibration import Raw

Z_90 = 1.2815515655446004  # the standard normal's 90th percentile
SKEW_MAX = 1.5  # beyond, the expansion would fold over
VARIANCE_MIN = 1.0  # square seconds: nobody starts work on the stroke
ROOT_TAU = math.sqrt(2 * math.pi)


@dataclass(slots=True)
class Walk:
    """Mean moment, variance and third central moment so far; meters and stops passed."""

    at: datetime
    variance: float
    third: float = 0.0
    common: float = 0.0  # standard deviation that all services ahead have in common
    traffic: float = 0.0  # and all legs
    meters: float = 0.0
    stops: int = 0

    def drive(self, seconds: float, meters: float, spread: float, traffic: float = 0.0) -> None:
        """A leg, with its standard deviation."""
        self.at += timedelta(seconds=seconds)
        self.variance += spread**2
        self.traffic += traffic
        self.meters += meters

    def work(self, mean: float, variance: float, third: float = 0.0, common: float = 0.0) -> None:
        """A service, or what is left of one."""
        self.at += timedelta(seconds=mean)
        self.variance += variance
        self.third += third
        self.common += common

    def rest(self, seconds: float) -> None:
        """A break."""
        self.at += timedelta(seconds=seconds)

    def wait(self, opening: datetime) -> None:
        """Until a moment, by those who come before it."""
        sigma, early = self.sigma, (opening - self.at).total_seconds()
        density = math.exp(-((early / sigma) ** 2) / 2) / ROOT_TAU
        share = 0.5 * math.erfc(-early / (sigma * math.sqrt(2)))  # of those who come before it
        waited = early * share + sigma * density
        squared = early**2 * share + sigma**2 * (1 - share) + early * sigma * density
        self._hold(waited, max(VARIANCE_MIN, squared - waited**2))

    @property
    def sigma(self) -> float:
        """The standard deviation of the moment of now."""
        return math.sqrt(self.variance + self.common**2 + self.traffic**2)

    def raw(self) -> Raw:
        """The middle and the tenths of the moment of now."""
        sigma = self.sigma
        skew = min(SKEW_MAX, self.third / sigma**3) if sigma else 0.0
        bend = skew / 6
        middle, outer = -bend, (Z_90**2 - 1) * bend
        low, high = Z_90 - outer + middle, Z_90 + outer - middle
        return Raw(self.at + timedelta(seconds=sigma * middle), sigma * low, sigma * high)

    def _hold(self, waited: float, variance: float) -> None:
        self.at += timedelta(seconds=waited)
        share = math.sqrt(variance) / self.sigma
        self.variance *= share**2
        self.common *= share
        self.traffic *= share
        self.third *= share**3
