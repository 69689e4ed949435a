"""What is spread evenly over the routes that are used, and how unevenly it is."""

from __future__ import annotations

from dataclasses import dataclass

from services.planner.domain.instance import is_reload
from services.planner.domain.plan import Plan, Route
from services.planner.domain.problem import Balance, Problem
from services.planner.search.kernel import PoolRoute
from services.planner.solver.assembly import Assembly


@dataclass(frozen=True, slots=True)
class Measure:
    """An amount that every route has."""

    balance: Balance
    problem: Problem
    dimension: int = 0
    """Of the goods that are spread."""

    @classmethod
    def of(cls, problem: Problem) -> Measure | None:
        """What a problem asks to spread; goods by the first dimension that any task has."""
        if problem.objective.balance is None:
            return None
        dimensions = range(len(problem.dimensions))
        has = (one for one in dimensions if any(task.loads[one] for task in problem.tasks))
        return cls(problem.objective.balance, problem, next(has, 0))

    def of_route(self, route: Route) -> int:
        """Seconds, stops, or goods."""
        if self.balance is Balance.DURATION:
            return route.end_second - route.start_second
        return self._of_tasks([visit.task for visit in route.served])

    def of_column(self, assembly: Assembly, column: PoolRoute) -> int:
        """Of a route that may not be timed yet."""
        if self.balance is Balance.DURATION:
            route = assembly.route(column.shift, column.nodes)
            return self.of_route(route) if route else 0
        return self._of_tasks([node[0] for node in column.nodes if not is_reload(node)])

    def _of_tasks(self, tasks: list[int]) -> int:
        if self.balance is Balance.STOPS:
            return len(tasks)
        return sum(self.problem.tasks[task].loads[self.dimension] for task in tasks)


def spread_of(measure: Measure, plan: Plan) -> int:
    """The most minus the least of any route."""
    amounts = [measure.of_route(route) for route in plan.routes]
    return max(amounts, default=0) - min(amounts, default=0)
