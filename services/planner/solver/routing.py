"""
Solves a routing model from its own first solution down to a local optimum.

A descent ends by itself, so that its answer does not depend on the machine; time only guards. It
starts afresh: ruin and recreate improves a given plan quicker, a second start is what it lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from services.planner.domain.instance import Instance, Node
from services.planner.search.view import ShiftView
from services.planner.solver.model import RoutingModel
from services.planner.solver.pace import Pacer

ENGINE = f"ortools-{version('ortools')}"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the engine proposes: one sequence per shift."""

    sequences: tuple[tuple[Node, ...], ...]


def propose(
    instance: Instance,
    views: Sequence[ShiftView],
    *,
    seed: int,
    pacer: Pacer,
) -> Proposal | None:
    """The engine's own plan; None when it finds nothing at all."""
    solution_limit, time_limit = pacer.whole()
    model = RoutingModel(instance, views, seed)
    if not model.nodes:
        return None
    parameters = search_parameters(solution_limit, time_limit)
    solution = model.routing.SolveWithParameters(parameters)
    if solution is None:
        return None
    solver = model.routing.solver()
    pacer.ran(int(solver.Solutions()), solver.WallTime() >= time_limit.total_seconds() * 1_000)
    return Proposal(sequences(model, solution))


def search_parameters(solution_limit: int, time_limit: timedelta) -> Any:
    """Cheapest insertion, then every neighborhood until none improves."""
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    strategies = routing_enums_pb2.FirstSolutionStrategy
    parameters.first_solution_strategy = strategies.PARALLEL_CHEAPEST_INSERTION
    heuristics = routing_enums_pb2.LocalSearchMetaheuristic
    parameters.local_search_metaheuristic = heuristics.GREEDY_DESCENT
    parameters.solution_limit = solution_limit
    parameters.time_limit.FromTimedelta(time_limit)
    return parameters


def sequences(model: RoutingModel, solution: Any) -> tuple[tuple[Node, ...], ...]:
    """What a solution says, shift by shift."""
    found = []
    for view in model.views:
        nodes, at = [], solution.Value(model.routing.NextVar(model.routing.Start(view.rank)))
        while not model.routing.IsEnd(at):
            nodes.append(model.nodes[model.manager.IndexToNode(at)])
            at = solution.Value(model.routing.NextVar(at))
        found.append(tuple(nodes))
    return tuple(found)
