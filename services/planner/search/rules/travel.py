"""Travel: one table of ways per map and pace; nowhere is a place to which every way is empty."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.instance import Instance
from services.planner.domain.shift import PERCENT
from services.planner.domain.travel import UNREACHABLE
from services.planner.search.full.arrays import WAY


def compile_roads(instance: Instance) -> tuple[NDArray[np.void], tuple[int, ...]]:
    """The ways of each map at each pace, and which of them each shift drives."""
    ranks: dict[tuple[int, int], int] = {}
    of_shift = tuple(
        ranks.setdefault((table, shift.vehicle.travel_percent), len(ranks))
        for table, shift in zip(instance.table_of_shift, instance.problem.shifts, strict=True)
    )
    size = len(instance.places.points) + 1
    roads = np.zeros((len(ranks), size, size), WAY)
    for (table, percent), rank in ranks.items():
        fill_roads(roads[rank], instance, table, percent)
    return roads, of_shift


def fill_roads(roads: NDArray[np.void], instance: Instance, rank: int, percent: int) -> None:
    """One table, at a pace, rounded up as the domain does."""
    table = instance.tables[rank]
    shape = (table.size, table.size)
    seconds = np.asarray(table.seconds, np.int64).reshape(shape)
    if percent != PERCENT:
        slower = -(-seconds * percent // PERCENT)
        seconds = np.where(seconds >= UNREACHABLE, seconds, slower)
    inner = roads[:-1, :-1]
    inner["seconds"] = seconds
    inner["meters"] = np.asarray(table.meters, np.int64).reshape(shape)
    np.fill_diagonal(inner["seconds"], 0)
    np.fill_diagonal(inner["meters"], 0)
