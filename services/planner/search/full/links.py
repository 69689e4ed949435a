"""Links: stops are taken into routes and out of them, and sums over a route are kept on the way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NONE
from services.planner.search.full.space import (
    Model,
    State,
    absent_at_of,
    absent_of,
    left_of,
    lines_of,
    roads_of,
    routes_of,
    stays_of,
    stops_of,
    tasks_of,
    tasks_served,
    where_of,
)
from services.planner.search.rules.capacity import add_load


@compiled
def copy(target: NDArray[np.int64], source: NDArray[np.int64]) -> None:
    """Copies a row of numbers."""
    for rank in range(len(source)):
        target[rank] = source[rank]


@compiled
def start_of(model: Model, route: int) -> int:
    """The stop at which a route starts; its end is the next number."""
    return model.nodes + 2 * route


@compiled
def is_task(model: Model, stop: int) -> bool:
    """Whether a stop serves a task."""
    return stop < model.nodes


@compiled
def lead(model: Model, state: State, route: int, here: int, there: int) -> None:
    """Links two stops, with the way between them; a route without stops has none."""
    stops, line = stops_of(state), lines_of(model)[route]
    stops[here].next, stops[there].previous = there, here
    way = roads_of(model)[line.roads, stops[here].place, stops[there].place]
    is_empty = stops[here].previous == NONE and stops[there].next == NONE
    stops[here].seconds_on = 0 if is_empty else way.seconds
    stops[here].meters_on = 0 if is_empty else way.meters


@compiled
def count_way(state: State, route: int, here: int, sign: int) -> None:
    """Adds the way that leaves a stop to the sums, or takes it off."""
    routes_of(state)[route].meters += sign * stops_of(state)[here].meters_on
    routes_of(state)[route].driven += sign * stops_of(state)[here].seconds_on


@compiled
def count_stop(model: Model, state: State, route: int, stop: int, sign: int) -> None:
    """Adds a stop to the sums of a route, or takes it off."""
    node = stops_of(state)[stop].node
    routes_of(state)[route].extra += (
        sign * stays_of(model)[lines_of(model)[route].stays, node].micros
    )
    if is_task(model, stop):
        routes_of(state)[route].size += sign
        add_load(model, state, route, tasks_served(model)[stop], sign)
    else:
        routes_of(state)[route].reloads += sign


@compiled
def link(model: Model, state: State, route: int, before: int, stop: int, node: int) -> None:
    """Puts a stop after another."""
    stay, after = stays_of(model)[lines_of(model)[route].stays, node], stops_of(state)[before].next
    own = stops_of(state)[stop]
    own.node, own.route, own.place, own.setup, own.release = node, route, stay.place, stay.setup, 0
    count_way(state, route, before, -1)
    own.next = after
    lead(model, state, route, before, stop)
    lead(model, state, route, stop, after)
    count_way(state, route, before, 1)
    count_way(state, route, stop, 1)
    count_stop(model, state, route, stop, 1)


@compiled
def unlink(model: Model, state: State, stop: int) -> None:
    """Takes a stop out of its route."""
    own = stops_of(state)[stop]
    route, before, after = own.route, own.previous, own.next
    count_way(state, route, before, -1)
    count_way(state, route, stop, -1)
    own.route, own.next, own.previous = NONE, NONE, NONE
    lead(model, state, route, before, after)
    count_way(state, route, before, 1)
    count_stop(model, state, route, stop, -1)


@compiled
def free_reload(model: Model, state: State) -> int:
    """A stop that can become a reload; NONE when all stand in routes."""
    first = model.nodes + 2 * model.shifts
    count = state.stop_count - first
    for step in range(count):
        rank = (state.reload_hint + step) % count
        if stops_of(state)[first + rank].route == NONE:
            state.reload_hint = (rank + 1) % count
            return first + rank
    return NONE


@compiled
def serve(model: Model, state: State, node: int) -> None:
    """Counts a task as served by a node, with its pickup or alone."""
    task = tasks_served(model)[node]
    own = tasks_of(model)[task]
    where_of(state)[task] = node
    left_of(state)[own.tier] -= own.penalty
    state.micros -= own.drop_micros
    if absent_at_of(state)[task] != NONE:
        take_from_absent(state, task)


@compiled
def leave_out(model: Model, state: State, node: int) -> None:
    """Counts a task as left out."""
    task = tasks_served(model)[node]
    own = tasks_of(model)[task]
    where_of(state)[task] = NONE
    left_of(state)[own.tier] += own.penalty
    state.micros += own.drop_micros
    if own.first_delivery == NONE:
        add_to_absent(state, task)


@compiled
def add_to_absent(state: State, task: int) -> None:
    """Lists a task among those left out."""
    absent_at_of(state)[task] = state.absent_count
    absent_of(state)[state.absent_count] = task
    state.absent_count += 1


@compiled
def take_from_absent(state: State, task: int) -> None:
    """Takes a task from the list; the last takes its rank."""
    rank = absent_at_of(state)[task]
    state.absent_count -= 1
    last = absent_of(state)[state.absent_count]
    absent_of(state)[rank], absent_at_of(state)[last] = last, rank
    absent_at_of(state)[task] = NONE
