"""
The sweep in compiled code: the cheapest moments of a route, where moments have prices.

The compiled twin of `search/sweep.py`: least cost by departure, stop after stop, one curve per
number of breaks taken, then the way back to the moments that had it. Written where `schedule`
writes its own, so that rules, prices and energy are read off one and the same timing.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import FOREVER, NEVER
from services.planner.search.full.curve import (
    push,
    push_lower,
    push_run,
    push_sum,
    push_waited,
)
from services.planner.search.full.schedule import LEAVE, READY, START, STOP, TAKEN
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    breaks_of,
    curves_of,
    pieces_of,
    runs_of,
    stays_of,
    stops_of,
    walk_of,
    window_first_of,
    window_last_of,
)
from services.planner.search.rules.breaks import last_arrival, pause_at
from services.planner.search.rules.shift import leave_start

# Scratch among the runs, after one per stop and number of breaks.
REACHED, TRIED, MERGED = range(3)


@compiled
def sweep(model: Model, state: State, line: Record, start: int, rows: int, slope: int) -> bool:
    """Writes the cheapest moments, a second at a price, into a listed walk; False: none found."""
    state.piece_top = 0
    start_run(model, state, line, start, slope)
    here = start
    for row in range(rows + 1):
        there = walk_of(state)[row, STOP]
        for taken in range(line.breaks + 1):
            reach(model, state, line, row, here, there, taken, row == rows)
        here = there
    if state.piece_top >= state.pieces_max - 1:
        return False
    over, taken = ending(model, state, line, start, rows, slope)
    if over >= FOREVER:
        return False
    trace(model, state, line, start, rows, over, taken)
    return True


@compiled
def run_at(state: State, row: int, taken: int) -> Record:
    """The curve of departures towards a row with some breaks taken."""
    return runs_of(state)[row * state.labels + taken]


@compiled
def scratch_run(state: State, which: int) -> Record:
    """A curve that lasts for one leg."""
    return runs_of(state)[len(runs_of(state)) - 1 - which]


@compiled
def start_run(model: Model, state: State, line: Record, start: int, slope: int) -> None:
    """No break is taken; each second later saves what a second costs."""
    leave = leave_start(line, stops_of(state)[start].release)
    if line.is_under_way:
        push(state, leave, leave, 0, 0)
    else:
        push(state, leave, line.end - line.unloading, 0, -slope)
    for taken in range(line.breaks + 1):
        push_run(state, run_at(state, 0, taken), 0 if taken == 0 else state.piece_top)


@compiled
def reach(
    model: Model, state: State, line: Record, row: int,
    here: int, there: int, taken: int, is_end: bool,
) -> None:  # fmt: skip
    """The curve behind a stop with some breaks taken; for the end that of arrivals."""
    stop = stops_of(state)[there]
    setup = 0 if is_end or stops_of(state)[here].place == stop.place else stop.setup
    until = last_arrival(model, line, taken) if is_end else stop.latest - setup
    reached = scratch_run(state, REACHED)
    push_run(state, reached, state.piece_top)
    for before in range(taken + 1):
        tried, merged = scratch_run(state, TRIED), scratch_run(state, MERGED)
        first = state.piece_top
        push_leg(model, state, line, run_at(state, row, before), before, taken, here, until)
        push_run(state, tried, first)
        if reached.count and tried.count:
            first = state.piece_top
            push_lower(state, reached, tried)
            push_run(state, merged, first)
            reached.first, reached.count = merged.first, merged.count
        elif tried.count:
            reached.first, reached.count = tried.first, tried.count
    own = run_at(state, row + 1, taken)
    if is_end:
        own.first, own.count = reached.first, reached.count
        return
    for rank in range(reached.first, reached.first + reached.count):
        pieces_of(state)[rank].first += setup
        pieces_of(state)[rank].last += setup
    first = state.piece_top
    push_stay(model, state, line, reached, there)
    push_run(state, own, first)


@compiled
def push_leg(
    model: Model, state: State, line: Record, run: Record,
    before: int, taken: int, here: int, until: int,
) -> None:  # fmt: skip
    """Adds what arriving costs after a leg with some breaks in it."""
    seconds = stops_of(state)[here].seconds_on
    if before < taken:
        pause = pause_at(model, line, before, taken)
        push_waited(state, run, pause.closes, seconds + pause.length, pause.opens, until)
        return
    if taken < line.breaks:  # one not taken yet must still be able to start
        until = min(until, breaks_of(model)[line.breaks_from + taken].last)
    push_waited(state, run, FOREVER, seconds, -FOREVER, until)


@compiled
def push_stay(model: Model, state: State, line: Record, reached: Record, there: int) -> None:
    """Adds what leaving a stop costs: what arriving costs, and its service at that moment."""
    stop = stops_of(state)[there]
    stay = stays_of(model)[line.stays, stop.node]
    opens = stop.release - stay.service
    for rank in range(stay.curves_from, stay.curves_from + stay.curves):
        piece = curves_of(model)[rank]
        first = max(piece.first, opens)
        value = (piece.value + piece.slope * (first - piece.first)) * line.time_weight
        slope = piece.slope * line.time_weight
        push_sum(state, reached, first, min(piece.last, stop.latest), value, slope, stay.service)
    if stay.curves:
        return
    if stay.windows < 2:
        first, last = max(stay.first, opens), min(stay.last, stop.latest)
        push_sum(state, reached, first, last, 0, 0, stay.service)
        return
    for window in range(stay.windows_from, stay.windows_from + stay.windows):
        first = max(window_first_of(model)[window], opens)
        last = min(window_last_of(model)[window], stop.latest)
        push_sum(state, reached, first, last, 0, 0, stay.service)


@compiled
def ending(
    model: Model, state: State, line: Record, start: int, rows: int, slope: int
) -> tuple[int, int]:
    """The arrival of the least cost, and the breaks taken by then; FOREVER where there is none."""
    first, least, best, count = stops_of(state)[start].leave, NEVER, FOREVER, 0
    steep = line.over_slope if line.is_under_way else 0
    kink = line.began + line.over_after - line.unloading
    for taken in range(line.breaks + 1):
        run = run_at(state, rows + 1, taken)
        for rank in range(run.first, run.first + run.count):
            piece = pieces_of(state)[rank]
            for moment in (piece.first, min(max(piece.first, kink), piece.last), piece.last):
                value = piece.value + piece.slope * (moment - piece.first)
                value += slope * (moment - first) + steep * max(0, moment - kink)
                if value < least or (value == least and moment < best):
                    least, best, count = value, moment, taken
    return best, count


@compiled
def trace(
    model: Model, state: State, line: Record, start: int, rows: int, over: int, taken: int
) -> None:
    """Writes the moments of the route that is over at one with some breaks taken."""
    walk, stops = walk_of(state), stops_of(state)
    walk[rows, READY] = walk[rows, START] = walk[rows, LEAVE] = ready = over
    for row in range(rows, -1, -1):
        walk[row, TAKEN] = taken
        here = start if row == 0 else walk[row - 1, STOP]
        depart, taken = departure(model, state, line, row, ready, taken, stops[here].seconds_on)
        if row == 0:
            walk[rows + 1, LEAVE] = depart
            return
        stay = stays_of(model)[line.stays, stops[here].node]
        origin = start if row == 1 else walk[row - 2, STOP]
        setup = stops[here].setup if stops[origin].place != stops[here].place else 0
        walk[row - 1, LEAVE], walk[row - 1, START] = depart, depart - stay.service
        walk[row - 1, READY] = ready = depart - stay.service - setup


@compiled
def departure(
    model: Model, state: State, line: Record, row: int, ready: int, taken: int, seconds: int
) -> tuple[int, int]:
    """When a leg is left that is over at a moment, and the breaks taken before, at least cost."""
    least, depart, count = NEVER, ready - seconds, taken
    for before in range(taken, -1, -1):
        pause = pause_at(model, line, before, taken)
        if pause.opens > ready:
            continue
        limit, run = min(pause.closes, ready - seconds - pause.length), run_at(state, row, before)
        for rank in range(run.first, run.first + run.count):
            piece = pieces_of(state)[rank]
            if piece.first > limit:
                break
            moment = piece.first if piece.slope >= 0 else min(piece.last, limit)
            value = piece.value + piece.slope * (moment - piece.first)
            if value < least:
                least, depart, count = value, moment, before
    return depart, count
