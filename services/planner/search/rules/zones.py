"""Zones: moments at which a vehicle may not be at a place are cut out of its windows at once."""

from __future__ import annotations

from services.planner.domain.instance import Instance
from services.planner.search.stay import Windows, without


def open_windows(
    instance: Instance, shift: int, place: int, windows: Windows, setup: int, service: int
) -> Windows:
    """The windows in which a shift's vehicle can be at a place; setup and service included."""
    if instance.closing_verdict(shift, place) is not None:
        return ()
    for span in instance.forbidden_spans(shift, place):
        first = span.start_second - max(service, 1) + 1
        windows = without(windows, first, span.end_second + setup - 1)
    return windows


def has_zones(instance: Instance, shift: int, place: int) -> bool:
    """Whether a shift's vehicle must look at the hour at a place."""
    return bool(instance.areas_at(shift, place))
