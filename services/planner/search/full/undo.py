"""Undo: routes are saved before their first change, and put back if an iteration is refused."""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NONE
from services.planner.search.full.links import (
    add_to_absent,
    copy,
    is_task,
    start_of,
    take_from_absent,
)
from services.planner.search.full.space import (
    Model,
    State,
    absent_at_of,
    base_of,
    early_of,
    late_of,
    left_of,
    load_of,
    peak_after_of,
    peak_before_of,
    removed_of,
    rest_of,
    routes_of,
    saved_base_of,
    saved_ids_of,
    saved_labels_of,
    saved_left_of,
    saved_loads_of,
    saved_of,
    saved_routes_of,
    saved_stops_of,
    stops_of,
    tasks_served,
    was_absent_of,
    where_of,
)


@compiled
def begin(state: State) -> None:
    """Starts an iteration: nothing is saved, removed or touched."""
    state.mark += 1
    state.saved_route_count = state.saved_stop_count = state.removed_count = 0
    copy(saved_left_of(state), left_of(state))


@compiled
def save(model: Model, state: State, route: int) -> None:
    """Saves a route as it stands, once in an iteration."""
    own = routes_of(state)[route]
    if own.saved == state.mark:
        return
    own.saved = state.mark
    slot = state.saved_route_count
    saved_of(state)[slot].route, saved_of(state)[slot].first = route, state.saved_stop_count
    stop = start_of(model, route)
    while stop != NONE:
        save_stop(state, stop, state.saved_stop_count)
        state.saved_stop_count += 1
        stop = stops_of(state)[stop].next
    saved_of(state)[slot].count = state.saved_stop_count - saved_of(state)[slot].first
    saved_routes_of(state)[slot] = own
    copy(saved_base_of(state)[slot], base_of(state)[route])
    state.saved_route_count += 1


@compiled
def save_stop(state: State, stop: int, slot: int) -> None:
    """Copies a stop with all that is kept for it."""
    saved_ids_of(state)[slot] = stop
    saved_stops_of(state)[slot] = stops_of(state)[stop]
    for taken in range(state.labels):
        saved_labels_of(state)[slot, 0, taken] = early_of(state)[stop, taken]
        saved_labels_of(state)[slot, 1, taken] = late_of(state)[stop, taken]
    for dimension in range(state.kept_dimensions):
        saved_loads_of(state)[slot, 0, dimension] = load_of(state)[stop, dimension]
        saved_loads_of(state)[slot, 1, dimension] = peak_before_of(state)[stop, dimension]
        saved_loads_of(state)[slot, 2, dimension] = peak_after_of(state)[stop, dimension]
        saved_loads_of(state)[slot, 3, dimension] = rest_of(state)[stop, dimension]


@compiled
def restore_stop(state: State, slot: int) -> None:
    """Puts a stop back."""
    stop = saved_ids_of(state)[slot]
    stops_of(state)[stop] = saved_stops_of(state)[slot]
    for taken in range(state.labels):
        early_of(state)[stop, taken] = saved_labels_of(state)[slot, 0, taken]
        late_of(state)[stop, taken] = saved_labels_of(state)[slot, 1, taken]
    for dimension in range(state.kept_dimensions):
        load_of(state)[stop, dimension] = saved_loads_of(state)[slot, 0, dimension]
        peak_before_of(state)[stop, dimension] = saved_loads_of(state)[slot, 1, dimension]
        peak_after_of(state)[stop, dimension] = saved_loads_of(state)[slot, 2, dimension]
        rest_of(state)[stop, dimension] = saved_loads_of(state)[slot, 3, dimension]


@compiled
def clear_route(model: Model, state: State, route: int) -> None:
    """Takes all stops off a route that is about to be put back."""
    stop = stops_of(state)[start_of(model, route)].next
    while stops_of(state)[stop].next != NONE:
        after = stops_of(state)[stop].next
        stops_of(state)[stop].route = NONE
        if is_task(model, stop):
            where_of(state)[tasks_served(model)[stop]] = NONE
        stop = after


@compiled
def restore_route(model: Model, state: State, slot: int) -> None:
    """Puts a saved route back; its stops stand nowhere."""
    saved, route = saved_of(state)[slot], saved_of(state)[slot].route
    touched = routes_of(state)[route].touched
    for rank in range(saved.first, saved.first + saved.count):
        restore_stop(state, rank)
        stop = saved_ids_of(state)[rank]
        if is_task(model, stop):
            where_of(state)[tasks_served(model)[stop]] = stop
    routes_of(state)[route] = saved_routes_of(state)[slot]
    routes_of(state)[route].touched = touched
    copy(base_of(state)[route], saved_base_of(state)[slot])


@compiled
def restore(model: Model, state: State, micros: int) -> None:
    """Puts everything back as it was when the iteration began."""
    for slot in range(state.saved_route_count):
        clear_route(model, state, saved_of(state)[slot].route)
    for slot in range(state.saved_route_count):
        restore_route(model, state, slot)
    for rank in range(state.removed_count):
        restore_absence(state, removed_of(state)[rank], was_absent_of(state)[rank])
    copy(left_of(state), saved_left_of(state))
    state.micros = micros


@compiled
def restore_absence(state: State, task: int, was_absent: int) -> None:
    """Lists a task as left out exactly if it was."""
    if was_absent and absent_at_of(state)[task] == NONE:
        add_to_absent(state, task)
    elif not was_absent and absent_at_of(state)[task] != NONE:
        take_from_absent(state, task)
