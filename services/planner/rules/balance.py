"""
Balance: work is spread evenly over the routes that are used, for no more than was allowed.

Hard is that an answer reports how even it is, that this is so, and that it costs no more above the
cheapest plan than the problem allows, what zones charge left out. Which plan is the most even one
is the search's to find. Reason BALANCE; cure: allow balance to cost more, or plan again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import CostKind, Evenness, Plan, Violation
from services.planner.domain.problem import MASS, Balance
from services.planner.domain.reason import Reason
from services.planner.domain.task import TaskKind
from services.planner.rules.stop_limit import stops_of
from services.planner.rules.walk import Walk

REASON = Reason.BALANCE
CURE = "allow balance to cost more, or plan again"
PERCENT = 100


def violations(instance: Instance, plan: Plan) -> Iterator[Violation]:
    """A report that is not so, and a plan that balance made too dear."""
    told, asked = plan.evenness, instance.problem.objective
    if told is None:
        return
    if told != evenness_of(instance, plan, told.cheapest_micros):
        yield Violation(REASON, subject=told.measure.value, message="not as even as reported")
    allowed = told.cheapest_micros * (PERCENT + asked.balance_cost_percent_max) // PERCENT
    excess = uncharged_micros(plan) - allowed
    if excess > 0:
        yield Violation(REASON, subject="cost", excess_amount=excess)


def unreported(instance: Instance, plan: Plan) -> Iterator[Violation]:
    """A missing report; asked of plans that leave, not on the way there."""
    measure = instance.problem.objective.balance
    if measure is not None and plan.evenness is None:
        yield Violation(REASON, subject=measure.value, message="no report how even it is")


def uncharged_micros(plan: Plan) -> int:
    """What a plan costs without what zones charge: that is known only once it is made."""
    return plan.cost_micros - dict(plan.costs).get(CostKind.ACCESS, 0)


def evenness_of(instance: Instance, plan: Plan, cheapest_micros: int) -> Evenness | None:
    """How even a plan is, by what its problem asks to spread; None where it asks for nothing."""
    measure = instance.problem.objective.balance
    if measure is None:
        return None
    amounts = [MEASURES[measure](Walk(instance, route)) for route in plan.routes] or [0]
    return Evenness(measure, min(amounts), max(amounts), cheapest_micros)


def rest_seconds(walk: Walk) -> int:
    """How long a route lasts, from now where it is under way."""
    return walk.route.end_second - walk.route.start_second


def loaded_grams(walk: Walk) -> int:
    """The mass that a route takes in, on its way or before it."""
    return sum(
        task.loads[MASS]
        for _, task in walk.served
        if task.is_from_depot or task.kind is TaskKind.PICKUP
    )


MEASURES: dict[Balance, Callable[[Walk], int]] = {
    Balance.DURATION: rest_seconds,
    Balance.STOPS: stops_of,
    Balance.LOAD: loaded_grams,
}
