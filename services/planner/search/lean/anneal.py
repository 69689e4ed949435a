"""The search: ruin, recreate, and keep the result or go back, ever more strictly."""

from __future__ import annotations

from math import log

from services.planner.search.chance import below, fraction
from services.planner.search.compiled import compiled
from services.planner.search.lean.arrays import NONE, PERCENT, Knobs, Model, State
from services.planner.search.lean.cross import cross
from services.planner.search.lean.links import begin, undo
from services.planner.search.lean.order import sort_absent
from services.planner.search.lean.recreate import recreate
from services.planner.search.lean.ruin import ruin
from services.planner.search.lean.trade import trade

COOL_EVERY = 64  # iterations at one temperature


@compiled
def anneal(
    model: Model, state: State, knobs: Knobs, iterations: int, heat_from: float, heat_to: float
) -> None:
    """A chunk of iterations; the temperature falls from one end to the other, in micros."""
    heat = heat_from
    for rank in range(iterations):
        if rank % COOL_EVERY == 0:
            heat = heat_from * (heat_to / heat_from) ** (rank / iterations)
        step(model, state, knobs, heat)
        for _ in range(knobs.crossings):
            if cross(model, state, knobs, int(heat * log(1.0 - fraction(state.tally[0])))):
                accept(model, state)
        for _ in range(knobs.trades):
            if trade(model, state, knobs, int(heat * log(1.0 - fraction(state.tally[0])))):
                accept(model, state)


@compiled
def step(model: Model, state: State, knobs: Knobs, heat: float) -> None:
    """One iteration."""
    tally = state.tally[0]
    begin(state)
    cost_before, absent_before, used_before = tally.cost, tally.absent, tally.used
    tally.worth = worth_now(state, knobs)
    for rank in range(absent_before):
        state.absent[rank].task_before = state.absent[rank].task
    seed = below(state.tally[0], model.near.shape[0])
    lay_aside(model, state, knobs, seed)
    cost_max = cost_before - int(heat * log(1.0 - fraction(state.tally[0])))
    ruin(model, state, knobs, seed)
    sort_absent(model, state)
    if recreate(model, state, knobs, cost_max) and tally.cost <= cost_max:
        accept(model, state)
    else:
        undo(state)
        tally.cost, tally.absent, tally.used = cost_before, absent_before, used_before
        for rank in range(absent_before):
            state.absent[rank].task = state.absent[rank].task_before


@compiled
def worth_now(state: State, knobs: Knobs) -> int:
    """
    What an insertion may cost in this iteration, in percent of the task's penalty.

    The first of a string that is put back costs most, and the others then little: whether the
    string is worth it as a whole, the price of the plan tells.
    """
    if knobs.generous_chance == 0.0 or fraction(state.tally[0]) >= knobs.generous_chance:
        return PERCENT
    return PERCENT + below(state.tally[0], knobs.generous_percent)


@compiled
def lay_aside(model: Model, state: State, knobs: Knobs, seed: int) -> None:
    """Chooses which of too many absent tasks this iteration tries: those nearest to its seed."""
    tally = state.tally[0]
    tally.aside = 0
    if tally.used == 0 or tally.absent <= knobs.absent_max:
        return
    for rank in range(tally.absent):
        state.rank_absent[state.absent[rank].task] = rank
    tally.aside = tally.absent
    least = tally.absent - 1 - below(state.tally[0], knobs.absent_max)
    bring_forth(state, seed)
    for rank in range(model.near.shape[1]):
        if tally.aside <= least:
            break
        bring_forth(state, model.near[seed, rank])


@compiled
def bring_forth(state: State, task: int) -> None:
    """Moves a task, if it is absent, behind those laid aside."""
    if state.nodes[task].route != NONE:
        return
    tally, absent = state.tally[0], state.absent
    tally.aside -= 1
    rank, other = state.rank_absent[task], absent[tally.aside].task
    absent[rank].task, absent[tally.aside].task = other, task
    state.rank_absent[other] = rank


@compiled
def accept(model: Model, state: State) -> None:
    """Goes on from the new plan, and keeps it when it is the best."""
    tally = state.tally[0]
    for rank in range(tally.touched):
        route = state.lists[rank].touched
        if not state.lists[route].is_dirty:
            state.lists[route].is_dirty = True
            state.lists[tally.dirty].dirty = route
            tally.dirty += 1
    if tally.cost < tally.best_cost:
        tally.best_cost = tally.cost
        keep_best(model, state)


@compiled
def keep_best(model: Model, state: State) -> None:
    """Copies the routes that changed since the best plan was copied last."""
    tally, task_count = state.tally[0], model.near.shape[0]
    for rank in range(tally.dirty):
        route = state.lists[rank].dirty
        state.lists[route].is_dirty = False
        node = task_count + 2 * route
        while node != NONE:
            state.best_next[node] = state.nodes[node].next
            node = state.nodes[node].next
    tally.dirty = 0
