"""What a timed route costs and uses, for the search; the verifier adds it up by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from services.planner.domain.energy import EnergyModel
from services.planner.domain.instance import RELOAD, Node
from services.planner.domain.money import (
    METERS_PER_KILOMETER,
    SECONDS_PER_HOUR,
    WATT_HOURS_PER_KILOWATT_HOUR,
    priced,
)
from services.planner.domain.plan import CostKind, Costs, Route, Visit
from services.planner.domain.problem import MASS
from services.planner.domain.task import Loads, Window
from services.planner.search.view import ShiftView


@dataclass(frozen=True, slots=True)
class Way:
    """The places of a route, the end included, and what lies between them."""

    meters: int
    seconds: int
    stops: int


def way_of(view: ShiftView, nodes: Sequence[Node]) -> Way:
    """Adds up a sequence; a reload is no stop, and what follows it is a new one."""
    here, meters, seconds, stops, is_new = view.start_place, 0, 0, 0, True
    for node in nodes:
        there = view.stay(node).place
        meters += view.meters(here, there)
        seconds += view.seconds(here, there)
        is_stop = node[0] != RELOAD
        stops += is_stop and (is_new or here != there)
        here, is_new = there, not is_stop
    end = view.end_of(here)
    return Way(meters + view.meters(here, end), seconds + view.seconds(here, end), stops)


def began_second(view: ShiftView, route: Route) -> int:
    """When a route began, for costs and spans: before now where it is under way."""
    state = view.shift.start_state
    return state.route_start_second if state and state.route_start_second else route.start_second


def with_costs(view: ShiftView, route: Route, way: Way, charge_left: int | None) -> Route:
    """The route with its cost terms."""
    rates, lasted = view.costs, route.end_second - began_second(view, route)
    sums = {
        CostKind.FIXED: rates.fixed_micros,
        CostKind.TIME: priced(rates.hour_micros, lasted, SECONDS_PER_HOUR),
        CostKind.DISTANCE: priced(rates.kilometer_micros, way.meters, METERS_PER_KILOMETER),
        CostKind.STOPS: rates.stop_micros * way.stops,
    }
    if rates.overtime_after_seconds is not None:
        over = max(0, lasted - rates.overtime_after_seconds)
        sums[CostKind.OVERTIME] = priced(rates.overtime_hour_micros, over, SECONDS_PER_HOUR)
    if charge_left is not None:
        used = view.shift.start_charge_watt_hours - charge_left
        sums[CostKind.ENERGY] = priced(
            rates.kilowatt_hour_micros, used, WATT_HOURS_PER_KILOWATT_HOUR
        )
    for visit in route.visits:
        stay = view.stay(visit.node)
        for kind, micros in stay.costs:
            sums[kind] = sums.get(kind, 0) + micros
        if stay.curve is not None:
            for kind, micros in timed_costs(view, visit):
                sums[kind] = sums.get(kind, 0) + micros
    costs: Costs = tuple((kind, sums[kind]) for kind in CostKind if sums.get(kind))
    return replace(route, costs=costs)


def timed_costs(view: ShiftView, visit: Visit) -> Iterator[tuple[CostKind, int]]:
    """Terms of one visit that depend on when it starts."""
    task, option = view.instance.task(visit.node), view.instance.option(visit.node)
    start = visit.start_second
    window = next((one for one in option.windows if one.holds(start)), None)
    if window is not None:
        yield CostKind.SOFT_WINDOW, soft_micros(window, start)
    if task.earliness_cost_micros_per_hour:
        first_second = option.windows[0].first_second if option.windows else view.shift.start_second
        waited = max(0, start - first_second)
        micros = priced(task.earliness_cost_micros_per_hour, waited, SECONDS_PER_HOUR)
        yield CostKind.EARLINESS, micros
    if task.slot_costs:
        yield CostKind.FAILURE, task.slot_cost_micros(start)
    base = view.instance.base_shift_of.get(task.task_id)
    if base is not None and base[1] is not None:
        churn = view.instance.problem.churn
        moved = max(0, abs(start - base[1]) - churn.tolerance_seconds)
        yield (
            CostKind.CHURN,
            priced(churn.time_change_cost_micros_per_hour, moved, SECONDS_PER_HOUR),
        )


def soft_micros(window: Window, start: int) -> int:
    """What a start before or after the preferred part of its window costs."""
    first, last = window.soft_first_second, window.soft_last_second
    early = max(0, first - start) if first is not None else 0
    late = max(0, start - last) if last is not None else 0
    micros = priced(window.early_cost_micros_per_hour, early, SECONDS_PER_HOUR)
    return micros + priced(window.late_cost_micros_per_hour, late, SECONDS_PER_HOUR)


def charge_along(view: ShiftView, route: Route, loads: Sequence[Loads]) -> list[int]:
    """What the battery holds at the end of each leg, in watt hours."""
    model: EnergyModel = view.shift.vehicle.energy_model
    level, here, reached = view.shift.start_charge_watt_hours, view.start_place, route.start_second
    levels = []
    stays = [view.stay(visit.node) for visit in route.visits]
    ends = [
        (stay.place, visit.ready_second) for stay, visit in zip(stays, route.visits, strict=True)
    ]
    last = ends[-1][0] if ends else here
    ends.append((view.end_of(last), route.end_second - view.shift.unloading_seconds))
    for (there, ready), load in zip(ends, loads, strict=True):
        meters = view.meters(here, there)
        level -= model.leg_watt_hours(meters, ready - reached, load[MASS])
        level -= model.stop_watt_hours if here != there else 0
        levels.append(level)
        here, reached = there, ready
    return levels
