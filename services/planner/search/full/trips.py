"""
Trips: a task after a stop together with a reload before or after it.

It is tried where the task alone does not hold. The bounds look at what the two parts of the trip
load; the exact pass confirms them.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import (
    GRAIN,
    LOAD_FROM_DEPOT,
    NONE,
)
from services.planner.search.full.found import RELOAD_AFTER, RELOAD_BEFORE, keep
from services.planner.search.full.pairs import arrive, way_grains
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    capacity_of,
    demands_of,
    found_of,
    lines_of,
    peak_before_of,
    rest_of,
    roads_of,
    roads_to_of,
    routes_of,
    stays_of,
    stops_of,
    tasks_of,
    tasks_served,
)
from services.planner.search.rules.locks import keeps_head
from services.planner.search.rules.service import seconds_of, setup_between
from services.planner.search.rules.windows import open_at


@compiled
def try_trip(model: Model, state: State, before: int, node: int) -> None:
    """Tries a task after a stop with each reload of the shift before and after it."""
    route = stops_of(state)[before].route
    line, after = lines_of(model)[route], stops_of(state)[before].next
    if routes_of(state)[route].reloads >= line.reload_limit or not keeps_head(model, after):
        return
    if not stays_of(model)[line.stays, node].allowed or (
        routes_of(state)[route].size == 0 and not line.is_under_way
    ):
        return
    first = model.nodes + line.reloads_from
    for reload in range(first, first + line.reloads):
        if stays_of(model)[line.stays, reload].allowed:
            if fits_after_reload(model, state, before, node):
                try_chain(model, state, line, before, node, reload, True)
            if fits_before_reload(model, state, before, node):
                try_chain(model, state, line, before, node, reload, False)


@compiled
def fits_after_reload(model: Model, state: State, before: int, node: int) -> bool:
    """Whether a reload before a task can load it with the rest of the trip."""
    route, task = stops_of(state)[before].route, tasks_served(model)[node]
    if tasks_of(model)[task].load != LOAD_FROM_DEPOT:
        return True
    for dimension in range(model.dimensions):
        load = rest_of(state)[before, dimension] + demands_of(model)[task, dimension]
        if load > capacity_of(model)[route, dimension]:
            return False
    return True


@compiled
def fits_before_reload(model: Model, state: State, before: int, node: int) -> bool:
    """Whether a trip that ends with a reload after a task can hold it."""
    route, task = stops_of(state)[before].route, tasks_served(model)[node]
    if tasks_of(model)[task].load != LOAD_FROM_DEPOT:
        return True
    for dimension in range(model.dimensions):
        load = peak_before_of(state)[before, dimension] - rest_of(state)[before, dimension]
        if load + demands_of(model)[task, dimension] > capacity_of(model)[route, dimension]:
            return False
    return True


@compiled
def try_chain(
    model: Model, state: State, line: Record, before: int, node: int, reload: int, first: bool
) -> None:
    """Tries a task and a reload in a row; `first` puts the reload before the task."""
    stops, after = stops_of(state), stops_of(state)[before].next
    one = stays_of(model)[line.stays, reload if first else node]
    other = stays_of(model)[line.stays, node if first else reload]
    to = roads_to_of(model)[line.roads, one.place, stops[before].place]
    between = roads_of(model)[line.roads, one.place, other.place]
    on = roads_of(model)[line.roads, other.place, stops[after].place]
    grains = way_grains(line, to) + way_grains(line, between) + way_grains(line, on)
    grains += GRAIN * (one.micros + other.micros) - line.meter_grains * stops[before].meters_on
    seconds = seconds_of(one, stops[before].place) + seconds_of(other, one.place)
    grains += line.second_grains * (seconds - stops[before].seconds_on)
    if grains >= found_of(state)[0].grains:
        return
    begin = arrive(model, state, line, before, stops[before].leave, one)
    leave = begin + one.service
    if first:
        leave = max(leave, tasks_of(model)[tasks_served(model)[node]].release)
    setup = setup_between(one.place, other.setup, other.place)
    begin = open_at(model, other, leave + between.seconds + setup)
    setup = setup_between(other.place, stops[after].setup, stops[after].place)
    if begin + other.service + on.seconds + setup <= stops[after].latest:
        keep(state, grains, before, node, RELOAD_BEFORE if first else RELOAD_AFTER, reload, NONE)
