"""
Reloads: a route is cut into trips, at most as many as its shift allows.

Each stop knows where its trip starts and how long it runs since then without waiting. A vehicle
under way loads nothing before its first reload. What a reload does to loads stands in `capacity`.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import LOAD_FROM_DEPOT
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    lines_of,
    routes_of,
    stays_of,
    stops_of,
    tasks_of,
    tasks_served,
)
from services.planner.search.rules.shift import seconds_to


@compiled
def cut_trips(model: Model, state: State, route: int, start: int) -> bool:
    """Whether a route has no more reloads than it may, and loads only where it can."""
    stops, line = stops_of(state), lines_of(model)[route]
    if routes_of(state)[route].reloads > line.reload_limit:
        return False
    begin_trip(stops, start)
    here, trip = start, start
    while stops[stops[here].next].next >= 0:
        stop = stops[here].next
        if stops[stop].node >= model.nodes:
            trip = stop
            begin_trip(stops, stop)
        elif not ride_trip(model, state, line, here, stop, start):
            return False
        stops[stop].trip = trip
        here = stop
    return True


@compiled
def begin_trip(stops: Record, stop: int) -> None:
    """A trip without stops."""
    stops[stop].trip, stops[stop].run, stops[stop].release = stop, 0, 0


@compiled
def ride_trip(model: Model, state: State, line: Record, here: int, stop: int, start: int) -> bool:
    """Adds a stop to the trip of the one before; a vehicle under way may not have its goods."""
    stops = stops_of(state)
    trip, task = stops[here].trip, tasks_of(model)[tasks_served(model)[stops[stop].node]]
    service = stays_of(model)[line.stays, stops[stop].node].service
    stops[stop].run = stops[here].run + seconds_to(stops, here, stop) + service
    if task.load == LOAD_FROM_DEPOT:
        stops[trip].release = max(stops[trip].release, task.release)
        return not (line.is_under_way and trip == start)
    return True


@compiled
def may_load(line: Record, stop: Record, start: int, load: int) -> bool:
    """Whether what a task needs from the depot can be loaded in the trip of a stop."""
    return not (line.is_under_way and stop.trip == start and load == LOAD_FROM_DEPOT)
