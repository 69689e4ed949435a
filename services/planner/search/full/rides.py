"""
Rides: where goods would ride too long, their pickup waits, and what follows it as far as it must.

A move only ever delays, so that the first timing at which all is well is the earliest that there is
from these beginnings.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NONE
from services.planner.search.full.schedule import LEAVE, READY, START, STOP, TAKEN, hold_breaks
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    stays_of,
    stops_of,
    tasks_of,
    tasks_served,
    walk_of,
)
from services.planner.search.rules.breaks import back_through, last_arrival, pause_at, through
from services.planner.search.rules.pairing import long_ride, row_before
from services.planner.search.rules.windows import open_at

ROUNDS_PER_ROW = 4  # delays tried; a pair that pushes itself on would go on for ever


@compiled
def shorten_rides(model: Model, state: State, line: Record, start: int, rows: int) -> int:
    """Delays pickups of a timed route until no goods ride too long; gives its start, or NONE."""
    for _ in range(ROUNDS_PER_ROW * rows):
        row = long_ride(model, state, rows)
        if row == NONE:
            return restart(model, state, line, start, rows)
        task = tasks_of(model)[tasks_served(model)[stops_of(state)[walk_of(state)[row, STOP]].node]]
        pickup = row_before(state, row, tasks_of(model)[task.pickup].first_node)
        wanted = walk_of(state)[row, START] - task.ride_limit
        if not delay(model, state, line, start, pickup, wanted, rows):
            return NONE
    return NONE


@compiled
def delay(
    model: Model, state: State, line: Record, start: int, first: int, leave: int, rows: int
) -> bool:
    """Leaves a row no earlier than a moment, and moves what follows; whether all still holds."""
    stops, walk, here = stops_of(state), walk_of(state), walk_of(state)[first, STOP]
    stay = stays_of(model)[line.stays, stops[here].node]
    begin = open_at(model, stay, max(walk[first, START], leave - stay.service))
    for row in range(first, rows):
        stop = walk[row, STOP]
        stay = stays_of(model)[line.stays, stops[stop].node]
        if row > first:
            ready = arrival(model, state, line, start, row)
            begin = open_at(model, stay, max(walk[row, START], ready + setup_of(state, start, row)))
        if begin > stops[stop].latest:
            return False
        walk[row, START], walk[row, READY] = begin, begin - setup_of(state, start, row)
        walk[row, LEAVE] = max(begin + stay.service, stops[stop].release)
    over = arrival(model, state, line, start, rows)
    walk[rows, READY] = walk[rows, START] = walk[rows, LEAVE] = over
    return over <= last_arrival(model, line, walk[rows, TAKEN])


@compiled
def setup_of(state: State, start: int, row: int) -> int:
    """The setup of a row: none where the vehicle stands there already."""
    here = start if row == 0 else walk_of(state)[row - 1, STOP]
    stop = stops_of(state)[walk_of(state)[row, STOP]]
    return stop.setup if stops_of(state)[here].place != stop.place else 0


@compiled
def arrival(model: Model, state: State, line: Record, start: int, row: int) -> int:
    """When the leg to a row, not the first, is over; FOREVER where its breaks cannot be held."""
    walk = walk_of(state)
    here, leave, before = walk[row - 1, STOP], walk[row - 1, LEAVE], walk[row - 1, TAKEN]
    seconds = stops_of(state)[here].seconds_on
    if before == walk[row, TAKEN]:
        return leave + seconds
    return through(pause_at(model, line, before, walk[row, TAKEN]), leave, seconds)


@compiled
def restart(model: Model, state: State, line: Record, start: int, rows: int) -> int:
    """Starts as late as the first row allows, and holds the breaks; gives the start of loading."""
    walk, seconds = walk_of(state), stops_of(state)[start].seconds_on
    depart = line.ready + line.loading
    if not line.is_under_way:
        depart = walk[0, READY] - seconds
        if walk[0, TAKEN]:
            depart = back_through(pause_at(model, line, 0, walk[0, TAKEN]), walk[0, READY], seconds)
    hold_breaks(model, state, line, start, depart, rows)
    return depart - line.loading
