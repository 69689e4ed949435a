"""
Charge: the battery's level is followed along the timed route, leg by leg, by the exact pass.

Energy depends on the load on board and on waiting, so there is no useful bound in constant time.
"""

from __future__ import annotations

from services.planner.domain.energy import GRAMS_PER_TONNE
from services.planner.domain.money import METERS_PER_KILOMETER, SECONDS_PER_HOUR
from services.planner.domain.shift import Shift
from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import (
    LOAD_FROM_DEPOT,
    LOAD_NONE,
    LOAD_PAIR_UP,
    LOAD_PICKUP,
    NONE,
)
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    batteries_of,
    lines_of,
    stops_of,
    tasks_of,
    tasks_served,
    walk_of,
)


def battery_of(shift: Shift) -> tuple[int, ...]:
    """A shift's battery and what driving takes from it, as the fields of BATTERY."""
    battery, model = shift.vehicle.battery, shift.vehicle.energy_model
    if battery is None:
        return (0,) * 7
    limits = (battery.reserve_watt_hours, battery.end_watt_hours)
    return (shift.start_charge_watt_hours, *limits, *model.terms)


@compiled
def charge_left(model: Model, state: State, route: int, start: int, begin: int, rows: int) -> int:
    """What a battery holds at the end of a timed route; NONE where it falls too low."""
    stops, walk, battery = stops_of(state), walk_of(state), batteries_of(model)[route]
    level, here, reached = battery.start, start, begin
    mass = lines_of(model)[route].onboard_mass + trip_mass(model, state, start)
    for row in range(rows + 1):
        stop = walk[row, 0]
        level -= leg_watt_hours(battery, stops[here].meters_on, walk[row, 2] - reached, mass)
        if stops[here].place != stops[stop].place and not is_open(model, stops[stop].place):
            level -= battery.stop
        if level < battery.reserve:
            return NONE
        mass += mass_moved(model, state, route, stop)
        here, reached = stop, walk[row, 2]
    return level if level >= battery.end else NONE


@compiled
def is_open(model: Model, place: int) -> bool:
    """Whether a place is nowhere: the end of a route that ends where it is."""
    return place == model.places - 1


@compiled
def leg_watt_hours(battery: Record, meters: int, seconds: int, mass: int) -> int:
    """What a leg takes, as the domain rounds it."""
    per_tonne = battery.kilometer * GRAMS_PER_TONNE + battery.tonne_kilometer * mass
    rolling = -(-meters * per_tonne // (METERS_PER_KILOMETER * GRAMS_PER_TONNE))
    return rolling - (-seconds * battery.hour // SECONDS_PER_HOUR)


@compiled
def trip_mass(model: Model, state: State, trip: int) -> int:
    """What the deliveries of a trip weigh when they are loaded."""
    stops, mass, stop = stops_of(state), 0, stops_of(state)[trip].next
    while stops[stop].next != NONE and stops[stop].node < model.nodes:
        task = tasks_of(model)[tasks_served(model)[stops[stop].node]]
        mass += task.mass if task.load == LOAD_FROM_DEPOT else 0
        stop = stops[stop].next
    return mass


@compiled
def mass_moved(model: Model, state: State, route: int, stop: int) -> int:
    """By how much a stop changes what is on board."""
    stops = stops_of(state)
    if stops[stop].next == NONE:
        return 0
    if stops[stop].node < model.nodes:
        task = tasks_of(model)[tasks_served(model)[stops[stop].node]]
        if task.load in (LOAD_PICKUP, LOAD_PAIR_UP):
            return task.mass
        return 0 if task.load == LOAD_NONE else -task.mass
    return trip_mass(model, state, stop) - mass_left(model, state, route, stop)


@compiled
def mass_left(model: Model, state: State, route: int, reload: int) -> int:
    """What a reload takes off: what was picked up since the last, or lay there at the start."""
    stops, mass, stop = stops_of(state), 0, stops_of(state)[reload].previous
    while stops[stop].previous != NONE and stops[stop].node < model.nodes:
        task = tasks_of(model)[tasks_served(model)[stops[stop].node]]
        mass += task.mass if task.load == LOAD_PICKUP else 0
        stop = stops[stop].previous
    return mass + (lines_of(model)[route].leaving_mass if stops[stop].previous == NONE else 0)
