"""
The timed route: for rules and costs that look at the very moments.

Ends as early as it can and starts as late as that allows, with the breaks where the labels have
them. Where moments have prices, `sweep` writes cheaper ones; where goods would ride too long,
`rides` moves pickups. All rules and costs are read off the timing that holds.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import FOREVER, NONE
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    breaks_of,
    early_of,
    held_of,
    late_of,
    stays_of,
    stops_of,
    walk_of,
)
from services.planner.search.rules.breaks import (
    back_through,
    ending,
    last_arrival,
    pause_at,
    through,
)
from services.planner.search.rules.windows import last_open, open_at

# What a row of the walk holds; a leg leads to its stop.
STOP, TAKEN, READY, START, LEAVE = range(5)
# What a row of the held breaks holds; driving is at the wheel since the one before.
BEGIN, LENGTH, DRIVING = range(3)


@compiled
def write_walk(model: Model, state: State, line: Record, start: int, end: int, taken: int) -> int:
    """Times a route with some breaks by its end; gives when it starts. Its last row is the end."""
    rows = list_stops(model, state, line, start, end)
    trace_breaks(model, state, line, start, rows, taken)
    over = ending(model, state, line, start, end)
    if line.breaks:
        over = early_of(state)[end, taken]
    return drive_late(model, state, line, start, rows, over)


@compiled
def write_rested(model: Model, state: State, line: Record, start: int, end: int) -> int:
    """The same with each break in the first leg where all that follows can still hold."""
    rows = list_stops(model, state, line, start, end)
    walk, here, taken, now = walk_of(state), start, 0, stops_of(state)[start].leave
    for row in range(rows + 1):
        there, after = walk[row, STOP], line.breaks
        while after > taken and not can_rest(model, state, line, here, there, taken, after, now):
            after -= 1
        pause, seconds = pause_at(model, line, taken, after), stops_of(state)[here].seconds_on
        now = leave_after(model, state, line, here, there, through(pause, now, seconds))
        walk[row, TAKEN] = taken = after
        here = there
    return drive_late(model, state, line, start, rows, now)


@compiled
def can_rest(
    model: Model, state: State, line: Record,
    here: int, there: int, taken: int, after: int, now: int,
) -> bool:  # fmt: skip
    """Whether a leg that is left at a moment can hold some breaks so that the rest holds."""
    stops = stops_of(state)
    over = through(pause_at(model, line, taken, after), now, stops[here].seconds_on)
    if stops[there].next == NONE:
        return over <= last_arrival(model, line, after)
    setup = stops[there].setup if stops[here].place != stops[there].place else 0
    stay = stays_of(model)[line.stays, stops[there].node]
    return over < FOREVER and open_at(model, stay, over + setup) <= late_of(state)[there, after]


@compiled
def drive_late(model: Model, state: State, line: Record, start: int, rows: int, over: int) -> int:
    """Writes the moments of a route that starts as late as an end allows; gives its start."""
    begin = line.ready
    if not line.is_under_way:
        begin = latest_begin(model, state, line, start, rows, over)
    drive_all(model, state, line, start, begin, rows)
    return begin


@compiled
def list_stops(model: Model, state: State, line: Record, start: int, end: int) -> int:
    """Writes the stops of a route, the end last; gives the row of the end."""
    stop, row = stops_of(state)[start].next, 0
    while stop != end:
        walk_of(state)[row, STOP] = stop
        stop, row = stops_of(state)[stop].next, row + 1
    walk_of(state)[row, STOP] = end
    return row


@compiled
def breaks_taken(state: State, line: Record, end: int) -> int:
    """How many breaks are taken at the earliest end."""
    early, taken = early_of(state), 0
    for count in range(1, line.breaks + 1):
        if early[end, count] < early[end, taken]:
            taken = count
    return taken


@compiled
def trace_breaks(
    model: Model, state: State, line: Record, start: int, rows: int, taken: int
) -> None:
    """Writes how many breaks are taken when each stop is reached, for the earliest such end."""
    walk = walk_of(state)
    for row in range(rows, -1, -1):
        walk[row, TAKEN] = taken
        here = start if row == 0 else walk[row - 1, STOP]
        if line.breaks:
            taken = taken_before(model, state, line, here, walk[row, STOP], taken)


@compiled
def taken_before(
    model: Model, state: State, line: Record, here: int, there: int, taken: int
) -> int:
    """How many breaks were taken before a leg, for the label that stands after it."""
    for before in range(taken):
        leave = early_of(state)[here, before]
        over = through(
            pause_at(model, line, before, taken), leave, stops_of(state)[here].seconds_on
        )
        if (
            over < FOREVER
            and leave_after(model, state, line, here, there, over)
            == (early_of(state)[there, taken])
        ):
            return before
    return taken


@compiled
def leave_after(model: Model, state: State, line: Record, here: int, there: int, over: int) -> int:
    """When a stop is left whose leg is over at a moment; at the end, that moment."""
    stops = stops_of(state)
    if stops[there].next == NONE:
        return over
    stay = stays_of(model)[line.stays, stops[there].node]
    setup = stops[there].setup if stops[here].place != stops[there].place else 0
    return max(open_at(model, stay, over + setup) + stay.service, stops[there].release)


@compiled
def latest_begin(
    model: Model, state: State, line: Record, start: int, rows: int, limit: int
) -> int:
    """The latest start of loading with which the last leg is over by a moment."""
    stops, walk = stops_of(state), walk_of(state)
    for row in range(rows, -1, -1):
        here = start if row == 0 else walk[row - 1, STOP]
        before = 0 if row == 0 else walk[row - 1, TAKEN]
        seconds = stops[here].seconds_on
        if line.breaks:
            pause = pause_at(model, line, before, walk[row, TAKEN])
            depart = back_through(pause, limit, seconds)
        else:
            depart = limit - seconds
        if row == 0:
            return depart - line.loading
        stay = stays_of(model)[line.stays, stops[here].node]
        origin = start if row == 1 else walk[row - 2, STOP]
        setup = stops[here].setup if stops[origin].place != stops[here].place else 0
        limit = last_open(model, stay, depart - stay.service) - setup
    return line.ready


@compiled
def drive_all(model: Model, state: State, line: Record, start: int, begin: int, rows: int) -> None:
    """Writes all moments from a start of loading on."""
    stops, walk = stops_of(state), walk_of(state)
    now, here, taken, driving = begin + line.loading, start, 0, 0
    for row in range(rows + 1):
        stop = walk[row, STOP]
        over, driving = drive_leg(model, state, line, row, here, now, taken, driving)
        walk[row, READY] = walk[row, START] = walk[row, LEAVE] = over
        if row < rows:
            stay = stays_of(model)[line.stays, stops[stop].node]
            setup = stops[stop].setup if stops[here].place != stops[stop].place else 0
            walk[row, START] = open_at(model, stay, over + setup)
            walk[row, READY] = walk[row, START] - setup
            walk[row, LEAVE] = max(walk[row, START] + stay.service, stops[stop].release)
        now, here, taken = walk[row, LEAVE], stop, walk[row, TAKEN]
    hold_last(state, now, taken, driving)


@compiled
def hold_breaks(
    model: Model, state: State, line: Record, start: int, depart: int, rows: int
) -> None:
    """Writes when breaks are held on a way whose moments stand."""
    walk, now, here, taken, driving = walk_of(state), depart, start, 0, 0
    for row in range(rows + 1):
        _, driving = drive_leg(model, state, line, row, here, now, taken, driving)
        now, here, taken = walk[row, LEAVE], walk[row, STOP], walk[row, TAKEN]
    hold_last(state, now, taken, driving)


@compiled
def drive_leg(
    model: Model, state: State, line: Record, row: int,
    here: int, now: int, taken: int, driving: int,
) -> tuple[int, int]:  # fmt: skip
    """Holds the breaks of a leg; gives when it is over, and what was driven since the last."""
    held, left = held_of(state), stops_of(state)[here].seconds_on
    for number in range(taken, walk_of(state)[row, TAKEN]):
        rule = breaks_of(model)[line.breaks_from + number]
        driven = min(left, max(0, rule.first - now))
        held[number, BEGIN] = max(now + driven, rule.first)
        held[number, LENGTH], held[number, DRIVING] = rule.length, driving + driven
        now, left, driving = held[number, BEGIN] + rule.length, left - driven, 0
    return now + left, driving + left


@compiled
def hold_last(state: State, now: int, taken: int, driving: int) -> None:
    """Closes the last stretch, which no break ends."""
    held = held_of(state)
    held[taken, BEGIN], held[taken, LENGTH], held[taken, DRIVING] = now, 0, driving
