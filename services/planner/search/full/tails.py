"""Tails: what follows two stops changes places, and the sums of their routes are counted anew."""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NONE
from services.planner.search.full.links import count_stop, count_way, lead, start_of
from services.planner.search.full.space import (
    Model,
    State,
    base_of,
    lines_of,
    routes_of,
    stays_of,
    stops_of,
)


@compiled
def exchange(model: Model, state: State, first: int, second: int) -> None:
    """Makes two stops of two routes exchange what follows them."""
    stops = stops_of(state)
    one, two = stops[first].route, stops[second].route
    end_one, end_two = start_of(model, one) + 1, start_of(model, two) + 1
    tail_one, last_one = stops[first].next, stops[end_one].previous
    tail_two, last_two = stops[second].next, stops[end_two].previous
    give_tail(state, first, tail_two, last_two, end_one)
    give_tail(state, second, tail_one, last_one, end_two)
    recount(model, state, one)
    recount(model, state, two)


@compiled
def give_tail(state: State, head: int, tail: int, last: int, end: int) -> None:
    """Puts a tail behind a stop; it may be no more than the end of its route."""
    stops = stops_of(state)
    if stops[tail].next == NONE:
        tail, last = end, head
    stops[head].next, stops[tail].previous = tail, head
    stops[last].next, stops[end].previous = end, last


@compiled
def recount(model: Model, state: State, route: int) -> None:
    """Counts all stops and ways of a route."""
    own, stops, line = routes_of(state)[route], stops_of(state), lines_of(model)[route]
    own.size = own.reloads = own.meters = own.driven = own.extra = 0
    for dimension in range(model.dimensions):
        base_of(state)[route, dimension] = 0
    here = start_of(model, route)
    while stops[here].next != NONE:
        stop = stops[here].next
        if stops[stop].next != NONE:
            stops[stop].route = route
            stops[stop].setup = stays_of(model)[line.stays, stops[stop].node].setup
            count_stop(model, state, route, stop, 1)
        lead(model, state, route, here, stop)
        count_way(state, route, here, 1)
        here = stop
