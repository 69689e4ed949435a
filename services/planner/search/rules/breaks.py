"""
Breaks: labels by the number of breaks taken.

Forward, the earliest departure of a stop with so many breaks behind it; backward, the latest start
of service with so many behind it from which the rest still holds. Breaks taken in one leg work like
one pause: it must begin before it closes, and the leg is not over before it opens. An insertion is
tried for every number of breaks before, within and after the new stop: constant time, exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import BREAK, FOREVER, PAUSE
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    breaks_of,
    early_of,
    late_of,
    pauses_of,
    stays_of,
    stops_of,
    walk_of,
)
from services.planner.search.rules.windows import last_open, open_at
from services.planner.search.view import ShiftView

Records = NDArray[np.void]


def compile_breaks(view: ShiftView) -> tuple[Records, Records]:
    """The breaks of a class of shifts, and what they make of a leg together."""
    breaks = np.array(list(view.breaks), BREAK)
    size = len(breaks) + 1
    pauses = np.zeros((size, size), PAUSE)
    for before in range(size):
        for after in range(before, size):
            pauses[before, after] = pause_of(view.breaks[before:after])
    return breaks, pauses.reshape(-1)


def pause_of(breaks: tuple[tuple[int, int, int, int], ...]) -> tuple[int, int, int]:
    """Its length, when it is over at the earliest, and the latest departure with it."""
    length, over, closes = 0, -FOREVER, FOREVER
    for _, first, last, lasts in breaks:
        closes = min(closes, last - length) if over <= last else -FOREVER
        over = max(over, first) + lasts
        length += lasts
    return length, over, closes


@compiled
def through(pause: Record, depart: int, seconds: int) -> int:
    """When a leg with a pause is over; FOREVER when its breaks cannot be held any more."""
    if depart > pause.closes:
        return FOREVER
    return max(depart + seconds + pause.length, pause.opens)


@compiled
def back_through(pause: Record, limit: int, seconds: int) -> int:
    """The latest departure of a leg that is over at a limit; -FOREVER when there is none."""
    if pause.opens > limit:
        return -FOREVER
    return min(limit - seconds - pause.length, pause.closes)


@compiled
def pause_at(model: Model, line: Record, before: int, after: int) -> Record:
    """The breaks from one number taken to another."""
    return pauses_of(model)[line.pauses_from + before * (line.breaks + 1) + after]


@compiled
def label_forward(model: Model, state: State, line: Record, here: int, there: int) -> int:
    """Labels a stop from the one before; gives its earliest departure, FOREVER when none holds."""
    stop, seconds = stops_of(state)[there], stops_of(state)[here].seconds_on
    stay = stays_of(model)[line.stays, stop.node]
    setup = stop.setup if stops_of(state)[here].place != stop.place else 0
    earliest = FOREVER
    for taken in range(line.breaks + 1):
        best = FOREVER
        for before in range(taken + 1):
            over = through(
                pause_at(model, line, before, taken), early_of(state)[here, before], seconds
            )
            if over < FOREVER:
                over = max(open_at(model, stay, over + setup) + stay.service, stop.release)
                best = min(best, over)
        state.changes += early_of(state)[there, taken] != best
        early_of(state)[there, taken] = best
        earliest = min(earliest, best)
    return earliest


@compiled
def label_end(model: Model, state: State, line: Record, here: int, end: int) -> int:
    """Labels the end of a route; gives the earliest arrival that holds, FOREVER when none does."""
    earliest = FOREVER
    for taken in range(line.breaks + 1):
        best = FOREVER
        for before in range(taken + 1):
            pause = pause_at(model, line, before, taken)
            over = through(pause, early_of(state)[here, before], stops_of(state)[here].seconds_on)
            best = min(best, over)
        if best > last_arrival(model, line, taken):
            best = FOREVER
        early_of(state)[end, taken] = best
        earliest = min(earliest, best)
    return earliest


@compiled
def last_arrival(model: Model, line: Record, taken: int) -> int:
    """The latest arrival at the end with some breaks taken: those not taken can follow."""
    limit = line.end
    if taken < line.breaks:
        limit = min(limit, breaks_of(model)[line.breaks_from + taken].last)
    return limit - line.unloading


@compiled
def label_backward(model: Model, state: State, line: Record, here: int, there: int) -> int:
    """Labels a stop from the one after; gives its latest start, -FOREVER when none holds."""
    stop, after = stops_of(state)[here], stops_of(state)[there]
    stay = stays_of(model)[line.stays, stop.node]
    setup = after.setup if stop.place != after.place else 0
    latest = -FOREVER
    for taken in range(line.breaks + 1):
        depart = latest_departure(model, state, line, there, taken, stop.seconds_on, setup)
        start = -FOREVER
        if depart >= stop.release:
            start = last_open(model, stay, depart - stay.service)
        state.changes += late_of(state)[here, taken] != start
        late_of(state)[here, taken] = start
        latest = max(latest, start)
    return latest


@compiled
def latest_departure(
    model: Model, state: State, line: Record, there: int, taken: int, seconds: int, setup: int
) -> int:
    """The latest departure towards a stop with some breaks taken before."""
    return depart_within(model, line, late_of(state)[there], taken, seconds, setup)


@compiled
def has_room(
    model: Model, state: State, line: Record, here: int, there: int,
    stay: Record, to_seconds: int, on_seconds: int,
) -> bool:  # fmt: skip
    """Whether a new stop between two others holds for some number of breaks in each leg."""
    stop, after = stops_of(state)[here], stops_of(state)[there]
    setup = stay.setup if stop.place != stay.place else 0
    setup_on = after.setup if after.place != stay.place else 0
    for before in range(line.breaks + 1):
        for taken in range(before, line.breaks + 1):
            over = through(
                pause_at(model, line, before, taken), early_of(state)[here, before], to_seconds
            )
            if over >= FOREVER:
                continue
            leave = open_at(model, stay, over + setup) + stay.service
            if reaches(model, state, line, there, taken, leave, on_seconds, setup_on):
                return True
    return False


@compiled
def reaches(
    model: Model, state: State, line: Record, there: int,
    taken: int, leave: int, seconds: int, setup: int,
) -> bool:  # fmt: skip
    """Whether a departure is early enough for the rest of the route."""
    for after in range(taken, line.breaks + 1):
        over = through(pause_at(model, line, taken, after), leave, seconds)
        if over + setup <= late_of(state)[there, after]:
            return True
    return False


@compiled
def reaches_after(
    model: Model, state: State, line: Record, here: int, there: int, seconds: int, setup: int
) -> bool:
    """Whether a stop reaches another in time for the rest of its route."""
    for taken in range(line.breaks + 1):
        leave = early_of(state)[here, taken]
        if leave < FOREVER and reaches(model, state, line, there, taken, leave, seconds, setup):
            return True
    return False


@compiled
def label_start(state: State, line: Record, start: int, leave: int) -> None:
    """Labels the start: no break is taken before."""
    for taken in range(line.breaks + 1):
        early_of(state)[start, taken] = FOREVER if taken else leave


@compiled
def label_limits(model: Model, state: State, line: Record, end: int) -> int:
    """Labels the end backward; gives the latest arrival that can hold."""
    latest = -FOREVER
    for taken in range(line.breaks + 1):
        late_of(state)[end, taken] = last_arrival(model, line, taken)
        latest = max(latest, late_of(state)[end, taken])
    return latest


@compiled
def labelled_duration(model: Model, state: State, line: Record, start: int, end: int) -> int:
    """
    How long a route lasts that ends as early as it can and starts as late as that allows.

    Walks backward with the labels of one stop at a time, in scratch rows.
    """
    over = ending(model, state, line, start, end)
    if line.is_under_way:
        return over + line.unloading - line.began
    stops, limits, now = stops_of(state), walk_of(state), 0
    for taken in range(line.breaks + 1):
        limits[0, taken] = min(over, last_arrival(model, line, taken))
    stop = end
    while stops[stop].previous != start:
        here = stops[stop].previous
        relabel(model, state, line, here, stop, now)
        stop, now = here, 1 - now
    setup = stops[stop].setup if stops[stop].place != stops[start].place else 0
    depart = depart_within(model, line, limits[now], 0, stops[start].seconds_on, setup)
    return over + line.unloading - (depart - line.loading)


@compiled
def ending(model: Model, state: State, line: Record, start: int, end: int) -> int:
    """The earliest arrival at the end that holds."""
    last = stops_of(state)[end].previous
    if line.breaks == 0:
        return stops_of(state)[last].leave + stops_of(state)[last].seconds_on
    over = FOREVER
    for taken in range(line.breaks + 1):
        over = min(over, early_of(state)[end, taken])
    return over


@compiled
def relabel(model: Model, state: State, line: Record, here: int, there: int, now: int) -> None:
    """Latest starts at a stop into one scratch row, from those at the next in the other."""
    stops, limits = stops_of(state), walk_of(state)
    stay = stays_of(model)[line.stays, stops[here].node]
    setup = stops[there].setup if stops[here].place != stops[there].place else 0
    for taken in range(line.breaks + 1):
        depart = depart_within(model, line, limits[now], taken, stops[here].seconds_on, setup)
        start = -FOREVER
        if depart >= stops[here].release:
            start = last_open(model, stay, depart - stay.service)
        limits[1 - now, taken] = start


@compiled
def depart_within(
    model: Model, line: Record, limits: NDArray[np.int64], taken: int, seconds: int, setup: int
) -> int:
    """The latest departure that meets any label of the next stop."""
    depart = -FOREVER
    for after in range(taken, line.breaks + 1):
        if limits[after] > -FOREVER:
            pause = pause_at(model, line, taken, after)
            depart = max(depart, back_through(pause, limits[after] - setup, seconds))
    return depart
