"""Compiling: an instance becomes arrays, class by class, without work per shift and task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.instance import Instance, Node
from services.planner.domain.problem import MASS
from services.planner.domain.task import Task, TaskKind
from services.planner.search.full.arrays import (
    DUTY,
    FOREVER,
    LOAD_FROM_DEPOT,
    LOAD_NONE,
    LOAD_ONBOARD,
    LOAD_PAIR_DOWN,
    LOAD_PAIR_UP,
    LOAD_PICKUP,
    METER_GRAINS,
    NONE,
    PIECE,
    PRICE,
    STAY,
    TASK,
)
from services.planner.search.full.fleet import Fleet, classes_of, compile_fleet
from services.planner.search.full.space import MODEL, MODEL_SHAPES, packed
from services.planner.search.full.stays import Stays
from services.planner.search.insert import tier_of
from services.planner.search.lean.neighbors import IMPOSSIBLE, beside
from services.planner.search.rules.exclusions import Names
from services.planner.search.rules.goods import compile_goods
from services.planner.search.rules.travel import compile_roads

PENALTY_MAX = 10**13  # micros: grains of it fit into 64 bits
NEAR_MAX = 100  # nodes kept per node to be ruined together
BESIDE_MAX = 25  # nodes kept per node and side to be put beside
GAP_REACH = 8  # stops looked at on either side of a gap; without windows it only brings back
DAY = 10**6  # seconds: a window of this width binds nothing
WIDTH_MAX = 10**7  # seconds: beyond, a window counts as open

Ways = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class Frame:
    """The record of a model, with the arrays to which it points."""

    record: NDArray[np.void]
    arrays: dict[str, NDArray[Any]]

    def __getitem__(self, name: str) -> NDArray[Any]:
        """One of its arrays."""
        return self.arrays[name]

    def number(self, name: str) -> int:
        """One of its numbers."""
        return int(self.record[name][0])


@dataclass(frozen=True, slots=True)
class Compiled:
    """The arrays, and what their nodes are."""

    frame: Frame
    nodes: tuple[Node, ...]
    reloads_from: tuple[int, ...]
    """Per shift, the number of its first reload among all nodes."""


def compile_instance(instance: Instance) -> Compiled:
    """Everything that does not change while searching."""
    problem, names = instance.problem, Names(instance)
    nodes = [(rank, o) for rank, task in enumerate(problem.tasks) for o in range(len(task.options))]
    of_shift, first = classes_of(instance, names)
    roads, roads_of_shift = compile_roads(instance)
    fleet = compile_fleet(instance, of_shift, first, roads_of_shift)
    maker = Stays(instance, nodes, names)
    stays = compile_stays(instance, maker, first, roads, fleet, of_shift)
    tasks = compile_tasks(instance, maker)
    clashes, goods, onboard_goods = compile_goods(instance)
    tasks["goods"] = goods
    onboard, leaves = onboard_of(instance)
    groups = np.argsort(np.array(of_shift, np.int64), kind="stable")
    sizes = np.bincount(np.array(of_shift, np.int64), minlength=len(first))
    between, seconds = ways_between(fleet.lines[0], roads, maker)
    arrays = {
        "roads": roads,
        "roads_to": np.ascontiguousarray(roads.transpose(0, 2, 1)),
        "lines": fleet.lines,
        "stays": stays,
        "window_first": np.array(maker.lists.window_first or [0], np.int64),
        "window_last": np.array(maker.lists.window_last or [0], np.int64),
        "tasks": tasks,
        "task_of": maker.task_of,
        "demands": demands_of(instance),
        "capacity": capacity_of(instance),
        "onboard": onboard,
        "onboard_leaves": leaves,
        "breaks": fleet.breaks,
        "pauses": fleet.pauses,
        "prices": np.array(maker.lists.prices, PRICE),
        "curves": np.array(maker.lists.curves, PIECE),
        "duties": np.array(fleet.clocks.duties, DUTY),
        "parts": np.array(fleet.clocks.parts, np.int64),
        "batteries": fleet.batteries,
        "clashes": clashes,
        "onboard_goods": onboard_goods,
        "near": nearest(between, maker),
        "beside": well_placed(between, seconds, maker),
        "groups": groups,
        "groups_from": np.concatenate(([0], np.cumsum(sizes))),
    }
    numbers = switches_of(instance, fleet, stays, tasks) | sizes_of(arrays)
    frame = Frame(packed(MODEL, arrays, numbers), arrays)
    first_reloads = fleet.lines["reloads_from"] + len(nodes)
    return Compiled(frame, tuple(nodes), tuple(first_reloads.tolist()))


def compile_stays(
    instance: Instance,
    maker: Stays,
    first: Sequence[int],
    roads: NDArray[np.void],
    fleet: Fleet,
    of_shift: Sequence[int],
) -> NDArray[np.void]:
    """One row per class: the nodes of tasks, then the reloads of all classes."""
    rows = [maker.row_of(shift, roads["seconds"][fleet.lines["roads"][shift]]) for shift in first]
    reloads = [maker.reload_row(shift) for shift in first]
    counts = [len(own) for own in reloads]
    begins = np.concatenate(([0], np.cumsum(counts)))
    fleet.lines["reloads_from"] = begins[np.array(of_shift, np.int64)]
    stays = np.zeros((len(first), len(maker.nodes) + sum(counts)), STAY)
    for rank, (row, own) in enumerate(zip(rows, reloads, strict=True)):
        stays[rank, : len(row)] = row
        stays[rank, len(row) + begins[rank] : len(row) + begins[rank + 1]] = own
    return stays


def switches_of(
    instance: Instance, fleet: Fleet, stays: NDArray[np.void], tasks: NDArray[np.void]
) -> dict[str, int]:
    """Which rules a problem uses."""
    problem, lines = instance.problem, fleet.lines
    limited = any(limit for shift in problem.shifts for limit in shift.vehicle.capacity)
    reloads = bool((lines["reload_limit"] > 0).any())
    releases = bool((tasks["release"] > -FOREVER).any())
    plain = set(tasks["load"].tolist()) <= {LOAD_NONE, LOAD_FROM_DEPOT}
    prices, rides = bool((stays["prices"] > 0).any()), bool((tasks["ride_limit"] < FOREVER).any())
    windows = bool((stays["windows"] > 1).any())
    is_fresh = not any(shift.is_under_way for shift in problem.shifts)
    return {
        "uses_loads": limited,
        "has_plain_loads": plain and is_fresh and not reloads,
        "uses_trips": reloads or releases,
        "uses_reloads": reloads,
        "uses_prices": prices,
        "has_many_windows": windows,
        "uses_pairs": problem.has_pairs,
        "is_watched": prices or rides or windows,
        "uses_goods": bool(problem.incompatible_goods),
        "uses_rides": rides,
        "gap_reach": GAP_REACH if bool((tasks["width"] < DAY).any()) else 0,
        "uses_stops": bool((lines["stop_limit"] > 0).any() or (lines["stop_micros"] > 0).any()),
    }


def sizes_of(arrays: dict[str, NDArray[Any]]) -> dict[str, int]:
    """How long the arrays are."""
    sizes: dict[str, int] = {}
    for name, (_, *names) in MODEL_SHAPES.items():
        sizes |= zip(names, arrays[name].shape, strict=True)
    tiers = int(arrays["tasks"]["tier"].max(initial=0)) + 1
    return sizes | {"tiers": tiers, "group_count": len(arrays["groups_from"]) - 1}


def compile_tasks(instance: Instance, maker: Stays) -> NDArray[np.void]:
    """One record per task."""
    problem = instance.problem
    tiers = sorted({task.priority for task in problem.tasks}, reverse=True)
    pinned = {pin.task_id for pin in problem.pins if pin.is_frozen}
    tasks = np.zeros(len(problem.tasks), TASK)
    first = 0
    for rank, task in enumerate(problem.tasks):
        own = tasks[rank]
        own["first_node"], own["nodes"] = first, len(task.options)
        own["tier"], own["load"] = tiers.index(task.priority), load_of(instance, task)
        own["rank_tier"] = tiers.index(tier_of(instance, rank))
        own["pickup"] = problem.rank_of_task.get(task.pickup_task_id, NONE)
        own["first_delivery"] = own["next_delivery"] = NONE
        own["release"] = -FOREVER if task.release_second is None else task.release_second
        limit = task.ride_limit_seconds
        own["ride_limit"] = FOREVER if limit is None else limit
        own["mass"] = task.loads[MASS] if task.loads else 0
        own["is_frozen"] = task.task_id in pinned
        first += len(task.options)
    tasks["penalty"] = np.minimum(np.array(instance.penalties, np.int64), PENALTY_MAX)
    for rank in np.flatnonzero(tasks["pickup"] != NONE)[::-1].tolist():
        pickup = tasks[tasks[rank]["pickup"]]
        tasks[rank]["next_delivery"], pickup["first_delivery"] = pickup["first_delivery"], rank
    for rank, task in enumerate(problem.tasks):
        if task.task_id in instance.base_shift_of:
            tasks[rank]["drop_micros"] = problem.churn.drop_cost_micros
    sort_fields(instance, maker, tasks)
    return tasks


def sort_fields(instance: Instance, maker: Stays, tasks: NDArray[np.void]) -> None:
    """By what tasks are sorted before they are put back: their goods, windows and distance."""
    plain = maker.plain[tasks["first_node"]]
    begins = min((shift.start_second for shift in instance.problem.shifts), default=0)
    tasks["width"] = np.minimum(plain["last"] - plain["first"], WIDTH_MAX)
    tasks["opens"] = np.clip(plain["first"] - begins, 0, WIDTH_MAX)
    tasks["closes"] = np.clip(plain["last"] - begins, 0, WIDTH_MAX)
    capacity = capacity_of(instance)
    scale = capacity.max(axis=0) if len(capacity) else np.ones(capacity.shape[1], np.int64)
    share = demands_of(instance) * 1_000_000 // np.maximum(scale, 1)
    tasks["demand"] = share.max(axis=1, initial=0)
    starts = instance.places.starts
    if starts:
        meters = np.asarray(instance.table(0).meters, np.int64)
        size = instance.table(0).size
        tasks["far"] = meters.reshape(size, size)[starts[0], plain["place"]]


def load_of(instance: Instance, task: Task) -> int:
    """What a task does with the load."""
    problem = instance.problem
    if task.kind is TaskKind.SERVICE:
        return LOAD_NONE
    if task.kind is TaskKind.PICKUP:
        return LOAD_PAIR_UP if problem.deliveries_of_pickup[task.task_id] else LOAD_PICKUP
    if task.pickup_task_id:
        return LOAD_PAIR_DOWN
    return LOAD_ONBOARD if task.task_id in problem.onboard_shift_of else LOAD_FROM_DEPOT


def limited(instance: Instance) -> list[int]:
    """The dimensions that any vehicle limits."""
    shifts = instance.problem.shifts
    count = len(instance.problem.dimensions)
    return [d for d in range(count) if any(shift.vehicle.capacity[d] for shift in shifts)]


def demands_of(instance: Instance) -> NDArray[np.int64]:
    """What each task moves in the limited dimensions; nothing where it only serves."""
    dimensions, tasks = limited(instance), instance.problem.tasks
    rows = [
        [0 if task.kind is TaskKind.SERVICE else task.loads[d] for d in dimensions]
        for task in tasks
    ]
    return np.array(rows, np.int64).reshape(len(tasks), len(dimensions))


def capacity_of(instance: Instance) -> NDArray[np.int64]:
    """What each shift's vehicle carries in the limited dimensions."""
    dimensions, shifts = limited(instance), instance.problem.shifts
    rows = [[shift.vehicle.capacity[d] or FOREVER for d in dimensions] for shift in shifts]
    return np.array(rows, np.int64).reshape(len(shifts), len(dimensions))


