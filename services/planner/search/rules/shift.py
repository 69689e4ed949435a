"""
Shift: the earliest departure and the latest arrival of a route, and its least duration.

Each stop keeps the part of the route up to it and the part from it on as one segment: how long it
lasts without needless waiting, and between which starts it lasts so. Two segments are joined in
constant time (Kindervater and Savelsbergh 1997; Vidal et al. 2013), which gives the duration of a
route with one more stop: exact where stops have one window and no break lies between them.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import FOREVER
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    stays_of,
    stops_of,
)
from services.planner.search.rules.windows import window_around

Segment = tuple[int, int, int]  # seconds, first and last start


@compiled
def join(left: Segment, seconds: int, right: Segment) -> Segment:
    """Two segments, one after the other, with a way between."""
    between = left[0] + seconds
    wait = max(0, right[1] - between - left[2])
    first = max(right[1] - between, left[1]) - wait
    return between + right[0] + wait, first, min(right[2] - between, left[2])


@compiled
def leave_start(line: Record, release: int) -> int:
    """The earliest departure from the start."""
    return max(line.ready + line.loading, release)


@compiled
def start_segment(line: Record, release: int) -> Segment:
    """Loading: begins when it likes, but under way the route has begun."""
    first = leave_start(line, release) - line.loading
    return line.loading, first, first if line.is_under_way else FOREVER


@compiled
def stop_segment(model: Model, stay: Record, start: int) -> Segment:
    """One stop, in the window in which it would start."""
    first, last = window_around(model, stay, start)
    return stay.service, first, last


@compiled
def head_of(stop: Record) -> Segment:
    """The route up to a stop."""
    return stop.head_seconds, stop.head_first, stop.head_last


@compiled
def tail_of(stop: Record) -> Segment:
    """The route from a stop on."""
    return stop.tail_seconds, stop.tail_first, stop.tail_last


@compiled
def seconds_to(stops: Record, here: int, there: int) -> int:
    """The way between two stops that follow one another, and the setup after it."""
    setup = stops[there].setup if stops[here].place != stops[there].place else 0
    return stops[here].seconds_on + setup


@compiled
def segment_route(model: Model, state: State, line: Record, start: int, end: int) -> int:
    """Keeps all segments of a route; gives its duration."""
    stops = stops_of(state)
    set_head(stops, start, start_segment(line, stops[start].release))
    here, stop = start, stops[start].next
    while stop != end:
        own = own_segment(model, line, stops[stop])
        set_head(stops, stop, join(head_of(stops[here]), seconds_to(stops, here, stop), own))
        here, stop = stop, stops[stop].next
    set_tail(stops, end, (line.unloading, -FOREVER, line.end - line.unloading))
    stop, here = end, stops[end].previous
    while here != start:
        own = own_segment(model, line, stops[here])
        set_tail(stops, here, join(own, seconds_to(stops, here, stop), tail_of(stops[stop])))
        stop, here = here, stops[here].previous
    whole = join(head_of(stops[start]), seconds_to(stops, start, stop), tail_of(stops[stop]))
    return whole[0] + line.ready - line.began if line.is_under_way else whole[0]


@compiled
def own_segment(model: Model, line: Record, stop: Record) -> Segment:
    """A stop that stands in a route; a reload waits until its goods are ready."""
    stay = stays_of(model)[line.stays, stop.node]
    own = stop_segment(model, stay, stop.leave - stay.service)
    if stop.release > own[1] + own[0]:
        return own[0], stop.release - own[0], max(own[2], stop.release - own[0])
    return own


@compiled
def set_head(stops: Record, stop: int, segment: Segment) -> None:
    """Keeps the route up to a stop."""
    stops[stop].head_seconds = segment[0]
    stops[stop].head_first = segment[1]
    stops[stop].head_last = segment[2]


@compiled
def set_tail(stops: Record, stop: int, segment: Segment) -> None:
    """Keeps the route from a stop on."""
    stops[stop].tail_seconds = segment[0]
    stops[stop].tail_first = segment[1]
    stops[stop].tail_last = segment[2]


@compiled
def duration_with(
    model: Model, line: Record, prev: Record, after: Record,
    stay: Record, to_seconds: int, on_seconds: int, start: int,
) -> int:  # fmt: skip
    """How long a route lasts with one more stop between two others; ways include setups."""
    own = stop_segment(model, stay, start)
    whole = join(join(head_of(prev), to_seconds, own), on_seconds, tail_of(after))
    return whole[0] + line.ready - line.began if line.is_under_way else whole[0]


@compiled
def lasting_across(line: Record, here: Record, there: Record, seconds: int) -> int:
    """How long a route lasts that goes from one stop on to another, setup included in the way."""
    whole = join(head_of(here), seconds, tail_of(there))
    return whole[0] + line.ready - line.began if line.is_under_way else whole[0]
