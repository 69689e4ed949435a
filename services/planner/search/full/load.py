"""Loading: given routes are taken as far as they hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NONE
from services.planner.search.full.links import free_reload, is_task, link, serve, start_of, unlink
from services.planner.search.full.route import refresh
from services.planner.search.full.space import (
    Model,
    State,
    lines_of,
    stays_of,
    stops_of,
)

Records = NDArray[np.void]  # of one record


@compiled
def refresh_all(models: Records, states: Records) -> None:
    """Times all routes as they stand."""
    model, state = models[0], states[0]
    for route in range(model.shifts):
        refresh(model, state, route)


@compiled
def take_route(
    models: Records, states: Records, route: int, nodes: NDArray[np.int64], is_kept: bool
) -> bool:
    """Whether an empty route holds a sequence; keeps it there if that is wanted."""
    model, state = models[0], states[0]
    start = start_of(model, route)
    before = start
    for node in nodes:
        stop = node if is_task(model, node) else free_reload(model, state)
        if stop != NONE and stops_of(state)[stop].route == NONE:
            link(model, state, route, before, stop, node)
            before = stop
    holds = may_all(model, state, route, start) and refresh(model, state, route)
    if holds and is_kept:
        serve_all(model, state, start)
    else:
        empty_route(model, state, route, start)
    return holds


@compiled
def may_all(model: Model, state: State, route: int, start: int) -> bool:
    """Whether a shift may serve all that stands in its route."""
    stop = stops_of(state)[start].next
    while stops_of(state)[stop].next != NONE:
        if not stays_of(model)[lines_of(model)[route].stays, stops_of(state)[stop].node].allowed:
            return False
        stop = stops_of(state)[stop].next
    return True


@compiled
def empty_route(model: Model, state: State, route: int, start: int) -> None:
    """Takes everything out of a route again."""
    while stops_of(state)[stops_of(state)[start].next].next != NONE:
        unlink(model, state, stops_of(state)[start].next)
    refresh(model, state, route)


@compiled
def serve_all(model: Model, state: State, start: int) -> None:
    """Counts what stands in a route as served."""
    stop = stops_of(state)[start].next
    while stops_of(state)[stop].next != NONE:
        if is_task(model, stop):
            serve(model, state, stop)
        stop = stops_of(state)[stop].next
