"""
Exclusions: tasks that name shifts or vehicles; so do pins, goods on board and known plans.

Names are looked at as sets: shifts that lie in the same of them are of one class, so that a class
is compiled once whatever its shifts are called.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.instance import Instance
from services.planner.domain.shift import Shift
from services.planner.domain.task import Task
from services.planner.search.full.arrays import NONE

Ranks = NDArray[np.int64]
Members = NDArray[np.bool_]


class Names:
    """The different sets of names that tasks state, and per task and meaning which one."""

    def __init__(self, instance: Instance) -> None:
        """Reads every task once."""
        problem, self.sets = instance.problem, dict[frozenset[str], int]()
        tasks, base = problem.tasks, instance.base_shift_of
        pins = {pin.task_id: pin.shift_id for pin in problem.pins}
        carriers = problem.onboard_shift_of
        self.allowed = self.ranks(task.allowed_shift_ids for task in tasks)
        self.excluded = self.ranks(task.excluded_shift_ids for task in tasks)
        self.vehicles = self.ranks(task.excluded_vehicle_ids for task in tasks)
        self.preferred = self.ranks(task.preferred_shift_ids for task in tasks)
        self.pinned = self.ranks(named(pins.get(task.task_id)) for task in tasks)
        self.carrier = self.ranks(named(carriers.get(task.task_id)) for task in tasks)
        self.base = self.ranks(
            named(base[t.task_id][0] if t.task_id in base else None) for t in tasks
        )

    def ranks(self, sets: Iterable[frozenset[str]]) -> Ranks:
        """The rank of each set; NONE for the empty one."""
        known = self.sets
        return np.array(
            [known.setdefault(names, len(known)) if names else NONE for names in sets], np.int64
        )

    def members(self, name: str) -> Members:
        """In which sets a name lies; the last answer is for the empty set."""
        return np.array([name in names for names in self.sets] + [False], np.bool_)


def named(name: str | None) -> frozenset[str]:
    """The set of one name, or the empty one."""
    return frozenset() if name is None else frozenset((name,))


def may_serve(names: Names, shift: Shift, tasks: tuple[Task, ...]) -> Members:
    """Per task, whether nothing that names shifts or vehicles keeps it from a shift."""
    own, vehicle = names.members(shift.shift_id), names.members(shift.vehicle.vehicle_id)
    return (
        ((names.allowed == NONE) | own[names.allowed])
        & ~own[names.excluded]
        & ~vehicle[names.vehicles]
        & ((names.pinned == NONE) | own[names.pinned])
        & has_goods(names, own, shift, tasks)
    )


def has_goods(names: Names, own: Members, shift: Shift, tasks: tuple[Task, ...]) -> Members:
    """Per task, whether a shift has its goods on board, or can load them."""
    if not shift.is_under_way and not (names.carrier != NONE).any():
        return np.ones(len(tasks), np.bool_)
    from_depot = np.array([task.is_from_depot for task in tasks], np.bool_)
    can_load = not shift.is_under_way or bool(shift.reload_limit)
    return ~from_depot | np.where(names.carrier == NONE, can_load, own[names.carrier])
