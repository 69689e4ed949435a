"""Solves a routing model: from given sequences, for a number of solutions or until time is up."""

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

ENGINE = f"ortools-{version('ortools')}"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the engine proposes: one sequence per shift."""

    sequences: tuple[tuple[Node, ...], ...]
    solution_count: int
    ran_out_of_time: bool


def propose(
    instance: Instance,
    views: Sequence[ShiftView],
    start: Sequence[Sequence[Node]],
    *,
    seed: int,
    solution_limit: int,
    time_limit: timedelta,
) -> Proposal | None:
    """Improves given sequences; None when the engine finds nothing at all."""
    model = RoutingModel(instance, views, seed)
    if not model.nodes:
        return None
    parameters = search_parameters(solution_limit, time_limit)
    model.routing.CloseModelWithParameters(parameters)
    hint = model.routing.ReadAssignmentFromRoutes(indices(model, start), True)
    if hint is None:
        solution = model.routing.SolveWithParameters(parameters)
    else:
        solution = model.routing.SolveFromAssignmentWithParameters(hint, parameters)
    if solution is None:
        return None
    solver = model.routing.solver()
    late = solver.WallTime() >= time_limit.total_seconds() * 1_000
    return Proposal(sequences(model, solution), int(solver.Solutions()), late)


def search_parameters(solution_limit: int, time_limit: timedelta) -> Any:
    """Guided local search; the number of solutions ends it, time only guards."""
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    strategies = routing_enums_pb2.FirstSolutionStrategy
    parameters.first_solution_strategy = strategies.PARALLEL_CHEAPEST_INSERTION
    heuristics = routing_enums_pb2.LocalSearchMetaheuristic
    parameters.local_search_metaheuristic = heuristics.GUIDED_LOCAL_SEARCH
    parameters.solution_limit = solution_limit
    parameters.time_limit.FromTimedelta(time_limit)
    return parameters


def indices(model: RoutingModel, start: Sequence[Sequence[Node]]) -> list[list[int]]:
    """Sequences in the engine's own numbers."""
    return [[model.index(node) for node in nodes if node in model.rank] for nodes in start]


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
