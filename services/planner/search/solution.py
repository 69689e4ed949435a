"""A solution under work: one sequence per shift, its timed routes, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from services.planner.domain.instance import RELOAD, Instance, Node, is_reload
from services.planner.domain.plan import Plan, Route, Unassigned
from services.planner.domain.problem import FixedRoute, Problem
from services.planner.domain.score import Score, drop_micros, lost_micros, score_of
from services.planner.search.evaluate import holding, views_of
from services.planner.search.field import Field
from services.planner.search.line import Line as Line
from services.planner.search.order import tasks_of
from services.planner.search.view import ShiftView


class Solution:
    """Sequences that all hold, and the tasks that none serves."""

    def __init__(self, instance: Instance, views: Sequence[ShiftView] = ()) -> None:
        """Starts with nothing served; shifts that were compiled before need not be again."""
        self.instance = instance
        self.lines = [Line(view) for view in views or views_of(instance)]
        self.left_out = set(range(len(instance.problem.tasks)))
        self.field = Field(instance, self.lines)
        self.tiers = instance.problem.tiers

    def put(self, line: Line, nodes: Sequence[Node], route: Route | None) -> None:
        """Gives a line another sequence; what it no longer serves is left out."""
        self.left_out.update(tasks_of(line.nodes))
        self.left_out.difference_update(tasks_of(nodes))
        line.place(nodes, route if nodes else None)

    def score(self) -> Score:
        """How good it is: compare with `<`."""
        return score_of(self.instance, self.left_out, self.route_cost_micros())

    def is_worth(self, tasks: Sequence[int], delta_micros: int) -> bool:
        """Whether serving tasks together is better than leaving them out, at a cost."""
        own = self.instance.problem.tasks
        if any(own[task].priority > self.tiers[-1] for task in tasks):
            return True
        return delta_micros < self.worth_micros(tasks)

    def worth_micros(self, tasks: Sequence[int]) -> int:
        """What leaving tasks out costs: their penalties, and for those of the known plan a drop."""
        return lost_micros(self.instance, tasks)

    def route_cost_micros(self) -> int:
        """The cost of all routes."""
        return sum(line.cost_micros for line in self.lines)

    def sequences(self) -> tuple[tuple[Node, ...], ...]:
        """The sequence of each shift."""
        return tuple(line.nodes for line in self.lines)

    def load(self, sequences: Iterable[Sequence[Node]]) -> None:
        """Takes given sequences as far as they hold; the rest is left out."""
        for line, nodes in zip(self.lines, sequences, strict=True):
            kept = hold_of(line.view, nodes)
            line.place(kept, holding(line.view, kept) if kept else None)
        self.count_left_out()

    def count_left_out(self) -> None:
        """Works out anew what is left out."""
        served = {task for line in self.lines for task in tasks_of(line.nodes)}
        self.left_out = set(range(len(self.instance.problem.tasks))) - served

    def plan(self) -> Plan:
        """The plan as it stands, without reasons."""
        penalties = self.instance.penalties
        left = tuple(Unassigned(task, penalties[task]) for task in sorted(self.left_out))
        routes = tuple(line.route for line in self.lines if line.route is not None)
        return Plan(routes, left, churn_drop_micros=drop_micros(self.instance, self.left_out))


def hold_of(view: ShiftView, nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The longest part of a sequence that holds when its tasks are added one after another."""
    if not nodes or holding(view, nodes) is not None:
        return tuple(nodes)
    kept: set[int] = set()
    for group in groups_of(view.instance, nodes):
        tried = [node for rank, node in enumerate(nodes) if rank in kept or rank in group]
        if holding(view, tried) is not None:
            kept |= group
    held = tuple(node for rank, node in enumerate(nodes) if rank in kept)
    return held if any(not is_reload(node) for node in held) else ()


def pairs_of(instance: Instance, nodes: Sequence[Node]) -> list[tuple[Node, ...]]:
    """The nodes that only hold together: a delivery with its pickup, else each alone."""
    return [tuple(nodes[rank] for rank in sorted(group)) for group in groups_of(instance, nodes)]


def groups_of(instance: Instance, nodes: Sequence[Node]) -> list[frozenset[int]]:
    """
    The ranks that only hold together: a delivery with its pickup, else each alone; reloads first,
    so that what they make room for finds it.
    """
    problem = instance.problem
    own = {node[0]: rank for rank, node in enumerate(nodes)}
    groups = [frozenset({rank}) for rank, node in enumerate(nodes) if is_reload(node)]
    for rank, node in enumerate(nodes):
        if is_reload(node):
            continue
        task = problem.tasks[node[0]]
        pickup = problem.rank_of_task.get(task.pickup_task_id)
        if pickup in own:
            groups.append(frozenset({own[pickup], rank}))
        elif not problem.deliveries_of_pickup[task.task_id]:
            groups.append(frozenset({rank}))
    return groups


def nodes_of(problem: Problem, routes: Iterable[FixedRoute]) -> tuple[tuple[Node, ...], ...]:
    """
    Given routes as sequences per shift; what is unknown in them is passed over.
    """
    sequences: list[tuple[Node, ...]] = [()] * len(problem.shifts)
    for route in routes:
        shift = problem.rank_of_shift.get(route.shift_id)
        if shift is not None:
            sequences[shift] = tuple(nodes_in(problem, route, shift))
    return tuple(sequences)


def nodes_in(problem: Problem, route: FixedRoute, shift: int) -> Iterator[Node]:
    """The nodes of a given route, each reload before the visit that it names."""
    names = [own.reload_id for own in problem.shifts[shift].reloads]
    for rank in range(len(route.visits) + 1):
        for reload in route.reloads:
            is_last = rank == len(route.visits)
            is_here = reload.rank == rank or (is_last and reload.rank > rank)
            if is_here and reload.reload_id in names:
                yield RELOAD, names.index(reload.reload_id)
        if rank < len(route.visits):
            visit = route.visits[rank]
            task = problem.rank_of_task.get(visit.task_id)
            if task is not None:
                options = [option.alternative_id for option in problem.tasks[task].options]
                yield task, options.index(visit.alternative_id)
