"""The pool: distinct routes of good plans, until someone takes them or it is full."""

from __future__ import annotations

import numpy as np

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NONE
from services.planner.search.full.links import start_of
from services.planner.search.full.space import (
    Model,
    State,
    lines_of,
    pool_keys_of,
    pool_nodes_of,
    pool_of,
    routes_of,
    stops_of,
)

POOL_MAX = 4_096  # routes between two takes
POOL_NODES_MAX = 200_000
PRIME, OFFSET = np.uint64(1099511628211), np.uint64(14695981039346656037)  # FNV-1a, 64 bits


@compiled
def pool_route(model: Model, state: State, route: int) -> None:
    """Puts a route into the pool, unless it is there or there is no room."""
    own = routes_of(state)[route]
    length = own.size + own.reloads
    if own.size == 0 or state.pool_count == state.pool_max:
        return
    if state.pool_node_count + length > state.pool_nodes_max or not is_new(model, state, route):
        return
    entry, stop = pool_of(state)[state.pool_count], stops_of(state)[start_of(model, route)].next
    entry.route, entry.first, entry.count = route, state.pool_node_count, length
    entry.micros = own.micros
    while stops_of(state)[stop].next != NONE:
        pool_nodes_of(state)[state.pool_node_count] = stops_of(state)[stop].node
        state.pool_node_count += 1
        stop = stops_of(state)[stop].next
    state.pool_count += 1


@compiled
def is_new(model: Model, state: State, route: int) -> bool:
    """Whether no such route of its class was pooled since the last take; notes it."""
    key = digest(model, state, route)
    keys = pool_keys_of(state)
    slot = np.int64(key % np.uint64(state.pool_keys_max))
    while keys[slot] != 0:
        if keys[slot] == key:
            return False
        slot = (slot + 1) % state.pool_keys_max
    keys[slot] = key
    return True


@compiled
def digest(model: Model, state: State, route: int) -> np.uint64:
    """A number that differs for different routes, never 0."""
    key = (OFFSET ^ np.uint64(lines_of(model)[route].group)) * PRIME
    stop = stops_of(state)[start_of(model, route)].next
    while stops_of(state)[stop].next != NONE:
        key = (key ^ np.uint64(stops_of(state)[stop].node)) * PRIME
        stop = stops_of(state)[stop].next
    return key | np.uint64(1)
