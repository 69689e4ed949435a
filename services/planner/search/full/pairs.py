"""
Pairs: a pickup after a stop and its delivery at every place behind it.

The route is followed with the goods on board: its moments as they are pushed back by the pickup,
its loads, and the order of the door. What passes is a bound where breaks lie on the way; the exact
pass confirms it.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import FOREVER, GRAIN, NONE
from services.planner.search.full.found import PAIR, keep
from services.planner.search.full.links import is_task
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    found_of,
    lines_of,
    roads_of,
    roads_to_of,
    routes_of,
    stays_of,
    stops_of,
    tasks_of,
    tasks_served,
)
from services.planner.search.rules.capacity import has_capacity_on
from services.planner.search.rules.locks import keeps_head
from services.planner.search.rules.service import seconds_of, setup_between
from services.planner.search.rules.unloading import LIFO
from services.planner.search.rules.windows import open_at


@compiled
def try_pair(model: Model, state: State, before: int, node: int) -> None:
    """Tries a pickup after a stop, and its delivery behind it."""
    task = tasks_of(model)[tasks_served(model)[node]]
    pickup = tasks_of(model)[task.pickup].first_node
    line, after = lines_of(model)[stops_of(state)[before].route], stops_of(state)[before].next
    up, down = stays_of(model)[line.stays, pickup], stays_of(model)[line.stays, node]
    if not (up.allowed and down.allowed and keeps_head(model, after)):
        return
    grains = GRAIN * (up.micros + down.micros)
    if routes_of(state)[stops_of(state)[before].route].size == 0:
        grains += GRAIN * line.fixed_micros
    begin = arrive(model, state, line, before, stops_of(state)[before].leave, up)
    if begin >= FOREVER or not rides(model, state, before, task.pickup):
        return
    try_close(model, state, line, before, node, begin + up.service, grains)
    apart = grains + detour(model, state, line, before, after, up)
    if apart < found_of(state)[0].grains and stops_of(state)[after].next != NONE:
        follow(model, state, line, before, node, begin + up.service, apart)


@compiled
def rides(model: Model, state: State, stop: int, task: int) -> bool:
    """Whether there is room for a pickup's goods on the leg that leaves a stop."""
    route = stops_of(state)[stop].route
    return not model.uses_loads or has_capacity_on(model, state, route, stop, task)


@compiled
def arrive(model: Model, state: State, line: Record, here: int, leave: int, stay: Record) -> int:
    """When service starts at a stay that follows a stop left at a moment; FOREVER: never."""
    place = stops_of(state)[here].place
    way = roads_to_of(model)[line.roads, stay.place, place]
    return open_at(model, stay, leave + way.seconds + setup_between(place, stay.setup, stay.place))


@compiled
def way_grains(line: Record, way: Record) -> int:
    """What a way costs."""
    return line.meter_grains * way.meters + line.second_grains * way.seconds


@compiled
def detour(model: Model, state: State, line: Record, here: int, there: int, stay: Record) -> int:
    """What a stay between two stops costs, waiting left out."""
    stops, roads = stops_of(state), line.roads
    grains = way_grains(line, roads_to_of(model)[roads, stay.place, stops[here].place])
    grains += way_grains(line, roads_of(model)[roads, stay.place, stops[there].place])
    grains -= line.meter_grains * stops[here].meters_on
    seconds = seconds_of(stay, stops[here].place) - stops[here].seconds_on
    return grains + line.second_grains * seconds


@compiled
def try_close(
    model: Model, state: State, line: Record, before: int, node: int, leave: int, grains: int
) -> None:
    """Tries the delivery at once after its pickup."""
    stops, after = stops_of(state), stops_of(state)[before].next
    pickup = tasks_of(model)[tasks_of(model)[tasks_served(model)[node]].pickup].first_node
    up, down = stays_of(model)[line.stays, pickup], stays_of(model)[line.stays, node]
    between = roads_of(model)[line.roads, up.place, down.place]
    on = roads_of(model)[line.roads, down.place, stops[after].place]
    grains += way_grains(line, roads_to_of(model)[line.roads, up.place, stops[before].place])
    grains += way_grains(line, between) + way_grains(line, on)
    grains -= line.meter_grains * stops[before].meters_on
    seconds = seconds_of(up, stops[before].place) + seconds_of(down, up.place)
    grains += line.second_grains * (seconds - stops[before].seconds_on)
    if grains >= found_of(state)[0].grains:
        return
    setup = setup_between(up.place, down.setup, down.place)
    begin = open_at(model, down, leave + between.seconds + setup)
    setup = setup_between(down.place, stops[after].setup, stops[after].place)
    if begin + down.service + on.seconds + setup <= stops[after].latest:
        keep(state, grains, before, node, PAIR, NONE, NONE)


@compiled
def follow(
    model: Model, state: State, line: Record, before: int, node: int, leave: int, apart: int
) -> None:
    """Follows a route from a pickup on, and tries the delivery after each of its stops."""
    stops = stops_of(state)
    task = tasks_of(model)[tasks_served(model)[node]]
    up = stays_of(model)[line.stays, tasks_of(model)[task.pickup].first_node]
    here, depth = stops[before].next, 0
    way = roads_of(model)[line.roads, up.place, stops[here].place]
    leave += way.seconds + setup_between(up.place, stops[here].setup, stops[here].place)
    while stops[here].next != NONE:
        stay = stays_of(model)[line.stays, stops[here].node]
        begin = open_at(model, stay, leave)
        if begin > stops[here].latest:
            return
        depth = open_within(model, line, here, depth)
        if depth < 0 or not rides(model, state, here, task.pickup):
            return
        leave = max(begin + stay.service, stops[here].release)
        if depth == 0 or line.door != LIFO:
            try_down(model, state, line, before, here, node, leave, apart)
        there = stops[here].next
        setup = setup_between(stops[here].place, stops[there].setup, stops[there].place)
        leave += stops[here].seconds_on + setup
        here = there


@compiled
def open_within(model: Model, line: Record, stop: int, depth: int) -> int:
    """How many pairs are open after a stop since the pickup; below 0 where the door is blocked."""
    if line.door != LIFO or not is_task(model, stop):
        return 0
    task = tasks_of(model)[tasks_served(model)[stop]]
    return depth + (task.first_delivery != NONE) - (task.pickup != NONE)


@compiled
def try_down(
    model: Model, state: State, line: Record,
    before: int, here: int, node: int, leave: int, apart: int,
) -> None:  # fmt: skip
    """Tries the delivery after a stop that is left at a moment."""
    stops, down, there = (
        stops_of(state),
        stays_of(model)[line.stays, node],
        stops_of(state)[here].next,
    )
    grains = apart + detour(model, state, line, here, there, down)
    if grains >= found_of(state)[0].grains or not keeps_head(model, there):
        return
    begin = arrive(model, state, line, here, leave, down)
    on = roads_of(model)[line.roads, down.place, stops[there].place]
    setup = setup_between(down.place, stops[there].setup, stops[there].place)
    if begin + down.service + on.seconds + setup <= stops[there].latest:
        keep(state, grains, before, node, PAIR, NONE, here)
