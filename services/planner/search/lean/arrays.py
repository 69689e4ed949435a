"""
The arrays of the lean kernel.

Tasks are 0..n-1 and the depot is place n. Every route has two more nodes, its start and its end, so
that each task in a route has a node before and after it: route r starts at node n + 2r and ends at
node n + 2r + 1, both at place n. Times are seconds after the shifts are ready, costs are micros.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

NONE = -1
PERCENT = 100
GOLDEN = 0x9E3779B97F4A7C15  # spreads small seeds over all bits

LEG = np.dtype(
    [
        ("cost", np.int32),
        ("time", np.int32),  # from the start of service at one place to the arrival at the other
        ("cost_back", np.int32),  # the way back, so that one row tells both ways
        ("time_back", np.int32),
    ],
    align=True,
)

TASK = np.dtype(
    [
        ("opens", np.int32),
        ("closes", np.int32),
        ("demand", np.int64),
        ("penalty", np.int64),  # of leaving it out
    ],
    align=True,
)
"""One per task, and one for the depot."""

NODE = np.dtype(
    [
        ("next", np.int32),
        ("previous", np.int32),
        ("route", np.int32),  # NONE: left out
        ("start", np.int32),  # of service, at the earliest
        ("latest", np.int32),  # start of service from which the rest of the route still holds
        ("leg_cost", np.int32),  # to the next node
        ("leg_time", np.int32),
        ("mark", np.int32),  # the iteration in which it was saved last; in the copy, its own rank
    ],
    align=True,
)

ROUTE = np.dtype([("load", np.int64), ("size", np.int32), ("mark", np.int32)], align=True)

ROUTE_LISTS = np.dtype(
    [
        ("touched", np.int32),  # routes changed in this iteration, in a list
        ("gap", np.int32),  # the node behind which the touched one was changed first
        ("load", np.int64),  # of the touched one before
        ("size", np.int32),
        ("dirty", np.int32),  # routes changed since the best plan was copied, in a list
        ("is_dirty", np.bool_),  # per route
    ],
    align=True,
)

ABSENT = np.dtype(
    [
        ("key", np.float64),  # by which the list is sorted
        ("task", np.int32),
        ("task_before", np.int32),  # the list as it was before the iteration
    ],
    align=True,
)

TALLY = np.dtype(
    [
        ("cost", np.int64),  # with the penalties of what is left out
        ("best_cost", np.int64),
        ("iteration", np.int64),  # the mark of what it has saved; exchanges count as well
        ("worth", np.int64),  # what an insertion may cost now, in percent of the task's penalty
        ("used", np.int64),  # routes with tasks
        ("spare", np.int64),  # where to look first for a route without tasks
        ("absent", np.int64),  # lengths of lists
        ("aside", np.int64),  # the first of the absent, which this iteration does not try
        ("saved", np.int64),
        ("touched", np.int64),
        ("dirty", np.int64),
        ("chance", np.uint64),
    ],
    align=True,
)


Records = Any
"""An array of entries with named fields, which numpy's types cannot name."""


class Model(NamedTuple):
    """
    What does not change.

    Few arrays with several fields, as each array costs seven arguments at every call.
    """

    legs: Records  # LEG [place, place]
    tasks: Records  # TASK
    near: NDArray[np.int32]  # per task, others by distance: what is ruined together
    beside: NDArray[np.int32]  # per task, first those that may come just before it, then after it
    capacity: int
    fixed_cost: int


class State(NamedTuple):
    """What the search changes."""

    nodes: Records  # NODE per task, then a start and an end per route
    routes: Records  # ROUTE
    tally: Records  # TALLY, one
    absent: Records  # ABSENT
    rank_absent: NDArray[np.int32]  # per absent task, where it stood when the iteration began
    saved: Records  # NODE: as they were before the iteration
    lists: Records  # ROUTE_LISTS
    best_next: NDArray[np.int32]  # the best plan: the next of each node


class Knobs(NamedTuple):
    """How the search behaves; found by trials on odd-numbered instances."""

    removed_mean: float  # tasks removed per iteration, on average
    string_max: float  # tasks removed from one route, at most
    split_chance: float  # that some tasks within a removed string stay
    blink_chance: float  # that a better position is passed over
    reach: int  # positions looked at to each side of where a route was changed
    crossings: int  # exchanges of tails tried per iteration
    split_route_chance: float  # that such an exchange is with an empty route
    trades: int  # exchanges of strings tried per iteration
    trade_max: int  # tasks in such a string, at most
    between_max: int  # tasks that a string may pass within its route
    absent_max: int  # tasks left out before that are tried again in one iteration
    generous_chance: float  # that in an iteration tasks may cost more than their penalties
    generous_percent: int  # how much more, at most


def empty_state(model: Model, route_count: int, seed: int) -> State:
    """Nothing is served: each route leads from its start to its end."""
    task_count = len(model.near)
    absent = np.zeros(task_count, ABSENT)
    absent["task"] = np.arange(task_count)
    nodes = empty_nodes(model, task_count, route_count)
    tally = np.zeros(1, TALLY)
    tally["absent"] = task_count
    tally["worth"] = PERCENT
    tally["cost"] = tally["best_cost"] = model.tasks["penalty"][:task_count].sum()
    tally["chance"] = (2 * seed + 1) * GOLDEN % (1 << 64)
    return State(
        nodes=nodes,
        routes=np.zeros(route_count, ROUTE),
        tally=tally,
        absent=absent,
        rank_absent=np.zeros(task_count, np.int32),
        saved=np.zeros(len(nodes), NODE),
        lists=np.zeros(route_count, ROUTE_LISTS),
        best_next=nodes["next"].copy(),
    )


def empty_nodes(model: Model, task_count: int, route_count: int) -> Records:
    """Tasks left out, and starts that lead straight to their ends."""
    nodes = np.zeros(task_count + 2 * route_count, NODE)
    nodes["route"] = nodes["next"] = nodes["previous"] = NONE
    starts, ends = nodes[task_count::2], nodes[task_count + 1 :: 2]
    starts["next"] = np.arange(task_count + 1, len(nodes), 2)
    ends["previous"] = np.arange(task_count, len(nodes), 2)
    starts["route"] = ends["route"] = np.arange(route_count)
    starts["start"] = ends["start"] = model.tasks["opens"][task_count]
    starts["latest"] = ends["latest"] = model.tasks["closes"][task_count]
    return nodes
