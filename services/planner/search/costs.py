"""What a timed route costs and uses, for the search; the verifier adds it up by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.planner.domain.energy import EnergyModel
from services.planner.domain.instance import Node
from services.planner.domain.money import (
    METERS_PER_KILOMETER,
    SECONDS_PER_HOUR,
    WATT_HOURS_PER_KILOWATT_HOUR,
    priced,
)
from services.planner.domain.plan import CostKind, Costs, Route, Visit
from services.planner.domain.problem import MASS
from services.planner.domain.task import TaskKind
from services.planner.search.view import ShiftView


@dataclass(frozen=True, slots=True)
class Way:
    """The places of a route, the end included, and what lies between them."""

    meters: int
    seconds: int
    stops: int


def way_of(view: ShiftView, nodes: Sequence[Node]) -> Way:
    """Adds up a sequence."""
    here, meters, seconds, stops = view.start_place, 0, 0, 0
    for rank, node in enumerate(nodes):
        there = view.stay(node).place
        meters += view.meters(here, there)
        seconds += view.seconds(here, there)
        stops += rank == 0 or here != there
        here = there
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
        for kind, micros in visit_costs(view, visit):
            sums[kind] = sums.get(kind, 0) + micros
    costs: Costs = tuple((kind, sums[kind]) for kind in CostKind if sums.get(kind))
    return replace(route, costs=costs)


def visit_costs(view: ShiftView, visit: Visit) -> list[tuple[CostKind, int]]:
    """Terms of one visit: those it always has with this shift, and those of its time."""
    node = (visit.task, visit.option)
    task, option = view.instance.task(node), view.instance.option(node)
    terms = list(view.stay(node).costs)
    for window in option.windows:
        if window.holds(visit.start_second):
            first, last = window.soft_first_second, window.soft_last_second
            early = max(0, first - visit.start_second) if first is not None else 0
            late = max(0, visit.start_second - last) if last is not None else 0
            micros = priced(window.early_cost_micros_per_hour, early, SECONDS_PER_HOUR)
            micros += priced(window.late_cost_micros_per_hour, late, SECONDS_PER_HOUR)
            terms.append((CostKind.SOFT_WINDOW, micros))
    if task.earliness_cost_micros_per_hour:
        first_second = option.windows[0].first_second if option.windows else view.shift.start_second
        waited = max(0, visit.start_second - first_second)
        micros = priced(task.earliness_cost_micros_per_hour, waited, SECONDS_PER_HOUR)
        terms.append((CostKind.EARLINESS, micros))
    base = view.instance.base_shift_of.get(task.task_id)
    if base is not None and base[1] is not None:
        churn = view.instance.problem.churn
        moved = max(0, abs(visit.start_second - base[1]) - churn.tolerance_seconds)
        micros = priced(churn.time_change_cost_micros_per_hour, moved, SECONDS_PER_HOUR)
        terms.append((CostKind.CHURN, micros))
    return terms


def loads_along(view: ShiftView, nodes: Sequence[Node]) -> list[list[int]]:
    """What is on board after the start and after each visit."""
    tasks = view.instance.problem.tasks
    load = [0] * len(view.instance.problem.dimensions)
    from_start = {
        node[0] for node in nodes
        if tasks[node[0]].kind is TaskKind.DELIVERY and not tasks[node[0]].pickup_task_id
    }  # fmt: skip
    for rank in from_start | view.onboard:
        load = [have + more for have, more in zip(load, tasks[rank].loads, strict=True)]
    loads = [load]
    for node in nodes:
        task = tasks[node[0]]
        if task.kind is TaskKind.DELIVERY:
            load = [have - less for have, less in zip(load, task.loads, strict=True)]
        elif task.kind is TaskKind.PICKUP:
            load = [have + more for have, more in zip(load, task.loads, strict=True)]
        loads.append(load)
    return loads


def charge_along(view: ShiftView, route: Route, loads: Sequence[Sequence[int]]) -> list[int]:
    """What the battery holds at the end of each leg, in watt hours."""
    model: EnergyModel = view.shift.vehicle.energy_model
    level, here, reached = view.shift.start_charge_watt_hours, view.start_place, route.start_second
    levels = []
    stays = [view.stay((visit.task, visit.option)) for visit in route.visits]
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
