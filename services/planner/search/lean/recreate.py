"""
Recreate: puts absent tasks back one by one, each where it costs least.

Only positions beside a task's neighbours are looked at; where none of them holds, those of all
routes that this iteration touched. Now and then a better position is passed over (a blink).
Source: Christiaens and Vanden Berghe 2020, section 5.3.
"""

from __future__ import annotations

from services.planner.search.chance import fraction
from services.planner.search.compiled import compiled
from services.planner.search.lean.arrays import NONE, PERCENT, Knobs, Model, State
from services.planner.search.lean.links import place_of, put_in


@compiled
def recreate(model: Model, state: State, knobs: Knobs, cost_max: int) -> bool:
    """Puts back what can be; False as soon as the plan is sure to cost more than it may."""
    tally = state.tally[0]
    left, count = tally.aside, tally.absent
    penalties = 0
    for rank in range(left, count):
        penalties += model.tasks[state.absent[rank].task].penalty
    for rank in range(tally.aside, count):
        task = state.absent[rank].task
        penalties -= model.tasks[task].penalty
        before = best_position(model, state, knobs, task)
        if before != NONE:
            put_in(model, state, task, before)
        else:
            state.absent[left].task = task
            left += 1
        if tally.cost - penalties > cost_max:
            return False
    tally.absent = left
    return True


@compiled
def best_position(model: Model, state: State, knobs: Knobs, task: int) -> int:
    """The node behind which a task costs least; NONE where it is better left out."""
    worth = model.tasks[task].penalty * state.tally[0].worth // PERCENT
    cost, before = near_position(model, state, knobs, task, worth)
    cost, before = touched_position(model, state, knobs, task, cost, before)
    depot = model.near.shape[0]
    alone = model.legs[depot, task].cost + model.legs[task, depot].cost + model.fixed_cost
    if alone < cost and alone < worth:
        route = empty_route(state)
        if route != NONE and fits_alone(model, task):
            return int(depot + 2 * route)
    return before


@compiled
def near_position(
    model: Model, state: State, knobs: Knobs, task: int, worth: int
) -> tuple[int, int]:
    """The cheapest position beside a neighbour, and what it costs more: less than it is worth."""
    nodes, best, found = state.nodes, worth, NONE
    width = model.beside.shape[1]
    for rank in range(width):
        before = model.beside[task, rank]
        if nodes[before].route == NONE:
            continue
        if 2 * rank >= width:
            before = nodes[before].previous
        cost = more_cost(model, state, task, before)
        if cost < best and fits(model, state, task, before) and sees(state, knobs):
            best, found = cost, before
    return best, found


@compiled
def touched_position(
    model: Model, state: State, knobs: Knobs, task: int, best: int, found: int
) -> tuple[int, int]:
    """The cheapest position around where routes were changed, when it beats the best so far."""
    room = model.capacity - model.tasks[task].demand
    for rank in range(state.tally[0].touched):
        own = state.lists[rank]
        if state.routes[own.touched].size > 0 and state.routes[own.touched].load <= room:
            best, found = look_on(model, state, knobs, task, own.gap, best, found)
            best, found = look_back(model, state, knobs, task, own.gap, best, found)
    return best, found


@compiled
def look_on(
    model: Model, state: State, knobs: Knobs, task: int, before: int, best: int, found: int
) -> tuple[int, int]:
    """From a node on, as long as the task is not reached too late."""
    nodes, own = state.nodes, model.tasks[task]
    for _ in range(knobs.reach):
        after = nodes[before].next
        if after == NONE:
            break
        arrival = nodes[before].start + model.legs[task, place_of(model, before)].time_back
        if arrival > own.closes:
            break
        cost = more_cost(model, state, task, before)
        end = max(arrival, own.opens) + model.legs[task, place_of(model, after)].time
        if cost < best and end <= nodes[after].latest and sees(state, knobs):
            best, found = cost, before
        before = after
    return best, found


@compiled
def look_back(
    model: Model, state: State, knobs: Knobs, task: int, after: int, best: int, found: int
) -> tuple[int, int]:
    """Before a node and back, as long as the next is not reached too late."""
    nodes, own = state.nodes, model.tasks[task]
    for _ in range(knobs.reach):
        before = nodes[after].previous
        if before == NONE:
            break
        onward = model.legs[task, place_of(model, after)].time
        if own.opens + onward > nodes[after].latest:
            break
        cost = more_cost(model, state, task, before)
        arrival = nodes[before].start + model.legs[task, place_of(model, before)].time_back
        fits_in = arrival <= own.closes and arrival + onward <= nodes[after].latest
        if cost < best and fits_in and sees(state, knobs):
            best, found = cost, before
        after = before
    return best, found


@compiled
def sees(state: State, knobs: Knobs) -> bool:
    """Whether the search does not blink."""
    return fraction(state.tally[0]) >= knobs.blink_chance


@compiled
def more_cost(model: Model, state: State, task: int, before: int) -> int:
    """What a task costs more behind a node."""
    node = state.nodes[before]
    into = model.legs[task, place_of(model, before)].cost_back
    out = model.legs[task, place_of(model, node.next)].cost
    return int(into + out - node.leg_cost)


@compiled
def fits(model: Model, state: State, task: int, before: int) -> bool:
    """Whether a route still holds with a task behind a node."""
    node = state.nodes[before]
    if state.routes[node.route].load + model.tasks[task].demand > model.capacity:
        return False
    arrival = node.start + model.legs[task, place_of(model, before)].time_back
    if arrival > model.tasks[task].closes:
        return False
    start = max(arrival, model.tasks[task].opens)
    after = node.next
    end = start + model.legs[task, place_of(model, after)].time
    return bool(end <= state.nodes[after].latest)


@compiled
def fits_alone(model: Model, task: int) -> bool:
    """Whether a route with one task holds."""
    depot = model.near.shape[0]
    arrival = model.tasks[depot].opens + model.legs[depot, task].time
    start = max(arrival, model.tasks[task].opens)
    back = start + model.legs[task, depot].time
    is_in_time = arrival <= model.tasks[task].closes and back <= model.tasks[depot].closes
    return bool(is_in_time and model.tasks[task].demand <= model.capacity)


@compiled
def empty_route(state: State) -> int:
    """A route without tasks, or NONE."""
    tally, count = state.tally[0], state.routes.shape[0]
    if tally.used == count:
        return NONE
    while state.routes[tally.spare].size > 0:
        tally.spare = (tally.spare + 1) % count
    return int(tally.spare)
