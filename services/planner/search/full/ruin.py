"""
Ruin: strings of stops are taken out of routes near a random task.

Adjacent string removal: at most one string per route, their lengths and number by chance around a
mean; now and then a string keeps some stops within (split string). A task goes with its pickup or
delivery; frozen heads stay. Source: Christiaens and Vanden Berghe 2020, section 5.
"""

from __future__ import annotations

from services.planner.search.chance import below, fraction
from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NONE
from services.planner.search.full.links import is_task, leave_out, link, serve, start_of, unlink
from services.planner.search.full.route import refresh
from services.planner.search.full.space import (
    Model,
    State,
    absent_at_of,
    absent_of,
    chosen_of,
    lines_of,
    near_of,
    removed_of,
    routes_of,
    saved_ids_of,
    saved_of,
    stops_of,
    tasks_of,
    tasks_served,
    was_absent_of,
    where_of,
)
from services.planner.search.full.undo import clear_route, restore_route, save
from services.planner.search.rules.locks import is_frozen

REMOVED_MEAN = 10.0  # stops taken out in an iteration
STRING_MAX = 10.0  # stops taken out of one route
SPLIT_CHANCE = 0.5  # that a string keeps some stops within
KEEP_MORE_CHANCE = 0.5  # that it keeps one more
MERGE_CHANCE = 0.5  # that a reload is dropped whose trips fit into one
ABSENT_TRIED = 20  # of the tasks left out, tried again in one iteration
NEAR_TRIED = 12  # of those around, which fill the room that the ruin makes


@compiled
def ruin(model: Model, state: State) -> None:
    """Takes out strings around a random task, and picks tasks left out to be tried again."""
    task = below(state, model.task_count)
    own = tasks_of(model)[task]
    seed = where_of(state)[task]
    if seed == NONE:
        seed = own.first_node + below(state, own.nodes)
    retry_absent(model, state, task, seed)
    longest = min(STRING_MAX, mean_size(model, state))
    most = 4.0 * REMOVED_MEAN / (1.0 + longest) - 1.0
    left = int(fraction(state) * most + 1.0)
    left -= ruin_at(model, state, seed, longest)
    for rank in range(model.near_count):
        if left <= 0 or near_of(model)[seed, rank] == NONE:
            return
        left -= ruin_at(model, state, near_of(model)[seed, rank], longest)


@compiled
def mean_size(model: Model, state: State) -> float:
    """The mean number of tasks in a route that is used."""
    served, used = 0, 0
    for route in range(model.shifts):
        served += routes_of(state)[route].size
        used += routes_of(state)[route].size > 0
    return served / max(1, used)


@compiled
def retry_absent(model: Model, state: State, task: int, seed: int) -> None:
    """Picks tasks left out: this one, where there are many those around it, some by chance."""
    retry(state, task)
    if state.absent_count > ABSENT_TRIED:
        for rank in range(model.near_count):
            node = near_of(model)[seed, rank]
            if node == NONE or state.removed_count >= NEAR_TRIED:
                break
            retry(state, tasks_served(model)[node])
    first = below(state, max(1, state.absent_count))
    for step in range(min(ABSENT_TRIED, state.absent_count)):
        retry(state, absent_of(state)[(first + step) % state.absent_count])


@compiled
def retry(state: State, task: int) -> None:
    """Lists a task that is left out, once."""
    if absent_at_of(state)[task] == NONE:
        return
    for rank in range(state.removed_count):
        if removed_of(state)[rank] == task:
            return
    add_removed(state, task, 1)


@compiled
def add_removed(state: State, task: int, was_absent: int) -> None:
    """Lists a task among those to be inserted."""
    removed_of(state)[state.removed_count], was_absent_of(state)[state.removed_count] = (
        task,
        was_absent,
    )
    state.removed_count += 1


@compiled
def ruin_at(model: Model, state: State, stop: int, longest: float) -> int:
    """Takes a string around a stop out of its route, unless one was; says whether it did."""
    route = stops_of(state)[stop].route
    if route == NONE or routes_of(state)[route].touched == state.mark:
        return 0
    if is_frozen(model, stop):
        return 0
    routes_of(state)[route].touched = state.mark
    length = int(fraction(state) * min(longest, float(routes_of(state)[route].size)) + 1.0)
    count = choose_string(model, state, stop, length)
    save(model, state, route)
    slot, removed = state.saved_route_count - 1, state.removed_count
    gap = stops_of(state)[chosen_of(state)[0]].previous if count else start_of(model, route)
    for rank in range(count):
        take_out(model, state, chosen_of(state)[rank])
    routes_of(state)[route].gap = (
        gap if stops_of(state)[gap].route == route else start_of(model, route)
    )
    if not refresh(model, state, route):
        put_back(model, state, route, slot, removed)
        return 0
    if routes_of(state)[route].reloads:
        tidy_reloads(model, state, route)
    return 1


