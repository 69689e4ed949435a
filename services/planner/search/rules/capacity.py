"""
Capacity: what is on board on each leg, in every dimension.

Where all goods come from the start, a sum per route says it all. Else each stop keeps the load of
the leg that leaves it, the greatest load of its trip up to that leg and from it on, and what of the
trip's load is delivered later: a delivery fits where the first peak has room, a pickup where the
second has. Constant time, exact.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import (
    LOAD_FROM_DEPOT,
    LOAD_ONBOARD,
    LOAD_PAIR_DOWN,
    LOAD_PAIR_UP,
    LOAD_PICKUP,
)
from services.planner.search.full.space import (
    Model,
    State,
    base_of,
    capacity_of,
    demands_of,
    load_of,
    onboard_leaves_of,
    onboard_of,
    peak_after_of,
    peak_before_of,
    rest_of,
    stops_of,
    tails_of,
    tasks_of,
    tasks_served,
)


@compiled
def has_capacity(model: Model, state: State, route: int, before: int, task: int) -> bool:
    """Whether a task's goods fit in when it follows a stop."""
    kind = tasks_of(model)[task].load
    for dimension in range(model.dimensions):
        amount, limit = demands_of(model)[task, dimension], capacity_of(model)[route, dimension]
        if model.has_plain_loads:
            load = base_of(state)[route, dimension]
        elif kind == LOAD_FROM_DEPOT:
            load = peak_before_of(state)[before, dimension]
        elif kind == LOAD_PICKUP:
            load = peak_after_of(state)[before, dimension]
        else:
            continue
        if load + amount > limit:
            return False
    return True


@compiled
def has_capacity_on(model: Model, state: State, route: int, before: int, task: int) -> bool:
    """Whether a task's goods can ride along on one leg."""
    for dimension in range(model.dimensions):
        load = load_of(state)[before, dimension] + demands_of(model)[task, dimension]
        if load > capacity_of(model)[route, dimension]:
            return False
    return True


@compiled
def add_load(model: Model, state: State, route: int, task: int, sign: int) -> None:
    """Keeps the sum of a route with plain loads."""
    for dimension in range(model.dimensions):
        base_of(state)[route, dimension] += sign * demands_of(model)[task, dimension]


@compiled
def load_route(model: Model, state: State, route: int, start: int) -> bool:
    """Whether a route holds in every dimension; keeps what the tests need."""
    for dimension in range(model.dimensions):
        if model.has_plain_loads:
            if base_of(state)[route, dimension] > capacity_of(model)[route, dimension]:
                return False
        elif not load_dimension(model, state, route, start, dimension):
            return False
    return True


@compiled
def load_dimension(model: Model, state: State, route: int, start: int, dimension: int) -> bool:
    """The loads of one dimension, trip by trip."""
    carried, trip = onboard_of(model)[route, dimension], start
    staying = onboard_leaves_of(model)[route, dimension]
    while trip >= 0:
        last, loaded, leaves, now = load_trip(model, state, trip, dimension, carried)
        if raise_trip(state, trip, last, dimension, loaded) > capacity_of(model)[route, dimension]:
            return False
        carried, staying = now + loaded - leaves - staying, 0
        trip = stops_of(state)[last].next
        if stops_of(state)[trip].next < 0:
            return True
    return True


@compiled
def load_trip(
    model: Model, state: State, trip: int, dimension: int, carried: int
) -> tuple[int, int, int, int]:
    """
    Loads along a trip without what is loaded at its start.

    Gives its last stop, what is loaded at its start, what leaves at its end, and the load there.
    """
    stops, now, loaded, leaves = stops_of(state), carried, 0, 0
    load_of(state)[trip, dimension] = now
    stop = trip
    while True:
        after = stops[stop].next
        if stops[after].next < 0 or stops[after].node >= model.nodes:
            return stop, loaded, leaves, now
        stop = after
        task = tasks_served(model)[stops[stop].node]
        kind, amount = tasks_of(model)[task].load, demands_of(model)[task, dimension]
        if kind in (LOAD_PICKUP, LOAD_PAIR_UP):
            now += amount
        elif kind in (LOAD_FROM_DEPOT, LOAD_ONBOARD, LOAD_PAIR_DOWN):
            now -= amount
        loaded += amount if kind == LOAD_FROM_DEPOT else 0
        leaves += amount if kind == LOAD_PICKUP else 0
        load_of(state)[stop, dimension] = now
        rest_of(state)[stop, dimension] = loaded


@compiled
def raise_trip(state: State, trip: int, last: int, dimension: int, loaded: int) -> int:
    """Adds what is loaded at the start of a trip, and keeps its peaks; gives the highest."""
    load, stops = load_of(state), stops_of(state)
    rest_of(state)[trip, dimension] = 0
    peak, stop = 0, trip
    while True:
        load[stop, dimension] += loaded
        rest_of(state)[stop, dimension] = loaded - rest_of(state)[stop, dimension]
        peak = max(peak, load[stop, dimension])
        peak_before_of(state)[stop, dimension] = peak
        if stop == last:
            break
        stop = stops[stop].next
    highest, peak = peak, 0
    while True:
        peak = max(peak, load[stop, dimension])
        peak_after_of(state)[stop, dimension] = peak
        if stop == trip:
            return highest
        stop = stops[stop].previous


@compiled
def add_tail(model: Model, state: State, stop: int, slot: int) -> None:
    """Keeps the sum of what is delivered behind a stop."""
    for dimension in range(model.dimensions):
        tails_of(state)[slot, dimension] = 0
    stop = stops_of(state)[stop].next
    while stops_of(state)[stop].next >= 0:
        for dimension in range(model.dimensions):
            amount = demands_of(model)[tasks_served(model)[stop], dimension]
            tails_of(state)[slot, dimension] += amount
        stop = stops_of(state)[stop].next


@compiled
def tails_fit(model: Model, state: State, first: int, second: int) -> bool:
    """Whether two routes can carry what follows two of their stops in each other's place."""
    one, two = stops_of(state)[first].route, stops_of(state)[second].route
    for dimension in range(model.dimensions):
        if model.has_plain_loads:
            more = tails_of(state)[1, dimension] - tails_of(state)[0, dimension]
            most_one = base_of(state)[one, dimension] + more
            most_two = base_of(state)[two, dimension] - more
        else:
            most_one = peak_across(state, first, second, dimension)
            most_two = peak_across(state, second, first, dimension)
        if most_one > capacity_of(model)[one, dimension]:
            return False
        if most_two > capacity_of(model)[two, dimension]:
            return False
    return True


@compiled
def peak_across(state: State, here: int, other: int, dimension: int) -> int:
    """The highest load of a trip up to a stop and from another on."""
    later, later_other = rest_of(state)[here, dimension], rest_of(state)[other, dimension]
    before = peak_before_of(state)[here, dimension] - later + later_other
    carried = load_of(state)[here, dimension] - later
    after = peak_after_of(state)[other, dimension] - load_of(state)[other, dimension]
    return max(before, after + later_other + carried)
