"""The state of a search in which nothing is served yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.planner.search.full.arrays import NONE, STOP
from services.planner.search.full.compile import Frame
from services.planner.search.full.found import BANS_MAX
from services.planner.search.full.pool import POOL_MAX, POOL_NODES_MAX
from services.planner.search.full.space import STATE, STATE_SHAPES, packed

GOLDEN = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: spreads small seeds
PIECES_MAX = 1 << 15  # of a route that is swept; a longer one keeps its earliest moments
KEYS_PER_ROUTE = 4  # of the pool: a sparse table is quick


@dataclass(frozen=True, slots=True)
class Search:
    """The record of a state, with the arrays to which it points."""

    record: NDArray[np.void]
    arrays: dict[str, NDArray[Any]]

    def __getitem__(self, name: str) -> NDArray[Any]:
        """One of its arrays."""
        return self.arrays[name]

    def number(self, name: str) -> int:
        """One of its counters."""
        return int(self.record[name][0])


def empty_state(problem: Frame, seed: int) -> Search:
    """Every route leads from its start to its end; what can be served is left out."""
    sizes = sizes_of(problem)
    arrays = {name: np.zeros(*shape_of(name, sizes)) for name in STATE_SHAPES}
    arrays["stops"] = empty_stops(problem, sizes["stop_count"])
    for name in ("where", "absent_at", "best_next", "best_node"):
        arrays[name][:] = NONE
    record = packed(STATE, arrays, sizes)
    record["chance"] = (seed * 2 + 1) * GOLDEN % (1 << 64)
    search = Search(record, arrays)
    leave_all_out(problem, search)
    return search


def sizes_of(problem: Frame) -> dict[str, int]:
    """How long the arrays are."""
    nodes, shifts, tasks = len(problem["task_of"]), len(problem["lines"]), len(problem["tasks"])
    reloads = int(min(problem["lines"]["reload_limit"].sum(), tasks))
    labels = int(problem["lines"]["breaks"].max(initial=0)) + 1
    stops = nodes + 2 * shifts + reloads
    dimensions = problem["capacity"].shape[1]
    is_swept = problem.number("uses_prices") or problem.number("has_many_windows")
    return {
        "stop_count": stops,
        "shifts": shifts,
        "tiers": problem.number("tiers"),
        "labels": labels,
        "dimensions": dimensions,
        "kept_dimensions": 0 if problem.number("has_plain_loads") else dimensions,
        "task_count": tasks,
        "removed_max": 2 * tasks,
        "ones": 1,
        "bans_max": BANS_MAX,
        "two": 2,
        "four": 4,
        "goods": len(problem["clashes"]),
        "walk_rows": stops + 2,
        "pieces_max": PIECES_MAX if is_swept else 1,
        "run_count": (stops + 4) * labels + 3,
        "walk_columns": max(8, labels),
        "pool_max": POOL_MAX,
        "pool_nodes_max": POOL_NODES_MAX,
        "pool_keys_max": POOL_MAX * KEYS_PER_ROUTE,
    }


def shape_of(name: str, sizes: dict[str, int]) -> tuple[tuple[int, ...], Any]:
    """The shape of an array of the state, and what it holds."""
    dtype, *names = STATE_SHAPES[name]
    return tuple(sizes[size] for size in names), dtype


def empty_stops(problem: Frame, count: int) -> NDArray[np.void]:
    """All stops, of which only starts and ends are linked."""
    stops, lines = np.zeros(count, STOP), problem["lines"]
    for field in ("next", "previous", "route", "node", "trip"):
        stops[field] = NONE
    first = len(problem["task_of"])
    starts = np.arange(first, first + 2 * len(lines), 2)
    stops["route"][starts] = stops["route"][starts + 1] = np.arange(len(lines))
    stops["next"][starts], stops["previous"][starts + 1] = starts + 1, starts
    stops["place"][starts], stops["place"][starts + 1] = lines["origin"], lines["goal"]
    stops["trip"][starts] = starts
    return stops


def leave_all_out(problem: Frame, search: Search) -> None:
    """Counts every task as left out; those that are never inserted alone are not listed."""
    tasks = problem["tasks"]
    np.add.at(search["left"], tasks["tier"], tasks["penalty"])
    search.record["micros"] = tasks["drop_micros"].sum()
    listed = np.flatnonzero((tasks["first_delivery"] == NONE) & (tasks["is_frozen"] == 0))
    search["absent"][: len(listed)] = listed
    search["absent_at"][listed] = np.arange(len(listed))
    search.record["absent_count"] = len(listed)
    first = len(problem["task_of"])
    ends = np.arange(first, first + 2 * len(problem["lines"]), 2)
    search["best_next"][ends] = ends + 1
