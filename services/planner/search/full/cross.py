"""
Crossing: two routes exchange their tails, which string removal cannot do where routes are long.

Also 2-opt*: Potvin and Rousseau, An Exchange Heuristic for Routeing Problems with Time Windows,
Journal of the Operational Research Society 46 (1995). A tail may move to an empty route, which
splits a route; two routes may become one; and whole routes may change their shifts. What the bounds
let pass is made and confirmed by the exact pass.
"""

from __future__ import annotations

import math

from services.planner.search.chance import below, fraction
from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import GRAIN, NEVER, NONE
from services.planner.search.full.links import is_task, start_of
from services.planner.search.full.route import refresh
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    beside_of,
    groups_from_of,
    groups_of,
    lines_of,
    roads_of,
    routes_of,
    seen_of,
    stays_of,
    stops_of,
    tasks_of,
    tasks_served,
    where_of,
)
from services.planner.search.full.tails import exchange
from services.planner.search.full.undo import begin, restore, save
from services.planner.search.rules.breaks import reaches_after
from services.planner.search.rules.capacity import add_tail, tails_fit
from services.planner.search.rules.cost import lasting_grains
from services.planner.search.rules.locks import keeps_head
from services.planner.search.rules.shift import lasting_across

EMPTY_CHANCE = 0.05  # that a tail moves to an empty route
WHOLE_CHANCE = 0.05  # that whole routes change their shifts, where these differ


@compiled
def cross(model: Model, state: State, heat: float) -> bool:
    """Tries one exchange at random; says whether it was made: it holds and gains what it must."""
    first = where_of(state)[below(state, model.task_count)]
    if first == NONE:
        return False
    if model.group_count > 1 and fraction(state) < WHOLE_CHANCE:
        first = start_of(model, stops_of(state)[first].route)
        second = start_of(model, below(state, model.shifts))
    else:
        second = partner(model, state, first)
    if second == NONE or not is_apart(model, state, first, second):
        return False
    more = -heat * math.log(fraction(state) + 1e-300)
    if crossing_grains(model, state, first, second) > GRAIN * more:
        return False
    return tails_hold(model, state, first, second) and made(model, state, first, second, more)


@compiled
def partner(model: Model, state: State, first: int) -> int:
    """A stop whose next may well come after a task, or the start of an empty route."""
    if fraction(state) < EMPTY_CHANCE:
        return empty_start(model, state, below(state, model.group_count))
    width = model.beside_count // 2
    if width == 0:  # there is one node
        return NONE
    after = beside_of(model)[first, width + below(state, width)]
    if after == NONE or stops_of(state)[after].route == NONE:
        return NONE
    return stops_of(state)[after].previous


@compiled
def empty_start(model: Model, state: State, group: int) -> int:
    """The start of the first empty route of a class; NONE where all are used."""
    for rank in range(groups_from_of(model)[group], groups_from_of(model)[group + 1]):
        route = groups_of(model)[rank]
        if routes_of(state)[route].size == 0:
            return start_of(model, route)
    return NONE


@compiled
def is_apart(model: Model, state: State, first: int, second: int) -> bool:
    """Whether two stops are of two routes, of which what follows them may be exchanged."""
    stops = stops_of(state)
    if stops[first].route == stops[second].route:
        return False
    one, two = stops[first].next, stops[second].next
    if stops[one].next == NONE and stops[two].next == NONE:
        return False
    return keeps_head(model, one) and keeps_head(model, two)


@compiled
def crossing_grains(model: Model, state: State, first: int, second: int) -> int:
    """What it costs more when two stops exchange what follows them; NEVER when it is too late."""
    stops, routes = stops_of(state), routes_of(state)
    one, two = lines_of(model)[stops[first].route], lines_of(model)[stops[second].route]
    grains = joint_grains(model, state, one, first, second)
    grains += joint_grains(model, state, two, second, first)
    if one.group != two.group and grains < NEVER:
        grains += moving_grains(model, state, stops[first].next, one, two)
        grains += moving_grains(model, state, stops[second].next, two, one)
    if routes[stops[second].route].size == 0:
        grains += GRAIN * two.fixed_micros
    elif stops[second].previous == NONE and stops[stops[first].next].next == NONE:
        grains -= GRAIN * two.fixed_micros
    if stops[first].previous == NONE and stops[stops[second].next].next == NONE:
        grains -= GRAIN * one.fixed_micros
    return min(grains, NEVER)


