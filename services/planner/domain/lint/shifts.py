"""Suspicions about single shifts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from services.planner.domain.lint.bounds import straight_seconds
from services.planner.domain.plan import Notice
from services.planner.domain.problem import Problem
from services.planner.domain.shift import Reload, Shift


def notices(problem: Problem) -> Iterator[Notice]:
    """All of them, shift by shift."""
    yield from about_costs(problem)
    yield from about_vehicles(problem)
    for rank, shift in enumerate(problem.shifts):
        yield from about_reloads(shift, f"shifts[{rank}]")


def about_costs(problem: Problem) -> Iterator[Notice]:
    """Shifts that cost nothing by the hour and kilometer while others do."""
    rates = [shift.costs.effective for shift in problem.shifts]
    free = [rank for rank, cost in enumerate(rates) if not cost.hour_micros + cost.kilometer_micros]
    if 0 < len(free) < len(rates):
        for rank in free:
            shift_id = problem.shifts[rank].shift_id
            cause = "the shift costs nothing by time or distance, others do"
            path = f"shifts[{rank}].costs"
            yield Notice("COST_FREE_SHIFT", cause, "state its costs", path, shift_id)


def about_vehicles(problem: Problem) -> Iterator[Notice]:
    """Vehicles that two shifts have at the same time; a vehicle without a name is no such."""
    by_vehicle: dict[str, list[int]] = {}
    for rank, shift in enumerate(problem.shifts):
        if shift.vehicle.vehicle_id:
            by_vehicle.setdefault(shift.vehicle.vehicle_id, []).append(rank)
    for vehicle_id, ranks in by_vehicle.items():
        ranks.sort(key=lambda rank: problem.shifts[rank].start_second)
        for before, after in pairwise(ranks):
            if problem.shifts[after].start_second < problem.shifts[before].end_second:
                cause = f"{vehicle_id} is also out for {problem.shifts[before].shift_id} then"
                action = "give one of them another vehicle, or another interval"
                path, shift_id = f"shifts[{after}].vehicle", problem.shifts[after].shift_id
                yield Notice("VEHICLE_SHARED", cause, action, path, shift_id)


def about_reloads(shift: Shift, path: str) -> Iterator[Notice]:
    """Reloads without a limit, a limit without reloads, and places that the shift cannot reach."""
    if bool(shift.reloads) != bool(shift.reload_limit):
        cause = "places to reload and no reload allowed"
        if not shift.reloads:
            cause = "reloads allowed and no place for them"
        action, field = "state both reloads and reload_limit, or neither", f"{path}.reload_limit"
        yield Notice("RELOAD_UNUSED", cause, action, field, shift.shift_id)
    for rank, reload in enumerate(shift.reloads):
        if not is_reachable(shift, reload):
            cause = f"the shift cannot load at {reload.reload_id} within its interval"
            action, field = "check its windows and position", f"{path}.reloads[{rank}]"
            yield Notice("RELOAD_UNREACHABLE", cause, action, field, shift.shift_id)


def is_reachable(shift: Shift, reload: Reload) -> bool:
    """Whether a shift can go there straight, load in a window, and be back before its end."""
    there = straight_seconds(shift.origin, reload.point)
    back = straight_seconds(reload.point, shift.end_point) if shift.end_point else 0
    first = shift.ready_second + shift.loading_left_seconds + there
    last = shift.end_second - shift.unloading_seconds - back - reload.service_seconds
    windows = [(window.first_second, window.last_second) for window in reload.windows]
    return any(max(first, start) <= min(last, end) for start, end in windows or [(first, last)])
