"""Recreate: tasks that were taken out are put back where they cost least, in one of many orders."""

from __future__ import annotations

from services.planner.search.chance import below, fraction
from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import GRAIN, NONE
from services.planner.search.full.found import ALONE, PAIR, RELOAD_BEFORE, ban
from services.planner.search.full.links import free_reload, link, serve, unlink
from services.planner.search.full.look import look
from services.planner.search.full.route import refresh, refresh_around
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    awaited_of,
    found_of,
    keys_of,
    left_of,
    removed_of,
    saved_left_of,
    stops_of,
    tasks_of,
    tasks_served,
    was_absent_of,
    where_of,
)
from services.planner.search.full.undo import save
from services.planner.search.rules.penalties import worth

FEW = 10  # tasks left out beside those of an iteration: each is looked for everywhere
REACH_CHANCE = 0.1  # that a task left out before is looked for everywhere


@compiled
def recreate(model: Model, state: State, most: float) -> None:
    """Puts the removed tasks back, as far as they are worth it; until it is sure to be refused."""
    sort_removed(model, state)
    await_all(model, state)
    is_few = state.absent_count - state.removed_count <= FEW
    for rank in range(state.removed_count):
        task = removed_of(state)[rank]
        reach = not was_absent_of(state)[rank] or is_few or fraction(state) < REACH_CHANCE
        await_task(model, state, task, -1)
        place(model, state, task, worth(model, state, task), reach)
        if is_lost(model, state, most):
            return


@compiled
def place(model: Model, state: State, task: int, limit: int, reach: int) -> bool:
    """Puts a task where it costs least and holds; says whether there was such a place."""
    state.ban_count = 0
    while look(model, state, task, limit, reach):
        if commit(model, state, limit):
            return True
        if not ban(state):
            return False
    return False


@compiled
def commit(model: Model, state: State, limit: int) -> bool:
    """Puts in what was found, if the exact pass holds it, at no more than it is worth."""
    found = found_of(state)[0]
    route = stops_of(state)[found.before].route
    save(model, state, route)
    micros = state.micros
    reload = put_in(model, state, route)
    holds = refresh_around(model, state, route, found.node if found.shape == ALONE else NONE)
    if holds and state.micros - micros < limit // GRAIN:
        count_in(model, state, route)
        return True
    if reload != NONE:
        unlink(model, state, reload)
    unlink(model, state, found.node)
    if found.shape == PAIR:
        unlink(model, state, pickup_of(model, found.node))
    refresh(model, state, route)
    return False


@compiled
def pickup_of(model: Model, node: int) -> int:
    """The node of a delivery's pickup."""
    return tasks_of(model)[tasks_of(model)[tasks_served(model)[node]].pickup].first_node


@compiled
def put_in(model: Model, state: State, route: int) -> int:
    """Links what was found; gives the reload that comes with it, or NONE."""
    found, before = found_of(state)[0], found_of(state)[0].before
    if found.shape == ALONE:
        link(model, state, route, before, found.node, found.node)
        return NONE
    if found.shape == PAIR:
        pickup = pickup_of(model, found.node)
        link(model, state, route, before, pickup, pickup)
        behind = pickup if found.down_before == NONE else found.down_before
        link(model, state, route, behind, found.node, found.node)
        return NONE
    reload = free_reload(model, state)
    link(model, state, route, before, found.node, found.node)
    if reload != NONE:
        before = before if found.shape == RELOAD_BEFORE else found.node
        link(model, state, route, before, reload, found.reload)
    return reload


@compiled
def count_in(model: Model, state: State, route: int) -> None:
    """Counts what was put in as served."""
    found = found_of(state)[0]
    serve(model, state, found.node)
    if found.shape == PAIR:
        serve(model, state, pickup_of(model, found.node))


@compiled
def await_all(model: Model, state: State) -> None:
    """Sums up what putting back all removed tasks can save."""
    state.awaited_micros = 0
    for tier in range(model.tiers):
        awaited_of(state)[tier] = 0
    for rank in range(state.removed_count):
        await_task(model, state, removed_of(state)[rank], 1)


@compiled
def await_task(model: Model, state: State, task: int, sign: int) -> None:
    """Adds what putting back a task saves at most, with its pickup, or takes it off."""
    own = tasks_of(model)[task]
    awaited_of(state)[own.tier] += sign * own.penalty
    state.awaited_micros += sign * own.drop_micros
    if own.pickup != NONE and where_of(state)[own.pickup] == NONE:
        pickup = tasks_of(model)[own.pickup]
        awaited_of(state)[pickup.tier] += sign * pickup.penalty
        state.awaited_micros += sign * pickup.drop_micros


@compiled
def is_lost(model: Model, state: State, most: float) -> bool:
    """Whether a plan will be refused, whatever the tasks still to come save."""
    for tier in range(model.tiers - 1):
        left = left_of(state)[tier] - awaited_of(state)[tier]
        if left != saved_left_of(state)[tier]:
            return left > saved_left_of(state)[tier]
    lowest = model.tiers - 1
    left = left_of(state)[lowest] - awaited_of(state)[lowest]
    return state.micros - state.awaited_micros + left > most


@compiled
def sort_removed(model: Model, state: State) -> None:
    """Orders the removed by tier, pairs by that of their more urgent half, then by a key."""
    way = below(state, 17)
    for rank in range(state.removed_count):
        task = tasks_of(model)[removed_of(state)[rank]]
        keys_of(state)[rank] = key_of(model, state, task, way) + 1e12 * task.rank_tier
    for rank in range(1, state.removed_count):
        sink(state, rank)


@compiled
def key_of(model: Model, state: State, task: Record, way: int) -> float:
    """By what a task is sorted: chance, demand, distance, or its windows."""
    if way < 4:
        return fraction(state)
    if way < 8:
        return -float(task.demand)
    if way < 10:
        return -float(task.far)
    if way < 11:
        return float(task.far)
    if way < 13:
        return float(task.width)
    if way < 15:
        return float(task.opens)
    return -float(task.closes)


@compiled
def sink(state: State, rank: int) -> None:
    """Moves one entry down to where it belongs among those before it."""
    key, task, was = keys_of(state)[rank], removed_of(state)[rank], was_absent_of(state)[rank]
    while rank > 0 and keys_of(state)[rank - 1] > key:
        keys_of(state)[rank] = keys_of(state)[rank - 1]
        removed_of(state)[rank] = removed_of(state)[rank - 1]
        was_absent_of(state)[rank] = was_absent_of(state)[rank - 1]
        rank -= 1
    keys_of(state)[rank], removed_of(state)[rank], was_absent_of(state)[rank] = key, task, was
