"""
The arrays of the full kernel.

A stop is anything that stands in a route: the nodes of the instance (task and option) come first,
then a start and an end per route, then reloads, which routes share. Stops are linked to the next
and the previous. Moments are Unix seconds, costs are micros, and what insertions are compared by is
grains: micros times GRAIN, so that rates per kilometer and per hour stay whole numbers.
"""

from __future__ import annotations

import numpy as np

NONE = -1
NEVER = 1 << 60  # grains: no insertion
FOREVER = 1 << 40  # seconds: beyond any moment
GRAIN = 18_000  # micros in a kilometer rate per meter, and in an hour's per second, are whole
METER_GRAINS, SECOND_GRAINS = GRAIN // 1_000, GRAIN // 3_600


Price = tuple[int, ...]  # as the fields of PRICE


def record(*names: str) -> np.dtype[np.void]:
    """A record of whole numbers."""
    return np.dtype([(name, np.int64) for name in names], align=True)


WAY = np.dtype([("seconds", np.int32), ("meters", np.int32)], align=True)

LINE = record(  # one shift
    "ready", "loading", "unloading", "end", "origin", "goal", "roads", "stays", "group",
    "fixed_micros", "hour_micros", "kilometer_micros", "stop_micros", "over_micros", "over_after",
    "energy_micros", "meter_grains", "second_grains", "over_grains", "stop_grains",
    "time_slope", "time_weight", "over_slope",
    "is_under_way", "began", "is_timed", "span_limit", "drive_limit", "stop_limit", "meter_limit",
    "breaks_from", "breaks", "pauses_from", "duties_from", "duties", "is_watched", "door",
    "reloads_from", "reloads", "reload_limit", "battery", "onboard_mass", "leaving_mass",
)  # fmt: skip

STAY = record(  # one node for one class of shifts
    "allowed", "place", "setup", "service", "first", "last", "windows_from", "windows", "micros",
    "holds_before", "prices_from", "prices", "curves_from", "curves", "least_micros",
)  # fmt: skip

TASK = record(
    "first_node", "nodes", "tier", "rank_tier", "penalty", "drop_micros", "load", "pickup",
    "first_delivery", "next_delivery", "release", "goods", "ride_limit", "is_frozen",
    "demand", "mass", "far", "width", "opens", "closes",
)  # fmt: skip

BREAK = record("rule", "first", "last", "length")
PAUSE = record("length", "opens", "closes")  # several breaks in one leg, taken together
DUTY = record("clock", "limit", "used", "reset", "parts_from", "parts", "taken")
PRICE = record("first", "last", "before", "before_rate", "after", "after_rate", "flat")
PIECE = record("first", "last", "value", "slope")  # of a curve, in the units of `search/curve.py`
RUN = record("first", "count")  # pieces that are one curve
BATTERY = record("start", "reserve", "end", "kilometer", "tonne_kilometer", "hour", "stop")

STOP = record(
    "next", "previous", "route", "place", "setup", "leave", "latest", "seconds_on", "meters_on",
    "node", "trip", "run", "release", "head_seconds", "head_first", "head_last", "tail_seconds",
    "tail_first", "tail_last",
)  # fmt: skip

ROUTE = record(
    "size", "meters", "driven", "stops", "extra", "moments", "lasting", "bare", "micros", "reloads",
    "touched", "dirty", "saved", "looked", "gap",
)  # fmt: skip

SAVED = record("route", "first", "count")
FOUND = record("grains", "before", "node", "shape", "reload", "down_before")
POOLED = record("route", "first", "count", "micros")

# What a task does with the load.
LOAD_NONE, LOAD_FROM_DEPOT, LOAD_PICKUP, LOAD_ONBOARD, LOAD_PAIR_UP, LOAD_PAIR_DOWN = range(6)
