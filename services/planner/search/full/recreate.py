"""Recreate: tasks that were taken out are put back where they cost least, in one of many orders."""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NONE
from services.planner.search.full.chance import below, fraction
from services.planner.search.full.found import ALONE, PAIR, RELOAD_BEFORE, ban
from services.planner.search.full.links import free_reload, link, serve, unlink
from services.planner.search.full.look import look
from services.planner.search.full.route import refresh, refresh_around
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    found_of,
    keys_of,
    removed_of,
    stops_of,
    tasks_of,
    tasks_served,
    was_absent_of,
)
from services.planner.search.full.undo import save
from services.planner.search.rules.penalties import worth

FEW = 10  # tasks left out beside those of an iteration: each is looked for everywhere
REACH_CHANCE = 0.1  # that a task left out before is looked for everywhere


@compiled
def recreate(model: Model, state: State) -> None:
    """Puts the removed tasks back, as far as they hold and are worth it."""
    sort_removed(model, state)
    is_few = state.absent_count - state.removed_count <= FEW
    for rank in range(state.removed_count):
        task = removed_of(state)[rank]
        reach = not was_absent_of(state)[rank] or is_few or fraction(state) < REACH_CHANCE
        place(model, state, task, worth(model, state, task), reach)


@compiled
def place(model: Model, state: State, task: int, limit: int, reach: int) -> bool:
    """Puts a task where it costs least and holds; says whether there was such a place."""
    state.ban_count = 0
    while look(model, state, task, limit, reach):
        if commit(model, state):
            return True
        if not ban(state):
            return False
    return False


@compiled
def commit(model: Model, state: State) -> bool:
    """Puts in what was found, if the exact pass holds it."""
    found = found_of(state)[0]
    route = stops_of(state)[found.before].route
    save(model, state, route)
    reload = put_in(model, state, route)
    if refresh_around(model, state, route, found.node if found.shape == ALONE else NONE):
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
def sort_removed(model: Model, state: State) -> None:
    """Orders the removed by tier, then by one of several keys."""
    way = below(state, 17)
    for rank in range(state.removed_count):
        task = tasks_of(model)[removed_of(state)[rank]]
        keys_of(state)[rank] = key_of(model, state, task, way) + 1e12 * task.tier
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
