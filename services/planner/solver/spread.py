"""
What is spread evenly over the routes in use, by the measure of its rule, and how unevenly.

Engines search for cost, so the routes that they find are as uneven as is cheap. Before the master
picks, tasks are moved from the route with the most to those with the least, one by one, and every
route on the way is one more that it may pick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.planner.domain.instance import Instance, Node, is_reload
from services.planner.domain.plan import Plan, Route
from services.planner.domain.problem import Balance
from services.planner.rules.balance import MEASURES
from services.planner.rules.walk import Walk
from services.planner.search.construct import tidy
from services.planner.search.evaluate import holding
from services.planner.search.insert import Insertion, best, members
from services.planner.search.kernel import PoolRoute, Sequences
from services.planner.search.line import Line
from services.planner.search.solution import Solution
from services.planner.solver.assembly import Assembly

ENGINE = "spread"
MOVES_MAX = 40
MOVES_PER_SECOND = 4  # of a search: some 25 ms each, so about a tenth of its time
MOVE_SECONDS = 0.025
TASKS_TRIED = 8  # for one move between two routes: those nearest to the route with less
LEAST_TRIED = 3  # routes with less, for one move


@dataclass(frozen=True, slots=True)
class Measure:
    """An amount that every route has."""

    balance: Balance
    instance: Instance

    @classmethod
    def of(cls, instance: Instance) -> Measure | None:
        """What a problem asks to spread; None where it asks for nothing."""
        balance = instance.problem.objective.balance
        return None if balance is None else cls(balance, instance)

    def of_route(self, route: Route) -> int:
        """Seconds, stops, or grams."""
        return MEASURES[self.balance](Walk(self.instance, route))

    def of_column(self, assembly: Assembly, column: PoolRoute) -> int:
        """Of a route that may not be timed yet; 0 where it does not hold."""
        route = assembly.route(column.shift, column.nodes)
        return self.of_route(route) if route else 0


def spread_of(measure: Measure, plan: Plan) -> int:
    """The most minus the least of any route."""
    amounts = [measure.of_route(route) for route in plan.routes]
    return max(amounts, default=0) - min(amounts, default=0)


def moves_of(seconds: float) -> int:
    """How many moves a search of so many seconds tries."""
    return min(MOVES_MAX, round(MOVES_PER_SECOND * seconds))


@dataclass(frozen=True, slots=True)
class Move:
    """A task that goes from one route to another."""

    giver: Line
    kept: Sequence[Node]
    shorter: Route
    found: Insertion

    @property
    def cost_micros(self) -> int:
        """What it costs more."""
        return self.shorter.cost_micros - self.giver.cost_micros + self.found.delta_micros

    def made(self, solution: Solution) -> Iterator[PoolRoute]:
        """Makes it, and names the two routes."""
        taker = solution.lines[self.found.line]
        solution.put(self.giver, self.kept, self.shorter)
        solution.put(taker, self.found.nodes, self.found.route)
        for line in (self.giver, taker):
            yield PoolRoute(line.view.rank, line.nodes, line.cost_micros)


def evened(
    assembly: Assembly, measure: Measure, sequences: Sequences, moves: int
) -> Iterator[PoolRoute]:
    """The routes of ever evener plans, each a move away from the one before."""
    solution = assembly.solution(sequences)
    for _ in range(moves):
        used = [(measure.of_route(line.route), line) for line in solution.lines if line.route]
        used.sort(key=lambda one: (one[0], one[1].view.rank))
        if len(used) < 2 or used[0][0] == used[-1][0]:
            return
        (most, giver), takers = used[-1], used[:-1][:LEAST_TRIED]
        tried = (cheapest(solution, measure, most, giver, taker) for _, taker in takers)
        move = next((one for one in tried if one is not None), None)
        if move is None:
            return
        yield from move.made(solution)


def cheapest(
    solution: Solution, measure: Measure, most: int, giver: Line, taker: Line
) -> Move | None:
    """The cheapest move of a task between two routes after which both have less than the most."""
    found = [
        move
        for task in nearest(solution, giver, taker)[:TASKS_TRIED]
        if (move := tried(solution, task, giver, taker)) is not None
        and max(measure.of_route(move.shorter), measure.of_route(move.found.route)) < most
    ]
    return min(found, key=lambda move: (move.cost_micros, move.found.nodes), default=None)


def nearest(solution: Solution, giver: Line, taker: Line) -> list[int]:
    """The tasks of a route that may leave it, those first that lie nearest to another route."""
    instance, shift = solution.instance, taker.view.rank
    tasks, waited_for = instance.problem.tasks, instance.problem.deliveries_of_pickup
    stops = [instance.place_on(shift, node) for node in taker.nodes]

    def away(node: Node) -> tuple[int, int]:
        here = instance.place(node)
        return min(instance.travel_seconds(shift, here, there) for there in stops), node[0]

    free = (
        node
        for node in giver.nodes
        if not is_reload(node)
        and not waited_for[tasks[node[0]].task_id]
        and all(tasks[one].task_id not in giver.view.pins for one in members(instance, node[0]))
    )
    return [node[0] for node in sorted(free, key=away)]


def tried(solution: Solution, task: int, giver: Line, taker: Line) -> Move | None:
    """A task, with its pickup, taken from one route and put into another where that costs least."""
    gone = members(solution.instance, task)
    kept = tidy(node for node in giver.nodes if node[0] not in gone)
    shorter = holding(giver.view, kept) if kept else None
    if shorter is None:
        return None
    before, route = giver.nodes, giver.route
    solution.put(giver, kept, shorter)
    found = best(solution, task, [taker.view.rank])
    solution.put(giver, before, route)
    return None if found is None else Move(giver, kept, shorter, found)