@compiled
def joint_grains(model: Model, state: State, line: Record, here: int, other: int) -> int:
    """What a route costs more when after a stop comes what follows another."""
    stops, there = stops_of(state), stops_of(state)[other].next
    is_end = stops[there].next == NONE
    goes = not is_end or stops[here].previous != NONE
    place = line.goal if is_end else stops[there].place
    way = roads_of(model)[line.roads, stops[here].place, place]
    setup = stops[there].setup if stops[here].place != stops[there].place else 0
    if goes and not is_in_time(model, state, line, here, there, way.seconds, setup):
        return NEVER
    meters = (way.meters if goes else 0) - stops[here].meters_on
    grains = line.meter_grains * meters
    if line.is_timed:
        lasting = 0
        if goes:
            lasting = lasting_across(line, stops[here], stops[there], way.seconds + setup)
        grains += lasting_grains(line, routes_of(state)[stops[here].route].bare, lasting)
    return grains


@compiled
def is_in_time(
    model: Model, state: State, line: Record, here: int, there: int, seconds: int, setup: int
) -> bool:
    """Whether a stop is reached in time from another; a bound where shifts differ."""
    stops = stops_of(state)
    if line.breaks and line.group == lines_of(model)[stops[there].route].group:
        return reaches_after(model, state, line, here, there, seconds, setup)
    return stops[here].leave + seconds + setup <= stops[there].latest


@compiled
def moving_grains(model: Model, state: State, stop: int, own: Record, other: Record) -> int:
    """What the stops from one on cost more when another shift serves them; NEVER: it may not."""
    stops, grains = stops_of(state), 0
    while stops[stop].next != NONE:
        node, after = stops[stop].node, stops[stop].next
        if not is_task(model, stop) or not stays_of(model)[other.stays, node].allowed:
            return NEVER
        here, there = stays_of(model)[own.stays, node], stays_of(model)[other.stays, node]
        place = other.goal if stops[after].next == NONE else stops[after].place
        way = roads_of(model)[other.roads, there.place, place]
        grains += other.meter_grains * way.meters - own.meter_grains * stops[stop].meters_on
        grains += GRAIN * (there.micros - here.micros)
        stop = after
    return grains


@compiled
def tails_hold(model: Model, state: State, first: int, second: int) -> bool:
    """Whether the vehicles can carry what they exchange, and no pair is torn apart."""
    if model.uses_pairs and not (is_whole(model, state, first) and is_whole(model, state, second)):
        return False
    if not model.uses_loads:
        return True
    if model.has_plain_loads:
        add_tail(model, state, first, 0)
        add_tail(model, state, second, 1)
    return tails_fit(model, state, first, second)


@compiled
def is_whole(model: Model, state: State, stop: int) -> bool:
    """Whether of all deliveries behind a stop the pickups are behind it too."""
    state.looks += 1
    stops, seen, mark = stops_of(state), seen_of(state), state.looks
    stop = stops[stop].next
    while stops[stop].next != NONE:
        if is_task(model, stop):
            task = tasks_of(model)[tasks_served(model)[stop]]
            seen[stop] = mark
            if task.pickup != NONE and seen[where_of(state)[task.pickup]] != mark:
                return False
        stop = stops[stop].next
    return True


@compiled
def made(model: Model, state: State, first: int, second: int, more: float) -> bool:
    """Exchanges, unless the exact pass finds that it does not hold or costs too much."""
    begin(state)
    micros, one, two = state.micros, stops_of(state)[first].route, stops_of(state)[second].route
    save(model, state, one)
    save(model, state, two)
    exchange(model, state, first, second)
    holds = refresh(model, state, one) and refresh(model, state, two)
    if holds and state.micros <= micros + more:
        return True
    restore(model, state, micros)
    return False
