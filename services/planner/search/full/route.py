"""The exact pass: a route that was changed is loaded, timed and priced anew, rule by rule."""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import FOREVER, NONE
from services.planner.search.full.links import start_of
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    lines_of,
    load_of,
    onboard_of,
    peak_after_of,
    peak_before_of,
    rest_of,
    routes_of,
    stays_of,
    stops_of,
)
from services.planner.search.full.watch import keeps_watch
from services.planner.search.rules.breaks import (
    label_backward,
    label_end,
    label_forward,
    label_limits,
    label_start,
    labelled_duration,
    latest_departure,
)
from services.planner.search.rules.capacity import load_route
from services.planner.search.rules.cost import route_micros
from services.planner.search.rules.distance import keeps_distance
from services.planner.search.rules.duty import keeps_driving, keeps_span
from services.planner.search.rules.goods import keeps_goods
from services.planner.search.rules.pairing import keeps_pairs
from services.planner.search.rules.reloads import cut_trips
from services.planner.search.rules.shift import leave_start, seconds_to, segment_route
from services.planner.search.rules.stop_limit import count_stops
from services.planner.search.rules.unloading import keeps_door
from services.planner.search.rules.windows import last_open, open_at


@compiled
def refresh(model: Model, state: State, route: int) -> bool:
    """Whether a route holds every rule; keeps its state and its cost."""
    return refresh_around(model, state, route, NONE)


@compiled
def refresh_around(model: Model, state: State, route: int, around: int) -> bool:
    """The same, where only one stop is new to a route that held; NONE: it changed anyhow."""
    own, start = routes_of(state)[route], start_of(model, route)
    state.micros -= own.micros
    own.micros = 0
    if own.size == 0 and own.reloads == 0:
        own.lasting = own.stops = own.moments = own.bare = 0
        stops_of(state)[start].release = 0
        clear_loads(model, state, route, start)
        return time_route(model, state, route, start, NONE)
    if not holds_order(model, state, route, start):
        return False
    if not time_route(model, state, route, start, NONE if model.uses_trips else around):
        return False
    own.micros = route_micros(line_of(model, route), own)
    state.micros += own.micros
    return True


@compiled
def line_of(model: Model, route: int) -> Record:
    """The shift of a route."""
    return lines_of(model)[route]


@compiled
def clear_loads(model: Model, state: State, route: int, start: int) -> None:
    """What is on board of a route without stops."""
    stops_of(state)[start].trip, stops_of(state)[start].run = start, 0
    for dimension in range(model.dimensions):
        load = onboard_of(model)[route, dimension]
        load_of(state)[start, dimension] = load
        peak_before_of(state)[start, dimension] = peak_after_of(state)[start, dimension] = load
        rest_of(state)[start, dimension] = 0


@compiled
def holds_order(model: Model, state: State, route: int, start: int) -> bool:
    """Whether a route holds the rules that do not look at the time."""
    own, line = routes_of(state)[route], lines_of(model)[route]
    if not (keeps_distance(line, own.meters) and keeps_driving(line, own.driven)):
        return False
    if model.uses_loads and not load_route(model, state, route, start):
        return False
    if model.uses_trips and not cut_trips(model, state, route, start):
        return False
    if model.uses_stops and not count_stops(model, state, route, start):
        return False
    if model.uses_pairs and not keeps_pairs(model, state, route, start):
        return False
    if line.door and not keeps_door(model, state, route, start):
        return False
    return not model.uses_goods or keeps_goods(model, state, route, start)


@compiled
def time_route(model: Model, state: State, route: int, start: int, around: int) -> bool:
    """Whether a route holds the rules of time; keeps its bounds and its duration."""
    line, own, end = lines_of(model)[route], routes_of(state)[route], start + 1
    if line.breaks:
        if not label_route(model, state, line, start, end, around):
            return False
    elif not bound_route(model, state, line, start, end, around):
        return False
    if line.is_timed:
        lasting = segment_route(model, state, line, start, end)
        own.bare = lasting if own.size else 0
        if own.size and (line.breaks or model.has_many_windows):
            lasting = labelled_duration(model, state, line, start, end)
        own.lasting = lasting if own.size else 0
        if own.size and not keeps_span(line, lasting):
            return False
    if own.size and (line.is_watched or model.is_watched):
        return keeps_watch(model, state, route, start, end)
    return True


@compiled
def bound_route(
    model: Model, state: State, line: Record, start: int, end: int, around: int
) -> bool:
    """Earliest departures forward, latest starts backward; no breaks."""
    stops = stops_of(state)
    here = start if around == NONE else stops[around].previous
    if around == NONE:
        stops[start].leave = leave_start(line, stops[start].release)
        stops[end].latest = line.end - line.unloading
    stop = stops[here].next
    while stop != end:
        stay, own = stays_of(model)[line.stays, stops[stop].node], stops[stop]
        begin = open_at(model, stay, stops[here].leave + seconds_to(stops, here, stop))
        if begin >= FOREVER:
            return False
        leave = max(begin + stay.service, own.release)
        if around != NONE and stop != around and leave == own.leave:
            break
        own.leave = leave
        here, stop = stop, own.next
    if stop == end and stops[here].leave + stops[here].seconds_on > stops[end].latest:
        return False
    bound_backward(model, state, line, start, end, around)
    return True


@compiled
def bound_backward(
    model: Model, state: State, line: Record, start: int, end: int, around: int
) -> None:
    """The latest start of each service from which the rest holds; of the start, its departure."""
    stops = stops_of(state)
    stop = end if around == NONE else stops[around].next
    here = stops[stop].previous
    while here != start:
        depart = stops[stop].latest - seconds_to(stops, here, stop)
        stay = stays_of(model)[line.stays, stops[here].node]
        latest = last_open(model, stay, depart - stay.service)
        if around != NONE and here != around and latest == stops[here].latest:
            return
        stops[here].latest = latest
        stop, here = here, stops[here].previous
    stops[start].latest = stops[stop].latest - seconds_to(stops, start, stop)


@compiled
def label_route(
    model: Model, state: State, line: Record, start: int, end: int, around: int
) -> bool:
    """The same by the number of breaks taken."""
    stops = stops_of(state)
    here = start if around == NONE else stops[around].previous
    if around == NONE:
        stops[start].leave = leave_start(line, stops[start].release)
        label_start(state, line, start, stops[start].leave)
        stops[end].latest = label_limits(model, state, line, end)
    stop = stops[here].next
    while stop != end:
        state.changes = 0
        stops[stop].leave = label_forward(model, state, line, here, stop)
        if stops[stop].leave >= FOREVER:
            return False
        if around != NONE and stop != around and not state.changes:
            break
        here, stop = stop, stops[stop].next
    is_used = routes_of(state)[stops[start].route].size > 0
    if stop == end and is_used and label_end(model, state, line, here, end) >= FOREVER:
        return False
    labels_backward(model, state, line, start, end, around)
    return True


@compiled
def labels_backward(
    model: Model, state: State, line: Record, start: int, end: int, around: int
) -> None:
    """The latest starts by the number of breaks taken."""
    stops = stops_of(state)
    stop = end if around == NONE else stops[around].next
    here = stops[stop].previous
    while here != start:
        state.changes = 0
        stops[here].latest = label_backward(model, state, line, here, stop)
        if around != NONE and here != around and not state.changes:
            return
        stop, here = here, stops[here].previous
    seconds = seconds_to(stops, start, stop)
    stops[start].latest = latest_departure(model, state, line, stop, 0, seconds, 0)
