"""Watching: rules and costs that follow the timed route, after all others hold."""

from __future__ import annotations

from services.planner.domain.money import WATT_HOURS_PER_KILOWATT_HOUR
from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NONE
from services.planner.search.full.schedule import LEAVE, START, STOP, TAKEN, write_walk
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    batteries_of,
    lines_of,
    routes_of,
    stays_of,
    stops_of,
    walk_of,
)
from services.planner.search.rules.charge import charge_left
from services.planner.search.rules.duty import keeps_clocks
from services.planner.search.rules.pairing import keeps_rides
from services.planner.search.rules.windows import start_micros


@compiled
def keeps_watch(model: Model, state: State, route: int, start: int, end: int) -> bool:
    """Whether a timed route holds; keeps what its moments and its energy cost."""
    line, own = lines_of(model)[route], routes_of(state)[route]
    begin = write_walk(model, state, line, start, end)
    rows = own.size + own.reloads
    over, taken = walk_of(state)[rows, LEAVE] + line.unloading, walk_of(state)[rows, TAKEN]
    if line.is_timed:  # the moments priced below are of these times, not of the shortest ones
        own.lasting = over - (line.began if line.is_under_way else begin)
    if line.duties and not keeps_clocks(model, state, line, begin, over, taken):
        return False
    if model.uses_rides and not keeps_rides(model, state, rows):
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
def moments_micros(model: Model, state: State, line: Record, rows: int) -> int:
    """What the starts of service cost."""
    micros = 0
    for row in range(rows):
        stay = stays_of(model)[line.stays, stops_of(state)[walk_of(state)[row, STOP]].node]
        if stay.prices:
            micros += start_micros(model, stay, walk_of(state)[row, START])
    return micros
