"""
Penalties: what leaving out a task may save at most is the limit of its insertion.

Only in the lowest tier penalties are weighed against costs; a task of a higher one is put in
wherever it holds.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import GRAIN, NEVER, NONE
from services.planner.search.full.space import Model, State, tasks_of, where_of


@compiled
def worth(model: Model, state: State, task: int) -> int:
    """What serving a task may cost, in grains: no limit for those of higher tiers."""
    own, micros = tasks_of(model)[task], 0
    if own.tier < model.tiers - 1:
        return NEVER
    micros = own.penalty + own.drop_micros
    if own.pickup != NONE and where_of(state)[own.pickup] == NONE:
        pickup = tasks_of(model)[own.pickup]
        if pickup.tier < model.tiers - 1:
            return NEVER
        micros += pickup.penalty + pickup.drop_micros
    return min(NEVER, GRAIN * micros)
