"""A given plan as the state to go on from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.planner.search.compiled import compiled
from services.planner.search.lean.anneal import accept
from services.planner.search.lean.arrays import NONE, Model, State
from services.planner.search.lean.links import begin, put_in
from services.planner.search.lean.recreate import fits

Ranks = NDArray[np.int32]


@compiled
def load_routes(model: Model, state: State, tasks: Ranks, ends: NDArray[np.int64]) -> None:
    """
    Fills empty routes with tasks as far as they hold; route r ends before `tasks[ends[r]]`.

    The plan is kept as the best when it is.
    """
    clear(model, state)
    begin(state)
    first = 0
    for route in range(len(ends)):
        if holds(model, tasks, first, ends[route]):
            append(model, state, route, tasks, first, ends[route])
        else:
            append_what_fits(model, state, route, tasks, first, ends[route])
        first = ends[route]
    list_absent(model, state)
    accept(model, state)


@compiled
def clear(model: Model, state: State) -> None:
    """Nothing is served, and every route may differ from the best plan's."""
    tally = state.tally[0]
    tally.cost = tally.used = tally.spare = 0
    for task in range(model.near.shape[0]):
        tally.cost += model.tasks[task].penalty
    for route in range(state.routes.shape[0]):
        state.routes[route].load = state.routes[route].size = 0
        state.lists[route].dirty = route
        state.lists[route].is_dirty = True
    tally.dirty = state.routes.shape[0]


@compiled
def holds(model: Model, tasks: Ranks, first: int, end: int) -> bool:
    """Whether a route with these tasks holds."""
    place = depot = model.near.shape[0]
    time, load = np.int64(model.tasks[depot].opens), 0
    for rank in range(first, end):
        task = tasks[rank]
        time = max(time + model.legs[place, task].time, model.tasks[task].opens)
        load += model.tasks[task].demand
        if time > model.tasks[task].closes or load > model.capacity:
            return False
        place = task
    return bool(time + model.legs[place, depot].time <= model.tasks[depot].closes)


@compiled
def append(model: Model, state: State, route: int, tasks: Ranks, first: int, end: int) -> None:
    """Puts tasks that hold together at the end of a route."""
    before = model.near.shape[0] + 2 * route
    for rank in range(first, end):
        if state.nodes[tasks[rank]].route == NONE:
            put_in(model, state, tasks[rank], before)
            before = tasks[rank]


@compiled
def append_what_fits(
    model: Model, state: State, route: int, tasks: Ranks, first: int, end: int
) -> None:
    """Puts those tasks at the end of a route that hold with those before."""
    before = model.near.shape[0] + 2 * route
    for rank in range(first, end):
        task = tasks[rank]
        if state.nodes[task].route == NONE and fits(model, state, task, before):
            put_in(model, state, task, before)
            before = task


@compiled
def list_absent(model: Model, state: State) -> None:
    """Finds out what is left out."""
    tally = state.tally[0]
    tally.absent = 0
    for task in range(model.near.shape[0]):
        if state.nodes[task].route == NONE:
            state.absent[tally.absent].task = task
            tally.absent += 1
