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
    service,
    shift,
    skills,
    stop_limit,
    territory,
    travel,
    unloading,
    windows,
    zones,
)

RULES_VERSION = "1"  # raised whenever a rule changes its answer
Rule = Callable[[Instance, Route], Iterator[Violation]]
# In the order in which a task's own reasons are told: what no timing can mend comes first.
RULES: tuple[Rule, ...] = (
    exclusions.violations,
    locks.violations,
    territory.violations,
    skills.violations,
    capacity.violations,
    zones.violations,
    travel.violations,
    pairing.violations,
    goods.violations,
    unloading.violations,
    service.violations,
    windows.violations,
    breaks.violations,
    shift.violations,
    duty.violations,
    distance.violations,
    stop_limit.violations,
    charge.violations,
    cost.violations,
)
CURES: dict[Reason, str] = {
    rule.REASON: rule.CURE
    for rule in (
        breaks, capacity, charge, cost, coverage, distance, duty, exclusions, goods, locks, pairing,
        service, shift, skills, stop_limit, territory, travel, unloading, windows, zones,
    )
} | {
    travel.UNREACHABLE_REASON: travel.UNREACHABLE_CURE,
    zones.UNKNOWN_REASON: zones.UNKNOWN_CURE,
    Reason.NO_ROOM: "add a shift, or drop something of lower priority",
    Reason.TOO_DEAR: "raise the penalty",
    Reason.TIME: "allow more time",
}  # fmt: skip


def route_violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """Every rule that one route breaks, hard and soft."""
    for rule in RULES:
        yield from rule(instance, route)


def verify(instance: Instance, plan: Plan) -> tuple[Violation, ...]:
    """Every rule that a plan breaks, hard and soft, in the order of its routes."""
    found = list(coverage.violations(instance, plan))
    for route in plan.routes:
        found += route_violations(instance, route)
    return tuple(found)