@compiled
def choose_string(model: Model, state: State, stop: int, length: int) -> int:
    """Lists the stops of a string around one; says how many."""
    stops, first = stops_of(state), stop
    kept = kept_within(state, length, routes_of(state)[stops[stop].route].size)
    for _ in range(below(state, length + kept)):
        before = stops[first].previous
        if stops[before].previous == NONE or is_frozen(model, before):
            break
        first = before
    skip = below(state, length + 1)
    count, step = 0, 0
    while stops[first].next != NONE and step < length + kept:
        if is_task(model, first):
            if step < skip or step >= skip + kept:
                chosen_of(state)[count] = first
                count += 1
            step += 1
        first = stops[first].next
    return count


@compiled
def kept_within(state: State, length: int, size: int) -> int:
    """How many stops a string keeps within."""
    if length < 2 or length >= size or fraction(state) < SPLIT_CHANCE:
        return 0
    kept = 1
    while length + kept < size and fraction(state) > KEEP_MORE_CHANCE:
        kept += 1
    return kept


@compiled
def take_out(model: Model, state: State, stop: int) -> None:
    """Takes a task out, and what is not served without it."""
    if stops_of(state)[stop].route == NONE:
        return
    task = tasks_of(model)[tasks_served(model)[stop]]
    remove(model, state, stop)
    if task.pickup != NONE:
        pickup = tasks_of(model)[task.pickup].first_node
        is_needed = is_frozen(model, pickup) or has_delivery(model, state, task.pickup)
        if not is_needed and stops_of(state)[pickup].route != NONE:
            remove(model, state, pickup)
    delivery = task.first_delivery
    while delivery != NONE:
        if where_of(state)[delivery] != NONE:
            remove(model, state, where_of(state)[delivery])
        delivery = tasks_of(model)[delivery].next_delivery


@compiled
def has_delivery(model: Model, state: State, pickup: int) -> bool:
    """Whether any delivery of a pickup is served."""
    delivery = tasks_of(model)[pickup].first_delivery
    while delivery != NONE:
        if where_of(state)[delivery] != NONE:
            return True
        delivery = tasks_of(model)[delivery].next_delivery
    return False


@compiled
def remove(model: Model, state: State, stop: int) -> None:
    """Takes one stop out of its route."""
    unlink(model, state, stop)
    leave_out(model, state, stop)
    task = tasks_served(model)[stop]
    if tasks_of(model)[task].first_delivery == NONE:
        add_removed(state, task, 0)


@compiled
def put_back(model: Model, state: State, route: int, slot: int, removed: int) -> None:
    """Undoes a string whose route does not hold without it."""
    saved = saved_of(state)[slot]
    for rank in range(saved.first, saved.first + saved.count):
        stop = saved_ids_of(state)[rank]
        if is_task(model, stop) and where_of(state)[tasks_served(model)[stop]] == NONE:
            serve(model, state, stop)
    clear_route(model, state, route)
    restore_route(model, state, slot)
    state.removed_count = removed
    state.micros += routes_of(state)[route].micros


@compiled
def tidy_reloads(model: Model, state: State, route: int) -> None:
    """Drops reloads that nothing needs, and now and then one whose trips fit into one."""
    start = start_of(model, route)
    stop = stops_of(state)[start].next
    while stops_of(state)[stop].next != NONE:
        after = stops_of(state)[stop].next
        if is_task(model, stop):
            stop = after
            continue
        if is_needless(model, state, route, stop) or fraction(state) < MERGE_CHANCE:
            drop_reload(model, state, route, stop)
        stop = after


@compiled
def is_needless(model: Model, state: State, route: int, stop: int) -> bool:
    """Whether a reload has a trip without stops before or after it."""
    before, after = stops_of(state)[stop].previous, stops_of(state)[stop].next
    if stops_of(state)[after].next == NONE or not is_task(model, after):
        return True
    return stops_of(state)[before].previous == NONE and not lines_of(model)[route].is_under_way


@compiled
def drop_reload(model: Model, state: State, route: int, stop: int) -> None:
    """Takes a reload out, unless the route needs it."""
    before, node = stops_of(state)[stop].previous, stops_of(state)[stop].node
    unlink(model, state, stop)
    if not refresh(model, state, route):
        link(model, state, route, before, stop, node)
        refresh(model, state, route)
