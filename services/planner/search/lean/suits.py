"""
Which instances the lean kernel takes.

A field that it does not follow must have its default, so that a field that is new to the domain is
never overlooked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, Field, fields, replace
from typing import Any

from services.planner.domain.instance import Instance
from services.planner.domain.shift import Costs, Shift
from services.planner.domain.task import Task, TaskKind

LEG_COST_MAX = 1 << 30  # micros, for sums of two to fit 32 bits
SECONDS_MAX = 1 << 28  # of a shift, for sums with an unreachable way to fit 32 bits

TASK_FIELDS = frozenset({"task_id", "kind", "options", "loads", "priority", "penalty_micros"})
OPTION_FIELDS = frozenset(
    {"point", "alternative_id", "place_id", "windows", "service_seconds", "setup_seconds"}
    | {"profile_service_seconds", "profile_setup_seconds"}
)
WINDOW_FIELDS = frozenset({"first_second", "last_second"})
SHIFT_FIELDS = frozenset(
    {"shift_id", "vehicle", "start_second", "end_second", "earliest_start_second", "start_point"}
    | {"start_place_id", "end_point", "end_place_id", "skills", "costs", "loading_seconds"}
    | {"unloading_seconds", "unloading", "reloads"}
)
VEHICLE_FIELDS = frozenset(
    {"vehicle_id", "profile", "capacity", "access", "energy", "travel_percent", "emissions"}
)
COST_FIELDS = frozenset({"fixed_micros", "kilometer_micros"})
CHURN_FIELDS = frozenset({"base_routes", "tolerance_seconds"})
OBJECTIVE_FIELDS = frozenset({"carbon_cost_micros_per_kilogram"})  # never searched


def suits(instance: Instance) -> bool:
    """Whether the lean kernel follows everything that an instance asks for."""
    problem = instance.problem
    return (
        bool(problem.tasks and problem.shifts)
        and not problem.pins
        and not any(instance.areas_of_shift)
        and has_only(problem.churn, CHURN_FIELDS)
        and has_only(problem.objective, OBJECTIVE_FIELDS)
        and have_one_class(instance)
        and are_plain_shifts(problem.shifts[0])
        and all(is_plain(task) for task in problem.tasks)
        and len({task.priority for task in problem.tasks}) == 1
        and len(binding_dimensions(instance)) <= 1
        and has_one_flow(problem.tasks)
        and fits_numbers(instance)
    )


def has_only(value: Any, followed: frozenset[str]) -> bool:
    """Whether all other fields of a value have their defaults."""
    return all(
        getattr(value, own.name) == default_of(own)
        for own in fields(value)
        if own.name not in followed
    )


def default_of(own: Field[Any]) -> Any:
    """The default of a field."""
    return own.default if own.default_factory is MISSING else own.default_factory()


def have_one_class(instance: Instance) -> bool:
    """Whether all shifts are alike but for their names, and end where they start."""
    places, shifts = instance.places, instance.problem.shifts
    first = nameless(shifts[0])
    return (
        len(set(instance.table_of_shift)) == 1
        and len({*places.starts, *places.ends}) == 1
        and all(nameless(shift) == first for shift in shifts)
    )


def nameless(shift: Shift) -> Shift:
    """A shift as its class."""
    return replace(shift, shift_id="", vehicle=replace(shift.vehicle, vehicle_id=""))


def are_plain_shifts(shift: Shift) -> bool:
    """Whether shifts like this ask for nothing that is not followed."""
    costs: Costs = shift.costs.effective
    return (
        has_only(shift, SHIFT_FIELDS)
        and has_only(shift.vehicle, VEHICLE_FIELDS)
        and has_only(costs, COST_FIELDS)
    )


def is_plain(task: Task) -> bool:
    """Whether a task asks for nothing that is not followed."""
    option = task.options[0]
    return (
        len(task.options) == 1
        and has_only(task, TASK_FIELDS)
        and has_only(option, OPTION_FIELDS)
        and len(option.windows) <= 1
        and all(has_only(window, WINDOW_FIELDS) for window in option.windows)
    )


def binding_dimensions(instance: Instance) -> list[int]:
    """The dimensions in which all tasks together are more than one vehicle carries."""
    tasks, capacity = instance.problem.tasks, instance.problem.shifts[0].vehicle.capacity
    return [
        dimension
        for dimension, limit in enumerate(capacity)
        if limit and sum(carried(task, dimension) for task in tasks) > limit
    ]


def carried(task: Task, dimension: int) -> int:
    """What a task carries; a service carries nothing."""
    return 0 if task.kind is TaskKind.SERVICE or not task.loads else task.loads[dimension]


def has_one_flow(tasks: Iterable[Task]) -> bool:
    """Whether all goods leave the depot, or all come to it, so that only their sum counts."""
    return len({task.kind for task in tasks if any(task.loads)} - {TaskKind.SERVICE}) <= 1


def fits_numbers(instance: Instance) -> bool:
    """Whether no time or cost of a leg is beyond what the arrays hold."""
    shift, table = instance.problem.shifts[0], instance.tables[instance.table_of_shift[0]]
    dearest = max(table.meters, default=0) * shift.costs.effective.kilometer_micros // 1_000
    return dearest < LEG_COST_MAX and shift.end_second - shift.ready_second < SECONDS_MAX
