"""Which tasks are worth a look beside which, given distances and windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WAITING_WEIGHT = 0.2  # of a second waited against one driven, as in PyVRP's neighbourhoods
IMPOSSIBLE = np.int64(1) << 40  # times as many tasks as there may be, it still fits
OWN = np.int64(1) << 62

Costs = NDArray[np.int64]
Ranks = NDArray[np.int32]


def nearest(costs: Costs, count: int) -> Ranks:
    """Per task, the others by distance there and back; ties by rank."""
    return ranked(costs + costs.T, count)


def beside(cost: Costs, time: Costs, opens: Costs, closes: Costs, count: int) -> Ranks:
    """Per task, the others from which it is well reached, then those well reached from it."""
    close = closeness(cost, time, opens, closes)
    return np.ascontiguousarray(np.hstack([ranked(close.T, count), ranked(close, count)]))


def closeness(cost: Costs, time: Costs, opens: Costs, closes: Costs) -> Costs:
    """
    From task to task: the cost of the way, and of the waiting that cannot be avoided at its end.

    Waiting is priced at what driving costs on average.
    """
    waiting = np.maximum(0, opens[None, :] - time - closes[:, None])
    price = WAITING_WEIGHT * float(cost.sum()) / max(1.0, float(time.sum()))
    close = cost + (price * waiting).astype(np.int64)
    return np.where(opens[:, None] + time > closes[None, :], IMPOSSIBLE, close)


def ranked(values: Costs, count: int) -> Ranks:
    """Per row, the columns of the smallest values in order, its own left out."""
    size, count = len(values), min(count, len(values) - 1)
    if count <= 0:
        return np.zeros((size, 0), np.int32)
    keys = values * size + np.arange(size)  # a column each, so that ties fall to the lower rank
    np.fill_diagonal(keys, OWN)
    keys.partition(count - 1, axis=1)
    nearest_keys = np.sort(keys[:, :count], axis=1)
    return np.ascontiguousarray((nearest_keys % size).astype(np.int32))
