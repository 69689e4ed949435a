"""Stop limit: stops are counted by the exact pass; tasks in a row at one place are one stop."""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    lines_of,
    routes_of,
    stops_of,
)


@compiled
def count_stops(model: Model, state: State, route: int, start: int) -> bool:
    """Whether a route has no more stops than it may; keeps their number for their cost."""
    stops, limit = stops_of(state), lines_of(model)[route].stop_limit
    count, here, is_new = 0, start, True
    stop = stops[start].next
    while stops[stop].next >= 0:
        is_reload = stops[stop].node >= model.nodes
        if not is_reload:
            count += is_new or stops[stop].place != stops[here].place
        is_new = is_reload
        here, stop = stop, stops[stop].next
    routes_of(state)[route].stops = count
    return limit == 0 or count <= limit


@compiled
def stops_more(prev: Record, place: int, after: Record, is_first: bool, is_last: bool) -> int:
    """How many stops a route has more with a task at a place between two others."""
    comes = is_first or prev.place != place
    goes = not is_last and after.place != place
    went = not is_last and (is_first or prev.place != after.place)
    return int(comes) + int(goes) - int(went)
