"""
Locks: pins bind tasks to shifts by the allowed stays, and the frozen head of a route stays first.

Frozen stops are never taken out, and nothing is put before one: one look at the stop that follows.
Goods on board of a vehicle are of no other shift; what a vehicle under way may load stands in
`reloads`.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.space import (
    Model,
    tasks_of,
    tasks_served,
)


@compiled
def is_frozen(model: Model, stop: int) -> bool:
    """Whether a stop belongs to the frozen head of its route."""
    return stop < model.nodes and tasks_of(model)[tasks_served(model)[stop]].is_frozen != 0


@compiled
def keeps_head(model: Model, after: int) -> bool:
    """Whether something may be put before a stop."""
    return not is_frozen(model, after)
