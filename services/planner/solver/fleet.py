"""
Classes of shifts: those that can drive each other's routes at the same cost.

Two shifts are of one class when they are equal but for their ids and every task that names shifts
or vehicles names both or neither. Pins and a known plan tell shifts apart as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from services.planner.domain.instance import Instance
from services.planner.search.view import class_key

Naming = tuple[str, str]  # how something is named, and the task that names it


def classes_of(instance: Instance) -> tuple[int, ...]:
    """For each shift its class; a class has the rank of its first shift."""
    first: dict[object, int] = {}
    keys = enumerate(keys_of(instance))
    return tuple(first.setdefault(key, rank) for rank, key in keys)


def members_of(classes: tuple[int, ...]) -> dict[int, list[int]]:
    """The shifts of each class, by rank."""
    members: dict[int, list[int]] = {}
    for rank, own in enumerate(classes):
        members.setdefault(own, []).append(rank)
    return members


def keys_of(instance: Instance) -> Iterator[object]:
    """For each shift what it has in common with those of its class."""
    naming_shift, naming_vehicle = namings(instance)
    for rank, shift in enumerate(instance.problem.shifts):
        yield (
            class_key(instance, rank),
            frozenset(naming_shift[shift.shift_id]),
            frozenset(naming_vehicle[shift.vehicle.vehicle_id]),
        )


def namings(instance: Instance) -> tuple[dict[str, list[Naming]], dict[str, list[Naming]]]:
    """Per shift and per vehicle, who names it."""
    shifts, vehicles = defaultdict[str, list[Naming]](list), defaultdict[str, list[Naming]](list)
    for task in instance.problem.tasks:
        for shift_id in task.allowed_shift_ids:
            shifts[shift_id].append(("allowed", task.task_id))
        for shift_id in task.excluded_shift_ids:
            shifts[shift_id].append(("excluded", task.task_id))
        for shift_id in task.preferred_shift_ids:
            shifts[shift_id].append(("preferred", task.task_id))
        for vehicle_id in task.excluded_vehicle_ids:
            vehicles[vehicle_id].append(("excluded", task.task_id))
    for pin in instance.problem.pins:
        shifts[pin.shift_id].append(("pin", pin.task_id))
    for route in instance.problem.churn.base_routes:
        shifts[route.shift_id].append(("base", route.shift_id))
    return shifts, vehicles
