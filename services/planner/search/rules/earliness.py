"""Earliness: every second after the first that was possible has its price."""

from __future__ import annotations

from collections.abc import Iterator

from services.planner.domain.instance import Instance, Node
from services.planner.domain.shift import Shift
from services.planner.search.full.arrays import FOREVER, Price


def earliness_prices(instance: Instance, shift: Shift, node: Node) -> Iterator[Price]:
    """Every second after the first that was possible."""
    rate = instance.task(node).earliness_cost_micros_per_hour
    windows = instance.option(node).windows
    if rate:
        first = windows[0].first_second if windows else shift.start_second
        yield -FOREVER, FOREVER, 0, 0, first, rate, 0
