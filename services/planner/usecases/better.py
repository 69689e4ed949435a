"""
Which of two plans of a problem is better, by what the problem asks for. Pure.

Tasks of higher tiers first, then cost; where as few shifts as possible are asked for, using one
costs what it costs the search. What is spread evenly counts before cost, within what it may cost.
Charges of zones are left out: no search knows of them.
"""

from __future__ import annotations

from services.planner.domain import score
from services.planner.domain.instance import Instance
from services.planner.domain.plan import CostKind, Evenness, Plan
from services.planner.domain.score import Score
from services.planner.rules.balance import PERCENT, evenness_of, uncharged_micros
from services.planner.solver.searched import searched


def is_better(instance: Instance, plan: Plan, other: Plan) -> bool:
    """Whether a plan is better than another."""
    mine, theirs = score_of(instance, plan), score_of(instance, other)
    if instance.problem.objective.balance is None or mine[0] != theirs[0]:
        return mine < theirs
    cheapest = cheapest_of(plan, other)
    return balanced_score(instance, plan, cheapest) < balanced_score(instance, other, cheapest)


def score_of(instance: Instance, plan: Plan) -> Score:
    """How good a plan is by what is searched for, balance left out: compare with `<`."""
    aim = searched(instance)
    used = sum(more_fixed_micros(instance, aim, route.shift) for route in plan.routes)
    charged = dict(plan.costs).get(CostKind.ACCESS, 0)
    driven = sum(route.cost_micros for route in plan.routes) - charged
    return score.score_of(aim, [left.task for left in plan.unassigned], driven + used)


def balanced_score(instance: Instance, plan: Plan, cheapest_micros: int) -> tuple[bool, int, int]:
    """How good a plan is whose routes are to be even: compare with `<`."""
    percent = instance.problem.objective.balance_cost_percent_max
    is_too_dear = uncharged_micros(plan) * PERCENT > cheapest_micros * (PERCENT + percent)
    even = evenness_of(instance, plan, cheapest_micros)
    return is_too_dear, spread_of(even), score_of(instance, plan)[1]


def cheapest_of(*plans: Plan) -> int:
    """What the cheapest plan costs that is known, even routes or not."""
    told = [plan.evenness.cheapest_micros for plan in plans if plan.evenness]
    return min(*told, *map(uncharged_micros, plans))


def more_fixed_micros(instance: Instance, aim: Instance, shift: int) -> int:
    """By how much using a shift costs the search more than it costs."""
    own, searches = instance.problem.shifts[shift].costs, aim.problem.shifts[shift].costs
    return searches.effective.fixed_micros - own.effective.fixed_micros


def spread_of(even: Evenness | None) -> int:
    """The most minus the least of any route."""
    return even.highest - even.lowest if even else 0
