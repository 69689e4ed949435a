"""
Insertion: what it costs to put a task after a stop, and whether that can hold.

Every rule has its part in `can_insert`: constant time from what the stops keep. What passes is put
in and confirmed by the exact pass; what fails there is banned for this look.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import (
    GRAIN,
    NEVER,
    NONE,
)
from services.planner.search.full.links import is_task, start_of
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    lines_of,
    roads_of,
    roads_to_of,
    routes_of,
    stays_of,
    stops_of,
    tasks_of,
    tasks_served,
)
from services.planner.search.rules.breaks import has_room
from services.planner.search.rules.capacity import has_capacity
from services.planner.search.rules.cost import lasting_grains
from services.planner.search.rules.duty import keeps_span
from services.planner.search.rules.locks import keeps_head
from services.planner.search.rules.release import leave_released
from services.planner.search.rules.reloads import may_load
from services.planner.search.rules.service import setup_between
from services.planner.search.rules.shift import duration_with
from services.planner.search.rules.stop_limit import stops_more
from services.planner.search.rules.windows import least_micros, open_at


@compiled
def can_insert(model: Model, state: State, before: int, node: int, limit: int) -> int:
    """What a task costs after a stop, in grains; NEVER where it cannot hold or is no cheaper."""
    stops = stops_of(state)
    route, after = stops[before].route, stops[before].next
    line = lines_of(model)[route]
    stay = stays_of(model)[line.stays, node]
    if not stay.allowed:
        return NEVER
    prev, follow = stops[before], stops[after]
    to = roads_to_of(model)[line.roads, stay.place, prev.place]
    on = roads_of(model)[line.roads, stay.place, follow.place]
    meters = to.meters + on.meters - prev.meters_on
    grains = line.meter_grains * meters + GRAIN * stay.micros
    if routes_of(state)[route].size == 0:
        grains += GRAIN * line.fixed_micros
    if grains >= limit or not keeps_head(model, after):
        return NEVER
    task = tasks_served(model)[node]
    if model.uses_loads and not has_capacity(model, state, route, before, task):
        return NEVER
    seconds = to.seconds + setup_between(prev.place, stay.setup, stay.place)
    return insert_in_time(
        model, state, line, stay, before, node, seconds, on.seconds, grains, limit
    )


@compiled
def insert_in_time(
    model: Model, state: State, line: Record, stay: Record, before: int, node: int,
    to_seconds: int, on_seconds: int, grains: int, limit: int,
) -> int:  # fmt: skip
    """The part of the rules that look at the time, and of the costs that do."""
    stops, task = stops_of(state), tasks_of(model)[tasks_served(model)[node]]
    prev = stops[before]
    after = prev.next
    leave = prev.leave
    if model.uses_trips:
        if not may_load(line, prev, start_of(model, prev.route), task.load):
            return NEVER
        loading = trip_service(model, line, stops, prev.trip)
        leave = leave_released(stops, before, task, loading)
    start = open_at(model, stay, leave + to_seconds)
    if start > stops[after].latest:  # also FOREVER
        return NEVER
    on_setup = setup_between(stay.place, stops[after].setup, stops[after].place)
    if start + stay.service + on_seconds + on_setup > stops[after].latest:
        return NEVER
    if line.breaks and not has_room(
        model, state, line, before, after, stay, to_seconds, on_seconds
    ):
        return NEVER
    if line.is_timed:
        lasting = duration_with(
            model, line, prev, stops[after], stay, to_seconds, on_seconds + on_setup, start
        )
        if not keeps_span(line, lasting):
            return NEVER
        grains += lasting_grains(line, routes_of(state)[prev.route].bare, lasting)
    if model.uses_stops:
        edges = (not is_task(model, before), not is_task(model, after))
        grains += line.stop_grains * stops_more(prev, stay.place, stops[after], edges[0], edges[1])
    if stay.prices:
        last = stops[after].latest - on_setup - on_seconds - stay.service
        grains += GRAIN * least_micros(model, stay, start, last)
    return grains if grains < limit else NEVER


@compiled
def trip_service(model: Model, line: Record, stops: Record, trip: int) -> int:
    """From the start of loading at a reload to its departure; a start is its own departure."""
    return 0 if stops[trip].node == NONE else stays_of(model)[line.stays, stops[trip].node].service
