"""Preferences: a shift that a task does not prefer costs, whatever the time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.instance import Instance
from services.planner.domain.shift import Shift
from services.planner.search.full.arrays import NONE
from services.planner.search.rules.exclusions import Names


def disliked_micros(instance: Instance, names: Names, shift: Shift) -> NDArray[np.int64]:
    """Per task, what it costs that a shift is not one of the preferred."""
    own = names.members(shift.shift_id)
    disliked = (names.preferred != NONE) & ~own[names.preferred]
    tasks = instance.problem.tasks
    return disliked * np.array([task.preference_cost_micros for task in tasks], np.int64)
