"""Moments: what it costs when service starts, as a list of prices per stay."""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance, Node
from services.planner.domain.shift import Shift
from services.planner.search.full.arrays import FOREVER

Price = tuple[int, ...]  # as the fields of PRICE


def prices_of(instance: Instance, shift: Shift, node: Node) -> list[Price]:
    """Soft windows, goods that wait, slots in which service fails, and a known plan."""
    return [
        *soft_prices(instance, node),
        *earliness_prices(instance, shift, node),
        *slot_prices(instance, node),
        *churn_prices(instance, node),
    ]


def soft_prices(instance: Instance, node: Node) -> Iterator[Price]:
    """Starts outside the preferred part of a window."""
    for window in instance.option(node).windows:
        early, late = window.early_cost_micros_per_hour, window.late_cost_micros_per_hour
        first, last = window.soft_first_second, window.soft_last_second
        early, late = early if first is not None else 0, late if last is not None else 0
        if early or late:
            yield window.first_second, window.last_second, first or 0, early, last or 0, late, 0


def earliness_prices(instance: Instance, shift: Shift, node: Node) -> Iterator[Price]:
    """Every second after the first that was possible."""
    rate = instance.task(node).earliness_cost_micros_per_hour
    windows = instance.option(node).windows
    if rate:
        first = windows[0].first_second if windows else shift.start_second
        yield -FOREVER, FOREVER, 0, 0, first, rate, 0


def slot_prices(instance: Instance, node: Node) -> Iterator[Price]:
    """What is lost on average by failing."""
    for slot in instance.task(node).slot_costs:
        yield slot.first_second, slot.last_second, 0, 0, 0, 0, slot.cost_micros


def churn_prices(instance: Instance, node: Node) -> Iterator[Price]:
    """Starts away from the known plan."""
    churn = instance.problem.churn
    base = instance.base_shift_of.get(instance.task(node).task_id)
    rate = churn.time_change_cost_micros_per_hour
    if base is not None and base[1] is not None and rate:
        early, late = base[1] - churn.tolerance_seconds, base[1] + churn.tolerance_seconds
        yield -FOREVER, FOREVER, early, rate, late, rate, 0
