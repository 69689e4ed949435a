"""
Where the arrays of the kernel lie.

Model and state are one record each: sizes, switches and counters, and the addresses of arrays. So a
compiled function is given two pointers instead of several hundred numbers, compiles many times
quicker. Each array has one function that shows it to compiled code.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import from_dtype, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from services.planner.search.full.arrays import (
    BATTERY,
    BREAK,
    DUTY,
    FOUND,
    LINE,
    PAUSE,
    PIECE,
    POOLED,
    PRICE,
    ROUTE,
    RUN,
    SAVED,
    STAY,
    STOP,
    TASK,
    WAY,
)

Record = Any  # a record within compiled code: its numbers are attributes
Model = Record
State = Record

MODEL_SHAPES: dict[str, tuple[Any, ...]] = {
    "roads": (WAY, "maps", "places", "places"),
    "roads_to": (WAY, "maps", "places", "places"),
    "lines": (LINE, "shifts"),
    "stays": (STAY, "classes", "columns"),
    "window_first": (np.int64, "windows"),
    "window_last": (np.int64, "windows"),
    "tasks": (TASK, "task_count"),
    "task_of": (np.int64, "nodes"),
    "demands": (np.int64, "task_count", "dimensions"),
    "capacity": (np.int64, "shifts", "dimensions"),
    "onboard": (np.int64, "shifts", "dimensions"),
    "onboard_leaves": (np.int64, "shifts", "dimensions"),
    "breaks": (BREAK, "break_count"),
    "pauses": (PAUSE, "pause_count"),
    "prices": (PRICE, "price_count"),
    "curves": (PIECE, "curve_count"),
    "duties": (DUTY, "duty_count"),
    "parts": (np.int64, "part_count"),
    "batteries": (BATTERY, "shifts"),
    "clashes": (np.int64, "goods"),
    "onboard_goods": (np.int64, "shifts", "goods"),
    "near": (np.int64, "nodes", "near_count"),
    "beside": (np.int64, "nodes", "beside_count"),
    "groups": (np.int64, "shifts"),
    "groups_from": (np.int64, "group_ends"),
}
"""What each array holds, and the sizes of its dimensions."""
STATE_SHAPES: dict[str, tuple[Any, ...]] = {
    "stops": (STOP, "stop_count"),
    "routes": (ROUTE, "shifts"),
    "left": (np.int64, "tiers"),
    "early": (np.int64, "stop_count", "labels"),
    "late": (np.int64, "stop_count", "labels"),
    "load": (np.int64, "stop_count", "dimensions"),
    "peak_before": (np.int64, "stop_count", "dimensions"),
    "peak_after": (np.int64, "stop_count", "dimensions"),
    "rest": (np.int64, "stop_count", "dimensions"),
    "base": (np.int64, "shifts", "dimensions"),
    "where": (np.int64, "task_count"),
    "absent": (np.int64, "task_count"),
    "absent_at": (np.int64, "task_count"),
    "removed": (np.int64, "removed_max"),
    "was_absent": (np.int64, "removed_max"),
    "keys": (np.float64, "removed_max"),
    "chosen": (np.int64, "stop_count"),
    "seen": (np.int64, "stop_count"),
    "found": (FOUND, "ones"),
    "bans": (FOUND, "bans_max"),
    "saved": (SAVED, "shifts"),
    "saved_ids": (np.int64, "stop_count"),
    "saved_stops": (STOP, "stop_count"),
    "saved_labels": (np.int64, "stop_count", "two", "labels"),
    "saved_loads": (np.int64, "stop_count", "four", "dimensions"),
    "saved_routes": (ROUTE, "shifts"),
    "saved_base": (np.int64, "shifts", "dimensions"),
    "saved_left": (np.int64, "tiers"),
    "awaited": (np.int64, "tiers"),
    "tails": (np.int64, "two", "dimensions"),
    "best_next": (np.int64, "stop_count"),
    "best_node": (np.int64, "stop_count"),
    "best_left": (np.int64, "tiers"),
    "aboard": (np.int64, "goods"),
    "stack": (np.int64, "task_count"),
    "walk": (np.int64, "walk_rows", "walk_columns"),
    "held": (np.int64, "labels", "four"),
    "pieces": (PIECE, "pieces_max"),
    "runs": (RUN, "run_count"),
    "pool": (POOLED, "pool_max"),
    "pool_nodes": (np.int64, "pool_nodes_max"),
    "pool_keys": (np.uint64, "pool_keys_max"),
}
"""What each array holds, and the sizes of its dimensions."""
SWITCHES = (
    "uses_loads",
    "has_plain_loads",
    "uses_trips",
    "uses_reloads",
    "uses_prices",
    "has_many_windows",
    "uses_pairs",
    "uses_goods",
    "uses_rides",
    "uses_stops",
    "is_watched",
    "gap_reach",
)
TALLIES = (
    "micros",
    "awaited_micros",
    "kept_dimensions",
    "best_micros",
    "iterations",
    "absent_count",
    "removed_count",
    "saved_route_count",
    "saved_stop_count",
    "mark",
    "looks",
    "reload_hint",
    "ban_count",
    "pool_count",
    "pool_node_count",
    "has_best",
    "changes",
    "piece_top",
)


def sizes_in(shapes: dict[str, tuple[Any, ...]]) -> tuple[str, ...]:
    """The names of all sizes, in order of appearance."""
    return tuple(dict.fromkeys(name for _, *names in shapes.values() for name in names))


def header(
    numbers: tuple[str, ...], shapes: dict[str, tuple[Any, ...]], *more: tuple[str, Any]
) -> np.dtype[np.void]:
    """A record of numbers, and of the addresses of arrays."""
    addresses = [(f"{name}_at", np.int64) for name in shapes]
    return np.dtype([*more, *((name, np.int64) for name in numbers), *addresses], align=True)


MODEL = header((*sizes_in(MODEL_SHAPES), *SWITCHES, "tiers", "group_count"), MODEL_SHAPES)
STATE = header((*sizes_in(STATE_SHAPES), *TALLIES), STATE_SHAPES, ("chance", np.uint64))


def shown(name: str, shapes: dict[str, tuple[Any, ...]]) -> Any:
    """A function by which compiled code sees an array of a record."""
    dtype, *sizes = shapes[name]
    kind = types.Array(from_dtype(np.dtype(dtype)), len(sizes), "C")
    width = np.dtype(dtype).itemsize

    @intrinsic
    def show(_: Any, record: Any) -> Any:
        def lower(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            def number(field: str) -> Any:
                offset, whole = record.offset(field), context.get_value_type(types.int64)
                member = cgutils.get_record_member(builder, arguments[0], offset, whole)
                return context.unpack_value(builder, types.int64, member)

            array = make_array(kind)(context, builder)
            item = context.get_data_type(kind.dtype).as_pointer()
            shape = [number(size) for size in sizes]
            strides = [context.get_constant(types.intp, width)]
            for length in reversed(shape[1:]):
                strides.insert(0, builder.mul(strides[0], length))
            populate_array(
                array,
                data=builder.inttoptr(number(f"{name}_at"), item),
                shape=cgutils.pack_array(builder, shape),
                strides=cgutils.pack_array(builder, strides),
                itemsize=context.get_constant(types.intp, width),
                meminfo=None,
            )
            return array._getvalue()

        return kind(record), lower

    return show


roads_of = shown("roads", MODEL_SHAPES)  # [map, here, there]; the last place is nowhere
roads_to_of = shown("roads_to", MODEL_SHAPES)  # [map, there, here]
lines_of = shown("lines", MODEL_SHAPES)  # per shift
stays_of = shown("stays", MODEL_SHAPES)  # [class, node]; reloads stand after the nodes of tasks
window_first_of = shown("window_first", MODEL_SHAPES)  # of stays with more than one window
window_last_of = shown("window_last", MODEL_SHAPES)  # of stays with more than one window
tasks_of = shown("tasks", MODEL_SHAPES)  # per task
tasks_served = shown("task_of", MODEL_SHAPES)  # per node, its task
demands_of = shown("demands", MODEL_SHAPES)  # [task, dimension]
capacity_of = shown("capacity", MODEL_SHAPES)  # [shift, dimension]
onboard_of = shown("onboard", MODEL_SHAPES)  # [shift, dimension]: at the start, whatever is served
onboard_leaves_of = shown(
    "onboard_leaves", MODEL_SHAPES
)  # [shift, dimension]: of it, what a reload takes off
breaks_of = shown("breaks", MODEL_SHAPES)  # by class of shifts, in order
pauses_of = shown("pauses", MODEL_SHAPES)  # per class a square, from breaks taken to breaks taken
prices_of = shown("prices", MODEL_SHAPES)  # what starting service costs
curves_of = shown("curves", MODEL_SHAPES)  # the same as straight pieces, rates scaled to seconds
duties_of = shown("duties", MODEL_SHAPES)  # limits that follow the timed route
parts_of = shown("parts", MODEL_SHAPES)  # of split breaks
batteries_of = shown("batteries", MODEL_SHAPES)  # per shift
clashes_of = shown(
    "clashes", MODEL_SHAPES
)  # per class of goods, the bits of those that it may not meet
onboard_goods_of = shown("onboard_goods", MODEL_SHAPES)  # [shift, class of goods]
near_of = shown("near", MODEL_SHAPES)  # [node, nearest first]
# [node, first half: from which it is well reached; second: reached from it]
beside_of = shown("beside", MODEL_SHAPES)
groups_of = shown("groups", MODEL_SHAPES)  # shifts, those of one class together
groups_from_of = shown("groups_from", MODEL_SHAPES)  # where each class begins among them
stops_of = shown("stops", STATE_SHAPES)  # nodes, then starts and ends, then reloads
routes_of = shown("routes", STATE_SHAPES)  # per shift
left_of = shown("left", STATE_SHAPES)  # penalties left out, per tier
early_of = shown("early", STATE_SHAPES)  # [stop, breaks taken]: departure at the earliest
late_of = shown("late", STATE_SHAPES)  # [stop, breaks taken]: service start at the latest
load_of = shown("load", STATE_SHAPES)  # [stop, dimension]: on the leg that leaves it
peak_before_of = shown(
    "peak_before", STATE_SHAPES
)  # [stop, dimension]: greatest load of the trip up to that leg
peak_after_of = shown(
    "peak_after", STATE_SHAPES
)  # [stop, dimension]: greatest load of the trip from that leg on
rest_of = shown(
    "rest", STATE_SHAPES
)  # [stop, dimension]: of the trip's load, what is delivered later
base_of = shown("base", STATE_SHAPES)  # [route, dimension]: plain loads
where_of = shown("where", STATE_SHAPES)  # per task, the node that serves it
absent_of = shown("absent", STATE_SHAPES)  # tasks left out
absent_at_of = shown("absent_at", STATE_SHAPES)  # per task, its rank among the absent
removed_of = shown("removed", STATE_SHAPES)  # tasks to insert in this iteration
was_absent_of = shown("was_absent", STATE_SHAPES)  # per removed task
keys_of = shown("keys", STATE_SHAPES)  # per removed task, by which they are sorted
chosen_of = shown("chosen", STATE_SHAPES)  # scratch: stops of a string
seen_of = shown("seen", STATE_SHAPES)  # per stop, the mark of the last look
found_of = shown("found", STATE_SHAPES)  # the best insertion of this look
bans_of = shown("bans", STATE_SHAPES)  # insertions that did not hold when tried
saved_of = shown("saved", STATE_SHAPES)  # routes to put back when an iteration is refused
saved_ids_of = shown("saved_ids", STATE_SHAPES)  # their stops
saved_stops_of = shown("saved_stops", STATE_SHAPES)  # and what these were
saved_labels_of = shown("saved_labels", STATE_SHAPES)  # [stop, early and late]
saved_loads_of = shown("saved_loads", STATE_SHAPES)  # [stop, four kinds, dimension]
saved_routes_of = shown("saved_routes", STATE_SHAPES)  # the routes as they were
saved_base_of = shown("saved_base", STATE_SHAPES)  # [route, dimension]
awaited_of = shown("awaited", STATE_SHAPES)  # per tier: penalties of what is still to be put in
tails_of = shown("tails", STATE_SHAPES)  # [tail, dimension]: what two tails deliver
saved_left_of = shown("saved_left", STATE_SHAPES)  # penalties left out before
best_next_of = shown("best_next", STATE_SHAPES)  # the best plan: the next of each stop
best_node_of = shown("best_node", STATE_SHAPES)  # and what each stop is
best_left_of = shown("best_left", STATE_SHAPES)  # penalties that it leaves out
aboard_of = shown("aboard", STATE_SHAPES)  # scratch: per class of goods
stack_of = shown("stack", STATE_SHAPES)  # scratch: tasks
walk_of = shown("walk", STATE_SHAPES)  # scratch: a timed route
held_of = shown("held", STATE_SHAPES)  # scratch: breaks of a timed route
pieces_of = shown("pieces", STATE_SHAPES)  # scratch: curves of a route that is swept
runs_of = shown("runs", STATE_SHAPES)  # scratch: the curve of each stop and number of breaks
pool_of = shown("pool", STATE_SHAPES)  # routes of good plans
pool_nodes_of = shown("pool_nodes", STATE_SHAPES)  # their nodes
pool_keys_of = shown("pool_keys", STATE_SHAPES)  # a table of their digests


def packed(
    dtype: np.dtype[np.void], arrays: dict[str, np.ndarray], numbers: dict[str, int]
) -> np.ndarray:
    """A record with numbers, and the addresses of arrays; these must be kept as long as it."""
    record = np.zeros(1, dtype)
    for name, value in numbers.items():
        record[name] = value
    for name, array in arrays.items():
        if not array.flags.c_contiguous:
            raise ValueError(f"the array {name!r} does not lie in one piece")
        record[f"{name}_at"] = array.ctypes.data
    return record
