"""
What makes one plan better than another: penalties left out, tier by tier, and then cost. Pure.

Tiers are compared from the highest; the penalties of the lowest are weighed against costs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from services.planner.domain.instance import Instance

Score = tuple[tuple[int, ...], int]
"""Penalties left out per tier above the lowest, then cost with the lowest tier's penalties."""


def score_of(instance: Instance, left_out: Collection[int], route_micros: int) -> Score:
    """How good it is to leave some tasks out and drive the rest at a cost: compare with `<`."""
    sums = dict.fromkeys(instance.problem.tiers, 0)
    for task in left_out:
        sums[instance.problem.tasks[task].priority] += instance.penalties[task]
    *higher, lowest = list(sums.values()) or [0]
    return tuple(higher), lowest + route_micros + drop_micros(instance, left_out)


def lost_micros(instance: Instance, left_out: Collection[int]) -> int:
    """What leaving tasks out costs, whatever their tiers."""
    penalties = sum(instance.penalties[task] for task in left_out)
    return penalties + drop_micros(instance, left_out)


def drop_micros(instance: Instance, left_out: Iterable[int]) -> int:
    """What leaving out tasks of the known plan costs beside their penalties."""
    tasks, base = instance.problem.tasks, instance.base_shift_of
    dropped = sum(tasks[task].task_id in base for task in left_out)
    return dropped * instance.problem.churn.drop_cost_micros
