"""
Cost: what a route claims to cost is what its terms add up to.

Hard. Every term is computed again from the problem and the times. Reason COST; cure: plan again.
"""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.domain.money import (
    METERS_PER_KILOMETER,
    SECONDS_PER_HOUR,
    WATT_HOURS_PER_KILOWATT_HOUR,
    priced,
)
from services.planner.domain.plan import CostKind, Route, Violation, Visit
from services.planner.domain.reason import Reason
from services.planner.domain.task import Window
from services.planner.rules.charge import charge_after_legs
from services.planner.rules.distance import meters_of
from services.planner.rules.stop_limit import stops_of
from services.planner.rules.walk import broken, shift_of, task_of

REASON = Reason.COST
CURE = "plan again"


def violations(instance: Instance, route: Route) -> Iterator[Violation]:
    """One per term that is not what it should be."""
    claimed = dict(route.costs)
    due = terms(instance, route)
    for kind in CostKind:
        excess = claimed.get(kind, 0) - due.get(kind, 0)
        if excess:
            yield broken(REASON, instance, route, excess_amount=excess, subject=kind.value)


def terms(instance: Instance, route: Route) -> dict[CostKind, int]:
    """All terms of a route."""
    due = driving_terms(instance, route)
    due[CostKind.ACCESS] = access_micros(instance, route)
    for visit in route.visits:
        for kind, micros in visit_terms(instance, route, visit):
            due[kind] = due.get(kind, 0) + micros
    return due


def driving_terms(instance: Instance, route: Route) -> dict[CostKind, int]:
    """Terms of the route as a whole."""
    shift = shift_of(instance, route)
    rates = shift.costs.effective
    state = shift.start_state
    began = state.route_start_second if state and state.route_start_second else route.start_second
    lasted = route.end_second - began
    over = 0
    if rates.overtime_after_seconds is not None:
        over = max(0, lasted - rates.overtime_after_seconds)
    used = 0
    if shift.vehicle.battery is not None:
        used = shift.start_charge_watt_hours - list(charge_after_legs(instance, route))[-1]
    meters = meters_of(instance, route)
    return {
        CostKind.FIXED: rates.fixed_micros,
        CostKind.TIME: priced(rates.hour_micros, lasted, SECONDS_PER_HOUR),
        CostKind.OVERTIME: priced(rates.overtime_hour_micros, over, SECONDS_PER_HOUR),
        CostKind.DISTANCE: priced(rates.kilometer_micros, meters, METERS_PER_KILOMETER),
        CostKind.STOPS: rates.stop_micros * stops_of(instance, route),
        CostKind.ENERGY: priced(rates.kilowatt_hour_micros, used, WATT_HOURS_PER_KILOWATT_HOUR),
    }


def access_micros(instance: Instance, route: Route) -> int:
    """What zones charge the route."""
    return sum(charge.amount_micros for charge in route.charges)


def visit_terms(instance: Instance, route: Route, visit: Visit) -> Iterator[tuple[CostKind, int]]:
    """Terms of one visit."""
    task, shift = task_of(instance, visit), shift_of(instance, route)
    option = instance.option((visit.task, visit.option))
    window = next((w for w in option.windows if w.holds(visit.start_second)), None)
    if window is not None:
        yield CostKind.SOFT_WINDOW, soft_micros(window, visit.start_second)
    outside = [own for own in shift.territories if not own.strict]
    within = instance.territories_of_task[visit.task]
    if outside and not any(own.territory_id in within for own in outside):
        yield CostKind.TERRITORY, min(own.outside_cost_micros for own in outside)
    if task.preferred_shift_ids and shift.shift_id not in task.preferred_shift_ids:
        yield CostKind.PREFERENCE, task.preference_cost_micros
    yield CostKind.ALTERNATIVE, option.extra_cost_micros
    earliest = option.windows[0].first_second if option.windows else shift.start_second
    waited = max(0, visit.start_second - earliest)
    yield (
        CostKind.EARLINESS,
        priced(task.earliness_cost_micros_per_hour, waited, SECONDS_PER_HOUR),
    )
    yield CostKind.CHURN, churn_micros(instance, route, visit)


def soft_micros(window: Window, second: int) -> int:
    """What a start outside the preferred part of its window costs."""
    first, last = window.soft_first_second, window.soft_last_second
    early = max(0, first - second) if first is not None else 0
    late = max(0, second - last) if last is not None else 0
    return priced(window.early_cost_micros_per_hour, early, SECONDS_PER_HOUR) + priced(
        window.late_cost_micros_per_hour, late, SECONDS_PER_HOUR
    )


def churn_micros(instance: Instance, route: Route, visit: Visit) -> int:
    """What departing from the known plan costs for one visit."""
    churn, known = instance.problem.churn, instance.base_shift_of
    task_id = task_of(instance, visit).task_id
    if task_id not in known:
        return 0
    base_shift, base_second = known[task_id]
    moved = base_shift != shift_of(instance, route).shift_id
    micros = churn.shift_change_cost_micros if moved else 0
    if base_second is not None:
        delta = max(0, abs(visit.start_second - base_second) - churn.tolerance_seconds)
        micros += priced(churn.time_change_cost_micros_per_hour, delta, SECONDS_PER_HOUR)
    return micros
