"""Watching: rules and costs that follow the timed route, after all others hold."""

from __future__ import annotations

from services.planner.domain.money import WATT_HOURS_PER_KILOWATT_HOUR
from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import FOREVER, NONE
from services.planner.search.full.rides import shorten_rides
from services.planner.search.full.schedule import (
    LEAVE,
    START,
    STOP,
    TAKEN,
    breaks_taken,
    hold_breaks,
    write_rested,
    write_walk,
)
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    batteries_of,
    early_of,
    lines_of,
    routes_of,
    stays_of,
    stops_of,
    walk_of,
)
from services.planner.search.full.sweep import sweep
from services.planner.search.rules.charge import charge_left
from services.planner.search.rules.duty import keeps_clocks, keeps_span
from services.planner.search.rules.pairing import long_ride
from services.planner.search.rules.windows import priced, start_micros


@compiled
def keeps_watch(model: Model, state: State, route: int, start: int, end: int) -> bool:
    """Whether some timing of a route holds; keeps what its moments and its energy cost."""
    line, own = lines_of(model)[route], routes_of(state)[route]
    rows, taken = own.size + own.reloads, breaks_taken(state, line, end)
    begin = write_walk(model, state, line, start, end, taken)
    if is_dear(model, state, line, rows) and cheapen(model, state, line, start, rows):
        begin = walk_of(state)[rows + 1, LEAVE] - line.loading
        if holds(model, state, route, start, begin, rows):
            return True
        begin = write_walk(model, state, line, start, end, taken)
    if can_hold(model, state, route, start, begin, rows):
        return True
    return line.breaks > 0 and holds_otherwise(model, state, route, start, end, rows)


@compiled
def holds_otherwise(
    model: Model, state: State, route: int, start: int, end: int, rows: int
) -> bool:
    """Whether a route holds with its breaks elsewhere: more or fewer, sooner or later."""
    line = lines_of(model)[route]
    if not line.duties and not model.uses_rides:
        return False
    begin = write_rested(model, state, line, start, end)
    if can_hold(model, state, route, start, begin, rows):
        return True
    for taken in range(line.breaks + 1):
        if early_of(state)[end, taken] < FOREVER:
            begin = write_walk(model, state, line, start, end, taken)
            if can_hold(model, state, route, start, begin, rows):
                return True
    return False


@compiled
def can_hold(model: Model, state: State, route: int, start: int, begin: int, rows: int) -> bool:
    """Whether a timed route holds, as it is or when its pickups wait; keeps what it costs."""
    if holds(model, state, route, start, begin, rows):
        return True
    if not model.uses_rides or long_ride(model, state, rows) == NONE:
        return False
    begin = shorten_rides(model, state, lines_of(model)[route], start, rows)
    return begin != NONE and holds(model, state, route, start, begin, rows)


@compiled
def holds(model: Model, state: State, route: int, start: int, begin: int, rows: int) -> bool:
    """Whether a timed route holds; keeps what it costs."""
    line, own = lines_of(model)[route], routes_of(state)[route]
    over, taken = walk_of(state)[rows, LEAVE] + line.unloading, walk_of(state)[rows, TAKEN]
    if line.is_timed:  # the moments priced below are of these times, not of the shortest ones
        own.lasting = over - (line.began if line.is_under_way else begin)
        if not keeps_span(line, own.lasting):
            return False
    if line.duties and not keeps_clocks(model, state, line, begin, over, taken):
        return False
    if model.uses_rides and long_ride(model, state, rows) != NONE:
        return False
    own.moments = moments_micros(model, state, line, rows) if model.uses_prices else 0
    if line.battery:
        left = charge_left(model, state, route, start, begin, rows)
        used = batteries_of(model)[route].start - left
        kilowatt = WATT_HOURS_PER_KILOWATT_HOUR
        own.moments += (line.energy_micros * used + kilowatt // 2) // kilowatt
        return left != NONE
    return True


@compiled
def is_dear(model: Model, state: State, line: Record, rows: int) -> bool:
    """Whether other moments may cost less than those of a timed route at its earliest end."""
    least = 0
    for row in range(rows):
        stay = stays_of(model)[line.stays, stops_of(state)[walk_of(state)[row, STOP]].node]
        if line.is_timed and stay.windows > 1:
            return True
        least += stay.least_micros
    return model.uses_prices and moments_micros(model, state, line, rows) > least + rows


@compiled
def cheapen(model: Model, state: State, line: Record, start: int, rows: int) -> bool:
    """
    Writes the cheapest moments of a route; False where there are none, or too many to look at.

    Where these last into overtime that depends on the start, also those that are cheapest when all
    time costs as much as overtime, and keeps the better of both.
    """
    if not sweep(model, state, line, start, rows, line.time_slope):
        return False
    micros = timed_micros(model, state, line, start, rows)
    over = walk_of(state)[rows, LEAVE] + line.unloading
    begin = walk_of(state)[rows + 1, LEAVE] - line.loading
    if line.over_slope and not line.is_under_way and over - begin > line.over_after:
        is_found = sweep(model, state, line, start, rows, line.time_slope + line.over_slope)
        if not is_found or timed_micros(model, state, line, start, rows) > micros:
            sweep(model, state, line, start, rows, line.time_slope)
    hold_breaks(model, state, line, start, walk_of(state)[rows + 1, LEAVE], rows)
    return True


@compiled
def timed_micros(model: Model, state: State, line: Record, start: int, rows: int) -> int:
    """What the time of a swept route costs, and its moments."""
    over = walk_of(state)[rows, LEAVE] + line.unloading
    lasting = over - walk_of(state)[rows + 1, LEAVE] + line.loading
    micros = priced(line.hour_micros, lasting)
    micros += priced(line.over_micros, max(0, lasting - line.over_after))
    return micros + moments_micros(model, state, line, rows)


@compiled
def moments_micros(model: Model, state: State, line: Record, rows: int) -> int:
    """What the starts of service cost."""
    micros = 0
    for row in range(rows):
        stay = stays_of(model)[line.stays, stops_of(state)[walk_of(state)[row, STOP]].node]
        if stay.prices:
            micros += start_micros(model, stay, walk_of(state)[row, START])
    return micros