def onboard_of(instance: Instance) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What is on board at the start whatever is served, and what of it a reload takes off."""
    dimensions, problem = limited(instance), instance.problem
    leaves = np.zeros((len(problem.shifts), len(dimensions)), np.int64)
    onboard = np.zeros_like(leaves)
    for rank, shift in enumerate(problem.shifts):
        state = shift.start_state
        if state is not None:
            if state.onboard_load:
                leaves[rank] = [state.onboard_load[d] for d in dimensions]
            for task_id in state.onboard_task_ids:
                task = problem.tasks[problem.rank_of_task[task_id]]
                onboard[rank] += np.array([task.loads[d] for d in dimensions], np.int64)
    return onboard + leaves, leaves


def nearest(between: NDArray[np.int64], maker: Stays) -> NDArray[np.int64]:
    """For each node the nearest of other tasks, there and back; NONE where there are no more."""
    costs = between + between.T
    costs[maker.task_of[:, None] == maker.task_of[None, :]] = IMPOSSIBLE
    count = min(NEAR_MAX, len(costs) - 1)
    if count <= 0:
        return np.full((len(costs), 1), NONE, np.int64)
    chosen = np.argpartition(costs, count - 1, axis=1)[:, :count]
    kept = np.take_along_axis(costs, chosen, axis=1)
    near = np.take_along_axis(chosen, np.lexsort((chosen, kept), axis=1), axis=1)
    near[np.take_along_axis(costs, near, axis=1) == IMPOSSIBLE] = NONE
    return near


def well_placed(
    between: NDArray[np.int64], seconds: NDArray[np.int64], maker: Stays
) -> NDArray[np.int64]:
    """For each node those from which it is well reached, then those well reached from it."""
    plain = maker.plain
    time = seconds + plain["service"][:, None] + plain["setup"][None, :]
    ranks = beside(between, time, plain["first"], plain["last"], BESIDE_MAX)
    own = maker.task_of[ranks] == maker.task_of[:, None]
    return np.where(own, NONE, ranks.astype(np.int64))


def ways_between(line: np.void, roads: NDArray[np.void], maker: Stays) -> Ways:
    """From node to node, what the first shift pays, in grains, and how long it drives."""
    places = maker.plain["place"]
    own = roads[line["roads"]][np.ix_(places, places)]
    seconds, meters = own["seconds"].astype(np.int64), own["meters"].astype(np.int64)
    rate = int(line["meter_grains"]) or (0 if line["second_grains"] else METER_GRAINS)
    return meters * rate + seconds * int(line["second_grains"]), seconds
