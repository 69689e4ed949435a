"""In which order absent tasks are put back."""

from __future__ import annotations

from services.planner.search.chance import below, fraction
from services.planner.search.compiled import compiled
from services.planner.search.lean.arrays import Model, State

# Each order by its weight of 17: at random, large goods first, far or near first, narrow window
# first, early window first, late window last to first. Christiaens and Vanden Berghe 2020 use
# 4, 4, 2, 1 for the first four, and 2, 2, 2 for those with windows.
RANDOM, DEMAND, FAR, CLOSE, NARROW, EARLY, LATE = 4, 8, 10, 11, 13, 15, 17


@compiled
def sort_absent(model: Model, state: State) -> None:
    """Sorts what is absent in an order drawn at random."""
    order, tally = below(state.tally[0], LATE), state.tally[0]
    for rank in range(tally.aside, tally.absent):
        state.absent[rank].key = sort_key(model, state, order, state.absent[rank].task)
        sink(state, rank)


@compiled
def sort_key(model: Model, state: State, order: int, task: int) -> float:
    """By what an order sorts, smallest first."""
    depot = model.near.shape[0]
    if order < RANDOM:
        return fraction(state.tally[0])
    if order < DEMAND:
        return float(-model.tasks[task].demand)
    if order < FAR:
        return float(-model.legs[depot, task].cost)
    if order < CLOSE:
        return float(model.legs[depot, task].cost)
    if order < NARROW:
        return float(model.tasks[task].closes - model.tasks[task].opens)
    if order < EARLY:
        return float(model.tasks[task].opens)
    return float(-model.tasks[task].closes)


@compiled
def sink(state: State, rank: int) -> None:
    """Moves one entry to its place among those before it, which are sorted."""
    absent = state.absent
    key, task = absent[rank].key, absent[rank].task
    while rank > state.tally[0].aside and absent[rank - 1].key > key:
        absent[rank].key, absent[rank].task = absent[rank - 1].key, absent[rank - 1].task
        rank -= 1
    absent[rank].key, absent[rank].task = key, task
