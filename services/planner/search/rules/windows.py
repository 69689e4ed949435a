"""
Windows: when service may start at a stop, and when it should.

A stay has the first and last second of all its windows; where it has several, they are looked at
one after another. What starting at a moment costs is a list of prices: soft windows, slots in which
service fails, goods that wait, moments of a known plan. Constant time, exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.money import SECONDS_PER_HOUR
from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import FOREVER
from services.planner.search.full.space import (
    Model,
    Record,
    prices_of,
    window_first_of,
    window_last_of,
)

Records = NDArray[np.void]


@compiled
def open_at(model: Model, stay: Record, ready: int) -> int:
    """The earliest start at or after a moment; FOREVER when there is none."""
    if ready > stay.last:
        return FOREVER
    if stay.windows > 1:
        for window in range(stay.windows_from, stay.windows_from + stay.windows):
            if ready <= window_last_of(model)[window]:
                return max(ready, window_first_of(model)[window])
    return max(ready, stay.first)


@compiled
def last_open(model: Model, stay: Record, second: int) -> int:
    """The latest start at or before a moment; -FOREVER when there is none."""
    if second < stay.first:
        return -FOREVER
    if stay.windows > 1:
        for window in range(stay.windows_from + stay.windows - 1, stay.windows_from - 1, -1):
            if window_first_of(model)[window] <= second:
                return min(second, window_last_of(model)[window])
    return min(second, stay.last)


@compiled
def window_around(model: Model, stay: Record, start: int) -> tuple[int, int]:
    """The window in which a start lies."""
    if stay.windows > 1:
        for window in range(stay.windows_from, stay.windows_from + stay.windows):
            if start <= window_last_of(model)[window]:
                return window_first_of(model)[window], window_last_of(model)[window]
    return stay.first, stay.last


@compiled
def priced(rate: int, seconds: int) -> int:
    """What seconds cost at a rate per hour, rounded half up."""
    return (rate * seconds + SECONDS_PER_HOUR // 2) // SECONDS_PER_HOUR


@compiled
def start_micros(model: Model, stay: Record, start: int) -> int:
    """What starting service at a moment costs."""
    micros = 0
    for rank in range(stay.prices_from, stay.prices_from + stay.prices):
        price = prices_of(model)[rank]
        if price.first <= start <= price.last:
            micros += price.flat
            micros += priced(price.before_rate, max(0, price.before - start))
            micros += priced(price.after_rate, max(0, start - price.after))
    return micros


@compiled
def least_micros(model: Model, stay: Record, first: int, last: int) -> int:
    """What starting service costs at least, at the first of some moments or when a price falls."""
    least = start_micros(model, stay, first)
    if least <= stay.least_micros:
        return least
    for rank in range(stay.prices_from, stay.prices_from + stay.prices):
        price = prices_of(model)[rank]
        moment = price.before if price.before_rate else price.last + 1
        if first < moment <= last:
            least = min(least, start_micros(model, stay, moment))
    return least
