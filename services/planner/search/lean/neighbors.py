"""Which tasks are worth a look beside which, given distances and windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WAITING_WEIGHT = 0.2  # of a second waited against one driven, as in PyVRP's neighbourhoods
IMPOSSIBLE = np.int64(1) << 40

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
    values = values.copy()
    np.fill_diagonal(values, IMPOSSIBLE * 2)
    order = np.argsort(values, axis=1, kind="stable")[:, : min(count, len(values) - 1)]
    return np.ascontiguousarray(order.astype(np.int32))
