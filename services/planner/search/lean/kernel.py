"""The lean kernel as the portfolio drives it."""

from __future__ import annotations

import numpy as np

from services.planner.domain.instance import Instance
from services.planner.search.kernel import PoolRoute, Sequences
from services.planner.search.lean.anneal import anneal
from services.planner.search.lean.arrays import Knobs, Model, State, empty_nodes, empty_state
from services.planner.search.lean.heat import stretches
from services.planner.search.lean.load import load_routes
from services.planner.search.lean.model import model_of

SHORT_ROUTES = Knobs(
    removed_mean=10.0,
    string_max=10.0,
    split_chance=0.5,
    blink_chance=0.01,
    reach=1_000,
    crossings=12,
    split_route_chance=0.05,
    trades=30,  # R2_8_3 1.1 to 1.4 % in 16 s with them, 1.5 to 2.4 in 20 to 50 s without
    trade_max=4,
    between_max=30,
    absent_max=20,
    generous_chance=0.0,
    generous_percent=900,
)
LONG_ROUTES = SHORT_ROUTES._replace(removed_mean=15.0, string_max=20.0)
LONG_ROUTE = 20  # tasks per route, from which routes are long
GENEROUS_CHANCE = 0.5  # pcvrptw RC2_10_1 from PyVRP's plan: 1.26 % to 0.96; 0.5 with seed 2
AROUND = 10  # tasks around one
POOL_MAX = 5_000  # distinct routes kept between two calls


class LeanKernel:
    """Ruin and recreate for capacity and single windows, over one class of shifts."""

    def __init__(self, instance: Instance, seed: int) -> None:
        """Compiles an instance for which `suits` holds; nothing is served yet."""
        self._shift_count = len(instance.problem.shifts)
        self._model: Model = model_of(instance)
        task_count = len(instance.problem.tasks)
        self._state: State = empty_state(self._model, min(self._shift_count, task_count), seed)
        self._iterations_done = 0
        self._spacing = spacing_of(self._model)
        self._generous_chance = GENEROUS_CHANCE if has_choice(self._model) else 0.0
        self._pool: dict[tuple[int, ...], int] = {}
        self._pooled_cost: int | None = None

    def load(self, sequences: Sequences) -> None:
        """Starts from a plan; what does not hold of it is left out, and inserted by the search."""
        used = [[node[0] for node in nodes] for nodes in sequences if nodes]
        used = used[: len(self._state.routes)]
        tasks = np.array([task for route in used for task in route], np.int32)
        ends = np.cumsum([len(route) for route in used], dtype=np.int64)
        self._state.nodes[:] = empty_nodes(
            self._model, len(self._model.near), len(self._state.routes)
        )
        load_routes(self._model, self._state, tasks, ends)

    def run(self, iterations: int, progress_from: float, progress_to: float) -> None:
        """Searches for a chunk; progress from 0 to 1 cools the annealing between its ends."""
        if self._state.tally["used"][0] == 0:
            anneal(self._model, self._state, SHORT_ROUTES, 1, 1.0, 1.0)
        for steps, heat_from, heat_to in stretches(iterations, progress_from, progress_to):
            heats = self._spacing * heat_from, self._spacing * heat_to
            anneal(self._model, self._state, self._knobs(), steps, *heats)
        self._iterations_done += iterations
        self._fill_pool()

    def _knobs(self) -> Knobs:
        return knobs_for(self._state)._replace(generous_chance=self._generous_chance)

    def best(self) -> Sequences:
        """The best plan so far."""
        routes = self._best_routes()
        filled = [tuple((task, 0) for task in route) for route in routes]
        return (*filled, *[()] * (self._shift_count - len(filled)))

    def score(self) -> tuple[int, ...]:
        """Penalties of what is left out and micros in one sum, as there is one tier."""
        return (int(self._state.tally["best_cost"][0]),)

    def take_pool(self) -> list[PoolRoute]:
        """The distinct routes of good plans since the last call, the latest first."""
        taken = [
            PoolRoute(0, tuple((task, 0) for task in route), cost)
            for route, cost in reversed(self._pool.items())
        ]
        self._pool.clear()
        return taken

    @property
    def iterations_done(self) -> int:
        """How many iterations have run since the kernel was made."""
        return self._iterations_done

    def _best_routes(self) -> list[tuple[int, ...]]:
        """The tasks of each route of the best plan."""
        following, task_count = self._state.best_next.tolist(), len(self._model.near)
        routes = []
        for start in range(task_count, len(following), 2):
            route, node = [], following[start]
            while node < task_count:
                route.append(node)
                node = following[node]
            routes.append(tuple(route))
        return routes

    def _fill_pool(self) -> None:
        """Keeps the routes of a plan that is the best so far."""
        cost = self.score()[0]
        if cost == self._pooled_cost:
            return
        self._pooled_cost = cost
        for route in self._best_routes():
            if route and route not in self._pool:
                self._pool[route] = self._cost_of(route)
        for route in list(self._pool)[: max(0, len(self._pool) - POOL_MAX)]:
            del self._pool[route]

    def _cost_of(self, route: tuple[int, ...]) -> int:
        depot = len(self._model.near)
        way = np.array([depot, *route, depot])
        legs = self._model.legs["cost"][way[:-1], way[1:]]
        return int(legs.sum(dtype=np.int64)) + self._model.fixed_cost


def knobs_for(state: State) -> Knobs:
    """What suits the routes as they are: longer strings where routes are long."""
    served, used = int(state.routes["size"].sum()), int(state.tally["used"][0])
    return LONG_ROUTES if served > LONG_ROUTE * used else SHORT_ROUTES


def has_choice(model: Model) -> bool:
    """Whether a task is not worth a route of its own, so that whom to serve is a choice."""
    depot = len(model.near)
    ways, penalties = model.legs[depot, :depot], model.tasks["penalty"][:depot]
    alone = ways["cost"].astype(np.int64) + ways["cost_back"] + model.fixed_cost
    return bool((alone > penalties).any())


def spacing_of(model: Model) -> float:
    """The mean cost of the ways from a task to those around it, by which temperatures scale."""
    around = model.near[:, :AROUND]
    if not around.size:
        return 1.0
    return max(1.0, float(model.legs["cost"][np.arange(len(around))[:, None], around].mean()))
