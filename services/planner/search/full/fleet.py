"""The fleet: a line per shift, equal ones of one class, with their breaks, clocks and batteries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.instance import Instance
from services.planner.domain.places import NOWHERE
from services.planner.domain.problem import MASS
from services.planner.domain.shift import Shift, Unloading
from services.planner.search.full.arrays import (
    BATTERY,
    BREAK,
    FOREVER,
    LINE,
    METER_GRAINS,
    PAUSE,
    SECOND_GRAINS,
)
from services.planner.search.rules.breaks import compile_breaks
from services.planner.search.rules.charge import battery_of
from services.planner.search.rules.duty import Clocks, compile_duties
from services.planner.search.rules.exclusions import Names
from services.planner.search.rules.unloading import ANY, FIFO, LIFO
from services.planner.search.sweep import price_of
from services.planner.search.view import ShiftView, class_key

DOORS = {Unloading.ANY: ANY, Unloading.LIFO: LIFO, Unloading.FIFO: FIFO}


@dataclass(frozen=True, slots=True)
class Fleet:
    """All shifts as records, and the lists to which these point."""

    lines: NDArray[np.void]
    breaks: NDArray[np.void]
    pauses: NDArray[np.void]
    clocks: Clocks
    batteries: NDArray[np.void]


def classes_of(instance: Instance, names: Names) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The class of each shift, and a shift of each class."""
    known: dict[object, int] = {}
    first: list[int] = []
    of_shift = []
    for rank, shift in enumerate(instance.problem.shifts):
        members = names.members(shift.shift_id), names.members(shift.vehicle.vehicle_id)
        key = (class_key(instance, rank), *(own.tobytes() for own in members))
        if key not in known:
            known[key] = len(known)
            first.append(rank)
        of_shift.append(known[key])
    return tuple(of_shift), tuple(first)


def compile_fleet(
    instance: Instance, of_shift: Sequence[int], first: Sequence[int], roads: Sequence[int]
) -> Fleet:
    """Compiles each class once."""
    lines = np.zeros(len(first), LINE)
    breaks, pauses, clocks = [np.zeros(0, BREAK)], [np.zeros(0, PAUSE)], Clocks()
    batteries = np.zeros(len(first), BATTERY)
    for rank, shift in enumerate(first):
        view, line = ShiftView(instance, shift), lines[rank]
        fill_line(line, view)
        fill_costs(line, view.shift)
        price = price_of(view)
        line["time_slope"], line["time_weight"] = price.slope, price.weight
        line["over_slope"] = price.overtime_slope
        line["roads"], line["stays"], line["group"] = roads[shift], rank, rank
        own, squares = compile_breaks(view)
        line["breaks"], line["breaks_from"] = len(own), sum(map(len, breaks))
        line["pauses_from"] = sum(map(len, pauses))
        breaks.append(own)
        pauses.append(squares)
        compile_duties(line, view, clocks)
        line["is_watched"] |= line["duties"] > 0
        batteries[rank] = battery_of(view.shift)
    of = np.array(of_shift, np.int64)
    all_breaks, all_pauses = np.concatenate(breaks), np.concatenate(pauses)
    return Fleet(lines[of], all_breaks, all_pauses, clocks, batteries[of])


def fill_line(line: np.void, view: ShiftView) -> None:
    """Where and when a shift starts and ends, and what limits it."""
    shift, state = view.shift, view.shift.start_state
    line["ready"], line["end"] = view.ready_second, shift.end_second
    line["loading"], line["unloading"] = shift.loading_left_seconds, shift.unloading_seconds
    line["origin"], line["goal"] = view.start_place, view.end_place
    if view.end_place == NOWHERE:
        line["goal"] = len(view.instance.places.points)
    line["is_under_way"] = shift.is_under_way
    line["began"] = state.route_start_second or view.ready_second if state else view.ready_second
    line["stop_limit"], line["meter_limit"] = shift.stop_limit, shift.distance_limit_meters
    line["door"] = DOORS[shift.unloading]
    line["reloads"] = len(shift.reloads) if shift.reload_limit else 0
    line["reload_limit"] = shift.reload_limit if shift.reloads else 0
    line["battery"] = line["is_watched"] = shift.vehicle.battery is not None
    if line["battery"]:
        onboard = (view.instance.problem.tasks[task] for task in view.onboard)
        line["leaving_mass"] = view.onboard_load[MASS]
        line["onboard_mass"] = view.onboard_load[MASS] + sum(t.loads[MASS] for t in onboard)


def fill_costs(line: np.void, shift: Shift) -> None:
    """What a shift costs, in micros and in grains."""
    costs = shift.costs.effective
    line["fixed_micros"], line["hour_micros"] = costs.fixed_micros, costs.hour_micros
    line["kilometer_micros"], line["stop_micros"] = costs.kilometer_micros, costs.stop_micros
    line["over_after"] = FOREVER
    if costs.overtime_after_seconds is not None:
        line["over_after"] = costs.overtime_after_seconds
        line["over_micros"] = costs.overtime_hour_micros
    line["energy_micros"] = costs.kilowatt_hour_micros if shift.vehicle.battery else 0
    line["meter_grains"] = costs.kilometer_micros * METER_GRAINS
    line["second_grains"] = costs.hour_micros * SECOND_GRAINS
    line["over_grains"] = int(line["over_micros"]) * SECOND_GRAINS
    line["stop_grains"] = costs.stop_micros * METER_GRAINS * 1_000
    line["is_timed"] = bool(costs.hour_micros or line["over_micros"])
