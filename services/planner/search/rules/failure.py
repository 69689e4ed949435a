"""Failure: a start within a slot has the price of failing there."""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance, Node
from services.planner.search.full.arrays import Price


def slot_prices(instance: Instance, node: Node) -> Iterator[Price]:
    """What is lost on average by failing."""
    for slot in instance.task(node).slot_costs:
        yield slot.first_second, slot.last_second, 0, 0, 0, 0, slot.cost_micros
