"""The full kernel as the portfolio drives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from services.planner.domain.instance import RELOAD, Instance, Node, is_reload
from services.planner.search.full.anneal import fill, run
from services.planner.search.full.arrays import NONE
from services.planner.search.full.compile import Compiled, compile_instance
from services.planner.search.full.load import refresh_all, take_route
from services.planner.search.full.state import Search, empty_state
from services.planner.search.kernel import PoolRoute, Sequences

HEAT_START = 2.0  # temperature over the mean cost per task, fixed costs left out
HEAT_END = 0.02


class FullKernel:
    """Ruin and recreate for every rule."""

    def __init__(self, instance: Instance, seed: int) -> None:
        """Compiles an instance; nothing is served yet."""
        self._instance = instance
        self._compiled: Compiled = compile_instance(instance)
        self._frame = self._compiled.frame
        self._model = self._frame.record
        self._seed = seed
        self._numbers = {node: number for number, node in enumerate(self._compiled.nodes)}
        self._search: Search = empty_state(self._frame, seed)
        self._is_loaded = False

    def load(self, sequences: Sequences) -> None:
        """Starts from a plan; what does not hold of it is left out, and inserted by the search."""
        iterations = self.iterations_done
        self._search = empty_state(self._frame, self._seed + iterations)
        self._search.record["iterations"] = iterations
        refresh_all(self._model, self._search.record)
        for route, nodes in enumerate(sequences):
            self._take(route, nodes)
        fill(self._model, self._search.record)
        self._is_loaded = True

    def run(self, iterations: int, progress_from: float, progress_to: float) -> None:
        """Searches for a chunk; progress from 0 to 1 cools the annealing between its ends."""
        if not self._is_loaded:
            self.load(tuple(self._heads()))
        heats = [self._heat(at) for at in (progress_from, progress_to)]
        run(self._model, self._search.record, iterations, *heats)

    def best(self) -> Sequences:
        """The best plan so far."""
        following, nodes = self._search["best_next"].tolist(), self._search["best_node"].tolist()
        first = len(self._compiled.nodes)
        routes = []
        for route in range(len(self._frame["lines"])):
            names, stop = list[Node](), following[first + 2 * route]
            while following[stop] != NONE:
                names.append(self._name(route, nodes[stop]))
                stop = following[stop]
            routes.append(tuple(names))
        return tuple(routes)

    def score(self) -> tuple[int, ...]:
        """
        Penalties left out, a number per tier from the highest; the lowest with the cost in micros.
        """
        *tiers, lowest = self._search["best_left"].tolist()
        return (*tiers, lowest + self._search.number("best_micros"))

    def take_pool(self) -> list[PoolRoute]:
        """The distinct routes of good plans since the last call; their number is bounded."""
        search, count = self._search, self._search.number("pool_count")
        taken = [self._pooled(entry) for entry in search["pool"][:count].tolist()]
        search.record["pool_count"] = search.record["pool_node_count"] = 0
        search["pool_keys"][:] = 0
        return taken

    @property
    def iterations_done(self) -> int:
        """How many iterations have run since the kernel was made."""
        return self._search.number("iterations")

    def _pooled(self, entry: tuple[int, ...]) -> PoolRoute:
        shift, first, count, micros = entry
        numbers = self._search["pool_nodes"][first : first + count].tolist()
        return PoolRoute(shift, tuple(self._name(shift, number) for number in numbers), micros)

    def _name(self, shift: int, number: int) -> Node:
        """The node of a number; reloads are numbered after all nodes of tasks."""
        if number < len(self._compiled.nodes):
            return self._compiled.nodes[number]
        return RELOAD, number - self._compiled.reloads_from[shift]

    def _number(self, shift: int, node: Node) -> int:
        """The number of a node."""
        if is_reload(node):
            return self._compiled.reloads_from[shift] + node[1]
        return self._numbers[node]

    def _take(self, route: int, nodes: Sequence[Node]) -> None:
        """Gives a route a sequence, or where that does not hold, as much of it as does."""
        numbers = [self._number(route, node) for node in nodes]
        if numbers and not self._try(route, numbers, is_kept=True):
            kept: list[int] = []
            for group in self._groups(numbers):
                tried = [number for number in numbers if number in kept or number in group]
                kept = tried if self._try(route, tried, is_kept=False) else kept
            self._try(route, kept, is_kept=True)

    def _try(self, route: int, numbers: Sequence[int], *, is_kept: bool) -> bool:
        """Whether a route holds a sequence."""
        nodes = np.array(numbers, np.int64)
        return bool(take_route(self._model, self._search.record, route, nodes, is_kept))

    def _groups(self, numbers: Sequence[int]) -> Iterator[tuple[int, ...]]:
        """What only holds together: a delivery with its pickup, else each node alone."""
        tasks, task_of = self._frame["tasks"], self._frame["task_of"]
        for number in numbers:
            if number >= len(task_of):
                yield (number,)
                continue
            task = tasks[task_of[number]]
            if task["pickup"] != NONE:
                yield int(tasks[task["pickup"]]["first_node"]), number
            elif task["first_delivery"] == NONE:
                yield (number,)

    def _heads(self) -> Iterator[tuple[Node, ...]]:
        """The frozen heads of all routes."""
        ranks, pins = self._instance.problem.rank_of_task, self._instance.problem.pins
        for shift in self._instance.problem.shifts:
            own = [pin for pin in pins if pin.is_frozen and pin.shift_id == shift.shift_id]
            yield tuple((ranks[p.task_id], 0) for p in sorted(own, key=lambda pin: pin.rank))

    def _heat(self, progress: float) -> float:
        """The temperature, by what a task costs on average in the best plan."""
        routes, lines = self._search["routes"], self._frame["lines"]
        fixed = int(lines["fixed_micros"][routes["size"] > 0].sum())
        served = max(1, int(routes["size"].sum()))
        mean = max(1.0, (self._search.number("micros") - fixed) / served)
        return mean * HEAT_START * (HEAT_END / HEAT_START) ** progress
