"""What is spread evenly over the routes in use, by the measure of its rule, and how unevenly."""

from __future__ import annotations

from dataclasses import dataclass

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Route
from services.planner.domain.problem import Balance
from services.planner.rules.balance import MEASURES
from services.planner.rules.walk import Walk
from services.planner.search.kernel import PoolRoute
from services.planner.solver.assembly import Assembly


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
