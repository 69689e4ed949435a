"""
Pairing: a pickup comes before its delivery on one route, and neither is served alone.

A pair is inserted together: from each place for the pickup the route is followed with the goods on
board, as long as it holds. The order is checked by the exact pass, rides by the timed route.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import FOREVER, NONE
from services.planner.search.full.space import (
    Model,
    State,
    seen_of,
    stops_of,
    tasks_of,
    tasks_served,
    walk_of,
)


@compiled
def keeps_pairs(model: Model, state: State, route: int, start: int) -> bool:
    """Whether every pair of a route is whole and in its order."""
    state.looks += 1
    stops, seen, mark = stops_of(state), seen_of(state), state.looks
    stop = stops[start].next
    while stops[stop].next >= 0:
        node = stops[stop].node
        if node < model.nodes:
            task = tasks_of(model)[tasks_served(model)[node]]
            seen[stop] = mark
            if task.pickup != NONE and seen[tasks_of(model)[task.pickup].first_node] != mark:
                return False
            if task.first_delivery != NONE and not is_delivered(
                model, state, task.first_delivery, route
            ):
                return False
        stop = stops[stop].next
    return True


@compiled
def is_delivered(model: Model, state: State, delivery: int, route: int) -> bool:
    """Whether a route has any delivery of a list."""
    while delivery != NONE:
        if stops_of(state)[tasks_of(model)[delivery].first_node].route == route:
            return True
        delivery = tasks_of(model)[delivery].next_delivery
    return False


@compiled
def long_ride(model: Model, state: State, rows: int) -> int:
    """The first row of a timed route at which goods end that rode too long; NONE where none do."""
    stops, walk = stops_of(state), walk_of(state)
    for row in range(rows):
        node = stops[walk[row, 0]].node
        if node < model.nodes:
            task = tasks_of(model)[tasks_served(model)[node]]
            if task.pickup != NONE and task.ride_limit < FOREVER:
                before = row_before(state, row, tasks_of(model)[task.pickup].first_node)
                if walk[row, 3] - walk[before, 4] > task.ride_limit:
                    return row
    return NONE


@compiled
def row_before(state: State, row: int, stop: int) -> int:
    """The row of a stop before another row; there is one where pairs are kept."""
    before = row - 1
    while before > 0 and walk_of(state)[before, 0] != stop:
        before -= 1
    return before
