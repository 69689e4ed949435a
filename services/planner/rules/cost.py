"""
Cost: what a route claims to cost is what its terms add up to.

Hard. Every term is computed again from the problem and the times: using the shift, time, overtime,
distance, stops and energy here, the rest in the file of its own rule. Reason COST; cure: plan
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from services.planner.domain.money import (
    METERS_PER_KILOMETER,
    SECONDS_PER_HOUR,
    WATT_HOURS_PER_KILOWATT_HOUR,
    priced,
)
from services.planner.domain.plan import CostKind, Violation, Visit
from services.planner.domain.reason import Reason
from services.planner.domain.task import Task
from services.planner.rules import (
    alternatives,
    churn,
    earliness,
    failure,
    preferences,
    soft_windows,
    territory,
    zones,
)
from services.planner.rules.charge import charge_after_legs
from services.planner.rules.stop_limit import stops_of
from services.planner.rules.walk import Walk

REASON = Reason.COST
CURE = "plan again"
Term = Callable[[Walk, Visit, Task], int]
VISIT_TERMS: tuple[tuple[CostKind, Term], ...] = tuple(
    (rule.KIND, rule.micros)
    for rule in (soft_windows, territory, preferences, alternatives, earliness, churn, failure)
)


def violations(walk: Walk) -> Iterator[Violation]:
    """One per term that is not what it should be."""
    claimed, due = dict(walk.route.costs), terms(walk)
    for kind in CostKind:
        excess = claimed.get(kind, 0) - due.get(kind, 0)
        if excess:
            yield walk.broken(REASON, excess_amount=excess, subject=kind.value)


def terms(walk: Walk) -> dict[CostKind, int]:
    """All terms of a route."""
    due = route_terms(walk)
    for kind, micros in VISIT_TERMS:
        due[kind] = sum(micros(walk, visit, task) for visit, task in walk.served)
    return due


def route_terms(walk: Walk) -> dict[CostKind, int]:
    """Terms of the route as a whole."""
    rates, lasted = walk.shift.costs.effective, lasted_seconds(walk)
    over = 0
    if rates.overtime_after_seconds is not None:
        over = max(0, lasted - rates.overtime_after_seconds)
    return {
        CostKind.FIXED: rates.fixed_micros,
        CostKind.TIME: priced(rates.hour_micros, lasted, SECONDS_PER_HOUR),
        CostKind.OVERTIME: priced(rates.overtime_hour_micros, over, SECONDS_PER_HOUR),
        CostKind.DISTANCE: priced(rates.kilometer_micros, walk.meters, METERS_PER_KILOMETER),
        CostKind.STOPS: rates.stop_micros * stops_of(walk),
        CostKind.ENERGY: priced(
            rates.kilowatt_hour_micros, used_watt_hours(walk), WATT_HOURS_PER_KILOWATT_HOUR
        ),
        zones.KIND: zones.charged_micros(walk),
    }


def lasted_seconds(walk: Walk) -> int:
    """How long a route lasts, from when it began where it is under way."""
    state, began = walk.shift.start_state, walk.route.start_second
    if state is not None:
        began = state.second if state.route_start_second is None else state.route_start_second
    return walk.route.end_second - began


def used_watt_hours(walk: Walk) -> int:
    """What a route takes from its battery; nothing without one."""
    if walk.shift.vehicle.battery is None:
        return 0
    return walk.shift.start_charge_watt_hours - list(charge_after_legs(walk))[-1]
