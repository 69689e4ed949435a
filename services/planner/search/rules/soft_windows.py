"""Soft windows: a start outside the preferred part of a window has a price by the second."""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance, Node
from services.planner.search.full.arrays import Price


def soft_prices(instance: Instance, node: Node) -> Iterator[Price]:
    """Starts outside the preferred part of a window."""
    for window in instance.option(node).windows:
        early, late = window.early_cost_micros_per_hour, window.late_cost_micros_per_hour
        first, last = window.soft_first_second, window.soft_last_second
        early, late = early if first is not None else 0, late if last is not None else 0
        if early or late:
            yield window.first_second, window.last_second, first or 0, early, last or 0, late, 0
