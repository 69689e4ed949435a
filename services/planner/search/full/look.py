"""
A look for the best place of a task: beside its nearest, at the ends of their routes, in an empty
route of each class, and where none of these holds, everywhere.

A pickup is looked for a place, and its delivery after it. The best insertion is kept in
`found_of(state)`.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NEVER, NONE
from services.planner.search.full.found import ALONE, keep
from services.planner.search.full.insertion import can_insert
from services.planner.search.full.links import start_of
from services.planner.search.full.pairs import try_pair
from services.planner.search.full.space import (
    Model,
    State,
    beside_of,
    found_of,
    groups_from_of,
    groups_of,
    lines_of,
    routes_of,
    saved_of,
    seen_of,
    stays_of,
    stops_of,
    tasks_of,
    tasks_served,
    where_of,
)
from services.planner.search.full.trips import try_trip


@compiled
def look(model: Model, state: State, task: int, limit: int, reach: int) -> bool:
    """Whether a task can be put anywhere for less than a limit; keeps where it costs least."""
    found_of(state)[0].grains = limit
    found_of(state)[0].before = NONE
    own = tasks_of(model)[task]
    if own.pickup != NONE and where_of(state)[own.pickup] != NONE:
        look_behind(model, state, where_of(state)[own.pickup], own.first_node)
        return found_of(state)[0].before != NONE
    for node in range(own.first_node, own.first_node + own.nodes):
        beside = node if own.pickup == NONE else tasks_of(model)[own.pickup].first_node
        look_beside(model, state, beside, node)
        look_empty(model, state, node)
    if found_of(state)[0].before == NONE and reach:
        for node in range(own.first_node, own.first_node + own.nodes):
            look_everywhere(model, state, node)
    return found_of(state)[0].before != NONE


@compiled
def look_behind(model: Model, state: State, pickup: int, node: int) -> None:
    """Tries a delivery after its pickup, which stands for another of its deliveries already."""
    stop = pickup
    while stops_of(state)[stop].next != NONE:
        grains = can_insert(model, state, stop, node, found_of(state)[0].grains)
        if grains < NEVER:
            keep(state, grains, stop, node, ALONE, NONE, NONE)
        stop = stops_of(state)[stop].next


@compiled
def look_beside(model: Model, state: State, beside: int, node: int) -> None:
    """Tries a node after and before what is well placed beside it, and at the ends of routes."""
    state.looks += 1
    stops, mark, width = stops_of(state), state.looks, model.beside_count
    for rank in range(width):
        stop = beside_of(model)[beside, rank]
        route = NONE if stop == NONE else stops[stop].route
        if route == NONE:
            continue
        try_after(model, state, stop if 2 * rank < width else stops[stop].previous, node, mark)
        if routes_of(state)[route].looked != mark:
            routes_of(state)[route].looked = mark
            start = start_of(model, route)
            try_after(model, state, start, node, mark)
            try_after(model, state, stops[start + 1].previous, node, mark)
    look_at_gaps(model, state, node, mark)


@compiled
def look_at_gaps(model: Model, state: State, node: int, mark: int) -> None:
    """Tries a node around where strings were taken out in this iteration."""
    stops = stops_of(state)
    for slot in range(state.saved_route_count):
        own = routes_of(state)[saved_of(state)[slot].route]
        if own.touched != state.mark:
            return
        stop = stops[own.gap].previous
        for _ in range(model.gap_reach):
            if stop == NONE:
                break
            try_after(model, state, stop, node, mark)
            stop = stops[stop].previous
        stop = own.gap
        for _ in range(model.gap_reach):
            if stops[stop].next == NONE:
                break
            try_after(model, state, stop, node, mark)
            stop = stops[stop].next


@compiled
def look_empty(model: Model, state: State, node: int) -> None:
    """Tries a node in the first empty route of each class."""
    state.looks += 1
    for group in range(model.group_count):
        for rank in range(groups_from_of(model)[group], groups_from_of(model)[group + 1]):
            route = groups_of(model)[rank]
            if routes_of(state)[route].size == 0:
                try_after(model, state, start_of(model, route), node, state.looks)
                break


@compiled
def look_everywhere(model: Model, state: State, node: int) -> None:
    """Tries a node at every place of the routes that may serve it."""
    state.looks += 1
    for route in range(model.shifts):
        if stays_of(model)[lines_of(model)[route].stays, node].allowed:
            stop = start_of(model, route)
            while stops_of(state)[stop].next != NONE:
                try_after(model, state, stop, node, state.looks)
                stop = stops_of(state)[stop].next


@compiled
def try_after(model: Model, state: State, before: int, node: int, mark: int) -> None:
    """Tries a node after a stop, once in a look, alone, with its pickup, or with a reload."""
    if seen_of(state)[before] == mark:
        return
    seen_of(state)[before] = mark
    task = tasks_of(model)[tasks_served(model)[node]]
    if task.pickup != NONE:
        try_pair(model, state, before, node)
        return
    grains = can_insert(model, state, before, node, found_of(state)[0].grains)
    if grains < NEVER:
        keep(state, grains, before, node, ALONE, NONE, NONE)
    elif model.uses_reloads:
        try_trip(model, state, before, node)
