"""
Annealing: a chunk of iterations, each a ruin and a recreate that is kept or undone.

A plan is better that leaves out less of the highest tier in which two differ; between equals a
worse cost is taken with a chance that falls with the temperature.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from services.planner.search.chance import fraction
from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NONE
from services.planner.search.full.cross import cross
from services.planner.search.full.links import copy, start_of
from services.planner.search.full.pool import pool_route
from services.planner.search.full.recreate import place, recreate, sort_removed
from services.planner.search.full.ruin import add_removed, ruin
from services.planner.search.full.space import (
    Model,
    State,
    absent_of,
    best_left_of,
    best_next_of,
    best_node_of,
    left_of,
    removed_of,
    routes_of,
    saved_left_of,
    saved_of,
    stops_of,
)
from services.planner.search.full.undo import begin, restore
from services.planner.search.rules.penalties import worth

Records = NDArray[np.void]  # of one record
# Tries of an exchange of tails in an iteration, a tenth of its time; breaks and split deliveries
# gain by them, though repeats differ by up to 0.9 %.
CROSSINGS = 12


@compiled
def run(
    models: Records, states: Records, iterations: int, heat_from: float, heat_to: float
) -> None:
    """A chunk of iterations, in which the temperature falls from one to the other."""
    model, state = models[0], states[0]
    cooling = (heat_to / heat_from) ** (1.0 / max(1, iterations))
    heat = heat_from
    for _ in range(iterations):
        iterate(model, state, heat)
        for _ in range(CROSSINGS):
            if cross(model, state, heat):
                accept(model, state)
        heat *= cooling
    state.iterations += iterations


@compiled
def iterate(model: Model, state: State, heat: float) -> None:
    """One ruin and recreate."""
    begin(state)
    micros, lowest = state.micros, model.tiers - 1
    most = micros + left_of(state)[lowest] - heat * math.log(fraction(state) + 1e-300)
    ruin(model, state)
    recreate(model, state, most)
    if is_accepted(model, state, most):
        accept(model, state)
    else:
        restore(model, state, micros)


@compiled
def fill(models: Records, states: Records) -> None:
    """Inserts all that is left out, as far as it holds, and keeps the plan as the best."""
    model, state = models[0], states[0]
    begin(state)
    for rank in range(state.absent_count):
        add_removed(state, absent_of(state)[rank], 1)
    sort_removed(model, state)
    for rank in range(state.removed_count):
        task = removed_of(state)[rank]
        place(model, state, task, worth(model, state, task), 1)
    for route in range(model.shifts):
        routes_of(state)[route].dirty = 1
    if not state.has_best or is_best(model, state):
        keep_best(model, state)


@compiled
def is_accepted(model: Model, state: State, most: float) -> bool:
    """Whether the plan that stands replaces the one before; in the lowest tier it costs at most."""
    for tier in range(model.tiers - 1):
        if left_of(state)[tier] != saved_left_of(state)[tier]:
            return left_of(state)[tier] < saved_left_of(state)[tier]
    return state.micros + left_of(state)[model.tiers - 1] < most


@compiled
def accept(model: Model, state: State) -> None:
    """Goes on from the plan that stands, and keeps it when it is the best."""
    mark_dirty(state)
    if is_best(model, state):
        keep_best(model, state)


@compiled
def is_best(model: Model, state: State) -> bool:
    """Whether the plan that stands is better than the best so far."""
    for tier in range(model.tiers - 1):
        if left_of(state)[tier] != best_left_of(state)[tier]:
            return left_of(state)[tier] < best_left_of(state)[tier]
    lowest = model.tiers - 1
    return state.micros + left_of(state)[lowest] < state.best_micros + best_left_of(state)[lowest]


@compiled
def mark_dirty(state: State) -> None:
    """Marks the routes that were changed since the best plan was kept."""
    for slot in range(state.saved_route_count):
        routes_of(state)[saved_of(state)[slot].route].dirty = 1


@compiled
def keep_best(model: Model, state: State) -> None:
    """Keeps the plan that stands as the best, and its new routes for the pool."""
    state.has_best, state.best_micros = 1, state.micros
    copy(best_left_of(state), left_of(state))
    for route in range(model.shifts):
        if routes_of(state)[route].dirty:
            routes_of(state)[route].dirty = 0
            keep_route(model, state, route)
            pool_route(model, state, route)


@compiled
def keep_route(model: Model, state: State, route: int) -> None:
    """Copies the order of one route to the best plan."""
    stop = start_of(model, route)
    while stop != NONE:
        best_next_of(state)[stop] = stops_of(state)[stop].next
        best_node_of(state)[stop] = stops_of(state)[stop].node
        stop = stops_of(state)[stop].next
