"""
The verifier: every rule again, on a finished plan, in whole numbers.

It imports no solver and nothing of the search. What it names as hard never leaves the planner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.plan import Plan, Route, Violation
from services.planner.domain.reason import Reason
from services.planner.rules import (
    balance,
    breaks,
    capacity,
    charge,
    cost,
    coverage,
    distance,
    duty,
    exclusions,
    goods,
    locks,
    pairing,
    penalties,
    release,
    reloads,
    service,
    shift,
    skills,
    soft_windows,
    stop_limit,
    territory,
    travel,
    unloading,
    windows,
    zones,
)
from services.planner.rules.walk import Walk

RULES_VERSION = "4"  # raised whenever a rule changes its answer
# In the order in which a task's own reasons are told: what no timing can mend comes first.
ROUTE_RULES = (
    exclusions, locks, territory, skills, capacity, zones, travel, pairing, goods, unloading,
    service, windows, soft_windows, reloads, release, breaks, shift, duty, distance, stop_limit,
    charge, cost,
)  # fmt: skip
PLAN_RULES = (coverage, penalties, balance)
RULES: tuple[Callable[[Walk], Iterator[Violation]], ...] = tuple(
    rule.violations for rule in ROUTE_RULES
)
CURES: dict[Reason, str] = {rule.REASON: rule.CURE for rule in (*ROUTE_RULES, *PLAN_RULES)} | {
    travel.UNREACHABLE_REASON: travel.UNREACHABLE_CURE,
    zones.UNKNOWN_REASON: zones.UNKNOWN_CURE,
    Reason.NO_ROOM: "add a shift, or drop something of lower priority",
    Reason.TOO_DEAR: "raise the penalty",
    Reason.TIME: "allow more time",
}


def route_violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """Every rule that one route breaks, hard and soft."""
    walk = Walk(instance, route)
    for rule in RULES:
        yield from rule(walk)


def plan_violations(instance: Instance, plan: Plan) -> Iterator[Violation]:
    """Every rule that a plan breaks as a whole, whatever its routes break."""
    for rule in PLAN_RULES:
        yield from rule.violations(instance, plan)


def verify(instance: Instance, plan: Plan, *, is_answer: bool = False) -> tuple[Violation, ...]:
    """
    Every rule that a plan breaks, hard and soft, in the order of its routes.

    An answer also says why it leaves out what it does, and how even it is where that was asked.
    """
    unknown = tuple(coverage.unknown(instance, plan))
    if unknown:
        return unknown
    found = [*plan_violations(instance, plan), *locks.dropped(instance, plan)]
    if is_answer:
        found += coverage.unexplained(instance, plan)
        found += balance.unreported(instance, plan)
    for route in plan.routes:
        found += route_violations(instance, route)
    return tuple(found)
