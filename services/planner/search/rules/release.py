"""
Release: a trip does not leave before the goods of its deliveries are ready.

A later departure of the trip reaches a stop no sooner than by what the trip runs up to it without
waiting, and is possible up to the latest departure of the trip as it stands. Constant time; exact
for single windows without breaks, else a bound that the exact pass confirms.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import FOREVER, LOAD_FROM_DEPOT
from services.planner.search.full.space import Record


@compiled
def leave_released(stops: Record, before: int, task: Record, end_of_loading: int) -> int:
    """When the stop before a new one is left, if the trip waits for its goods; FOREVER: never."""
    stop = stops[before]
    trip = stops[stop.trip]
    if task.load != LOAD_FROM_DEPOT or task.release <= trip.release:
        return stop.leave
    if task.release > trip.latest + end_of_loading:
        return FOREVER
    return max(stop.leave, task.release + stop.run)
