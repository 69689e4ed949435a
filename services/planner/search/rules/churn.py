"""
Churn: departing from a known plan costs by the shift and by the second.

Leaving a task out of it costs beside its penalty; see `drop_micros` of a task.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.instance import Instance, Node
from services.planner.domain.shift import Shift
from services.planner.search.full.arrays import FOREVER, NONE, Price
from services.planner.search.rules.exclusions import Names


def churn_prices(instance: Instance, node: Node) -> Iterator[Price]:
    """Starts away from the known plan."""
    churn = instance.problem.churn
    base = instance.base_shift_of.get(instance.task(node).task_id)
    rate = churn.time_change_cost_micros_per_hour
    if base is not None and base[1] is not None and rate:
        early, late = base[1] - churn.tolerance_seconds, base[1] + churn.tolerance_seconds
        yield -FOREVER, FOREVER, early, rate, late, rate, 0


def moving_micros(instance: Instance, names: Names, shift: Shift) -> NDArray[np.int64]:
    """Per task, what it costs that a shift is not the known one."""
    own = names.members(shift.shift_id)
    moved = (names.base != NONE) & ~own[names.base]
    return moved * np.int64(instance.problem.churn.shift_change_cost_micros)
