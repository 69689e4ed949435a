"""
PyVRP as an engine: iterated local search from a given plan, counted in iterations.

It searches what it models exactly, and nothing else: `gaps` names what keeps an instance from it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np
import pyvrp
from pyvrp.IteratedLocalSearch import IteratedLocalSearchCallbacks
from pyvrp.search import (
    OPERATORS,
    LocalSearch,
    NeighbourhoodParams,
    PerturbationManager,
    compute_neighbours,
)

from services.planner.domain.instance import RELOAD, Instance, Node
from services.planner.domain.shift import DutyClock, Unloading
from services.planner.search.kernel import Sequences
from services.planner.search.view import ShiftView
from services.planner.solver.fleet import classes_of
from services.planner.solver.pace import Pacer
from services.planner.solver.pyvrp_model import Fleet, PyvrpModel, nodes_of

ENGINE = f"pyvrp-{version('pyvrp')}"
CELLS_MAX = 60_000_000  # of all its matrices together: a gigabyte
PENALTY_MAX = 100_000.0  # PyVRP's own, for an instance where a second costs about one
PENALTY_MIN = 0.1
HISTORY = 300  # PyVRP's own
STALE_ITERATIONS_MAX = 150_000  # PyVRP's own
Hear = Callable[[Callable[[], Sequences]], bool]
"""Hears that there is a better plan; asks for it, and says so, when it wants it."""


def gaps(instance: Instance, views: Sequence[ShiftView]) -> Iterator[str]:
    """What an instance has that PyVRP does not model; nothing when it models all."""
    problem, fleet = instance.problem, Fleet.of(views, classes_of(instance))
    nodes = nodes_of(instance)
    if len(fleet.heads) * len(nodes) ** 2 > CELLS_MAX:
        yield "too many classes of shifts for so many tasks"
    if problem.incompatible_goods:
        yield "goods that may not be together"
    for head in fleet.heads:
        yield from shift_gaps(head)
    for node in nodes:
        yield from node_gaps(instance, fleet.heads, node)
    if any(head.shift.distance_limit_meters for head in fleet.heads):
        for head in fleet.heads:
            if head.costs.stop_micros or any(head.stay(node).cost_micros for node in nodes):
                yield "a limit of distance beside costs of visits"


def shift_gaps(head: ShiftView) -> Iterator[str]:
    """What a class of shifts has that PyVRP does not model."""
    shift = head.shift
    if shift.is_under_way:
        yield "a shift under way"
    if head.breaks:
        yield "breaks"
    if shift.vehicle.battery is not None:
        yield "a battery"
    if head.frozen:
        yield "a frozen head"
    if shift.unloading is not Unloading.ANY:
        yield "an order of unloading"
    if shift.stop_limit:
        yield "a limit of stops"
    if any(limit.clock is DutyClock.DRIVING for limit in shift.duty_limits):
        yield "a limit of driving"
    if shift.reload_limit and head.costs.stop_micros:
        yield "reloads beside costs of stops"
    for rank in range(len(shift.reloads) if shift.reload_limit else 0):
        if head.refusal((RELOAD, rank)) or len(head.stay((RELOAD, rank)).windows) != 1:
            yield "a reload that is not open at one time"


def node_gaps(instance: Instance, heads: Sequence[ShiftView], node: Node) -> Iterator[str]:
    """What a task has that PyVRP does not model."""
    stays = [head.stay(node) for head in heads if head.refusal(node) is None]
    if len({stay.windows for stay in stays}) > 1 or any(len(stay.windows) > 1 for stay in stays):
        yield "windows that differ by shift, or several"
    if any(stay.curve for stay in stays):
        yield "costs of a moment"
    task = instance.task(node)
    if task.ride_limit_seconds is not None:
        yield "a limit of rides"
    if task.pickup_task_id:
        pickup = instance.problem.tasks[instance.problem.rank_of_task[task.pickup_task_id]]
        if pickup.loads != task.loads or len(pickup.options) + len(task.options) > 2:
            yield "a pair of unequal loads, or with alternatives"


def models(instance: Instance, views: Sequence[ShiftView]) -> bool:
    """Whether PyVRP models everything that an instance has."""
    return next(gaps(instance, views), None) is None


@dataclass
class Listener(IteratedLocalSearchCallbacks):
    """Tells of the best plan that holds, until somebody wants to hear of it."""

    hear: Callable[[pyvrp.Solution], bool]
    unheard: pyvrp.Solution | None = None

    def on_best(self, best: pyvrp.Solution) -> None:
        """PyVRP has found a better plan."""
        if best.is_feasible():
            self.unheard = best

    def tell(self) -> None:
        """Offers the best plan, unless it was heard of."""
        if self.unheard is not None and self.hear(self.unheard):
            self.unheard = None


@dataclass
class Stop:
    """Asks the pacer after every iteration."""

    pacer: Pacer
    listener: Listener
    done: int = 0
    is_begun: bool = False

    def __call__(self, best_cost: float) -> bool:
        """Whether to stop; called before each iteration."""
        del best_cost
        self.done += self.is_begun
        self.is_begun = True
        goes_on = self.pacer.goes_on(self.done)  # first: whoever hears asks what was run for it
        self.listener.tell()
        return not goes_on


@dataclass
class PyvrpEngine:
    """PyVRP over one instance."""

    instance: Instance
    views: Sequence[ShiftView]
    seed: int
    classes: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Knows the classes of shifts."""
        self.classes = classes_of(self.instance)

    def run(self, start: Sequences, pacer: Pacer, hear: Hear, *, anew: bool = False) -> Sequences:
        """Searches from a plan, or anew; tells of every better one, and returns the best."""
        model = self._model(start)
        if not model.nodes:
            return start
        is_begun = serves_most(self.instance, start) and not anew
        first = solution_of(model, start) if is_begun else None
        listener = Listener(lambda best: hear(lambda: self.sequences(model, best)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about scale: ours is checked by `gaps`
            best = searched(model, first, self.seed, Stop(pacer, listener))
        return self.sequences(model, best) if best.is_feasible() else start

    def _model(self, start: Sequences) -> PyvrpModel:
        """Tasks without a penalty of their own that a plan serves stay served."""
        tasks = self.instance.problem.tasks
        served = {node[0] for nodes in start for node in nodes if node[0] != RELOAD}
        required = frozenset(task for task in served if not tasks[task].penalty_micros)
        return PyvrpModel(self.instance, Fleet.of(self.views, self.classes), required)

    def sequences(self, model: PyvrpModel, solution: pyvrp.Solution) -> Sequences:
        """A plan of PyVRP as sequences: routes of a class go to its shifts in turn."""
        found: list[tuple[Node, ...]] = [()] * len(self.views)
        free = [list(own) for own in model.fleet.shifts]
        for route in solution.routes():
            kind = route.vehicle_type()
            found[free[kind].pop(0)] = tuple(nodes_in(model, route))
        return tuple(found)


def searched(
    model: PyvrpModel, first: pyvrp.Solution | None, seed: int, stop: Stop
) -> pyvrp.Solution:
    """
    PyVRP's own search with its own parameters, but penalties on the scale of our costs.

    Without a plan to begin with it makes one as PyVRP does: at random, and then improved.
    """
    random = pyvrp.RandomNumberGenerator(seed=seed % (1 << 32))
    neighbours = compute_neighbours(model.data, NeighbourhoodParams())
    local = LocalSearch(model.data, random, neighbours, PerturbationManager())
    for operator in OPERATORS:
        if operator.supports(model.data):
            local.add_operator(operator(model.data))
    unit = unit_cost(model)
    penalties = pyvrp.PenaltyParams(min_penalty=PENALTY_MIN, max_penalty=PENALTY_MAX * unit)
    manager = pyvrp.PenaltyManager(penalties.midpoint_penalties(model.data), penalties)
    if first is None:
        scattered = pyvrp.Solution.make_random(model.data, random)
        first = local(scattered, manager.max_cost_evaluator(), exhaustive=True)
    settings = pyvrp.IteratedLocalSearchParams(
        STALE_ITERATIONS_MAX, HISTORY, exhaustive_on_best=True, callbacks=stop.listener
    )
    search = pyvrp.IteratedLocalSearch(model.data, manager, local, first, settings)
    return search.run(stop, False).best


def serves_most(instance: Instance, start: Sequences) -> bool:
    """Whether a plan serves more than half: a nearly empty one traps a local search."""
    served = sum(node[0] != RELOAD for nodes in start for node in nodes)
    return 2 * served > len(instance.problem.tasks)


def unit_cost(model: PyvrpModel) -> float:
    """What a second of travel costs on average: 1 where distance is all that costs."""
    kind = model.data.vehicle_types()[0]
    distances = model.data.distance_matrix(kind.profile)
    durations = np.minimum(model.data.duration_matrix(kind.profile), model.horizon)
    per_second = float(distances.sum()) * kind.unit_distance_cost / max(1.0, durations.sum())
    return max(1.0, float(per_second + kind.unit_duration_cost))


def solution_of(model: PyvrpModel, start: Sequences) -> pyvrp.Solution:
    """A plan in PyVRP's words."""
    kinds = {shift: kind for kind, own in enumerate(model.fleet.shifts) for shift in own}
    known = activities_of(model)
    routes = []
    for shift, nodes in enumerate(start):
        if nodes:
            reloads = model.data.vehicle_type(kinds[shift]).reload_depots
            visits = [
                pyvrp.Activity(pyvrp.ActivityType.DEPOT, reloads[node[1]])
                if node[0] == RELOAD
                else known[node]
                for node in nodes
            ]
            routes.append(pyvrp.Route(model.data, visits, kinds[shift]))
    return pyvrp.Solution(model.data, routes)


def activities_of(model: PyvrpModel) -> dict[Node, pyvrp.Activity]:
    """What PyVRP calls each node."""
    kinds = pyvrp.ActivityType
    known = {node: pyvrp.Activity(kinds.CLIENT, rank) for rank, node in enumerate(model.clients)}
    for rank, (pickup, delivery) in enumerate(model.shipments):
        known[pickup] = pyvrp.Activity(kinds.PICKUP, rank)
        known[delivery] = pyvrp.Activity(kinds.DELIVERY, rank)
    return known


def nodes_in(model: PyvrpModel, route: pyvrp.Route) -> Iterator[Node]:
    """The nodes of a route of PyVRP."""
    reloads = model.data.vehicle_type(route.vehicle_type()).reload_depots
    for activity in list(route)[1:-1]:
        if activity.is_client():
            yield model.clients[activity.idx]
        elif activity.is_depot():
            yield RELOAD, reloads.index(activity.idx)
        else:
            yield model.shipments[activity.idx][activity.is_delivery()]
