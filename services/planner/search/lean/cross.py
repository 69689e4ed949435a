"""
Crossing: two routes exchange their tails, which string removal cannot do where routes are long.

Also 2-opt*: Potvin and Rousseau, An Exchange Heuristic for Routeing Problems with Time Windows,
Journal of the Operational Research Society 46 (1995). A tail may move to an empty route, which
splits a route, and two routes may become one.
"""

from __future__ import annotations

from services.planner.search.chance import below, fraction
from services.planner.search.compiled import compiled
from services.planner.search.lean.arrays import NONE, Knobs, Model, State
from services.planner.search.lean.links import (
    begin,
    carry_back,
    carry_forward,
    join,
    place_of,
    save_route,
)
from services.planner.search.lean.recreate import empty_route


@compiled
def cross(model: Model, state: State, knobs: Knobs, gain_min: int) -> bool:
    """Tries one exchange at random; made when it holds and gains no less than it must."""
    first = below(state.tally[0], model.near.shape[0])
    if state.nodes[first].route == NONE:
        return False
    second = partner(model, state, knobs, first)
    if second == NONE or state.nodes[second].route == state.nodes[first].route:
        return False
    if min(state.nodes[first].next, state.nodes[second].next) >= model.near.shape[0]:
        return False
    cost = crossing_cost(model, state, first, second)
    if cost > -gain_min or not tails_fit(model, state, first, second):
        return False
    return exchange(model, state, first, second, cost)


@compiled
def partner(model: Model, state: State, knobs: Knobs, first: int) -> int:
    """A node whose next may well come after a task, or the start of an empty route."""
    if fraction(state.tally[0]) < knobs.split_route_chance:
        route = empty_route(state)
        return NONE if route == NONE else model.near.shape[0] + 2 * route
    width = model.beside.shape[1] // 2
    if width == 0:  # there is one task
        return NONE
    after = model.beside[first, width + below(state.tally[0], width)]
    return NONE if state.nodes[after].route == NONE else int(state.nodes[after].previous)


@compiled
def crossing_cost(model: Model, state: State, first: int, second: int) -> int:
    """What it costs more when two nodes exchange what comes after them."""
    one, two = state.nodes[first], state.nodes[second]
    new_one = model.legs[place_of(model, first), place_of(model, two.next)].cost
    new_two = model.legs[place_of(model, second), place_of(model, one.next)].cost
    cost = new_one + new_two - one.leg_cost - two.leg_cost
    if state.routes[two.route].size == 0:
        cost += model.fixed_cost
    elif second >= model.near.shape[0] and one.next >= model.near.shape[0]:
        cost -= model.fixed_cost
    return int(cost)


@compiled
def tails_fit(model: Model, state: State, first: int, second: int) -> bool:
    """Whether both routes hold their new tails in time."""
    return is_in_time(model, state, first, state.nodes[second].next) and is_in_time(
        model, state, second, state.nodes[first].next
    )


@compiled
def is_in_time(model: Model, state: State, before: int, after: int) -> bool:
    """Whether a node is reached in time from another."""
    leg = model.legs[place_of(model, before), place_of(model, after)]
    return bool(state.nodes[before].start + leg.time <= state.nodes[after].latest)


@compiled
def exchange(model: Model, state: State, first: int, second: int, cost: int) -> bool:
    """Exchanges the tails behind two nodes, if the vehicles carry them."""
    one, two = state.nodes[first].route, state.nodes[second].route
    load_one, size_one = tail_of(model, state, first)
    load_two, size_two = tail_of(model, state, second)
    more = load_two - load_one
    routes, tally = state.routes, state.tally[0]
    if routes[one].load + more > model.capacity or routes[two].load - more > model.capacity:
        return False
    begin(state)
    tally.used += (routes[one].size + size_two > size_one) + (
        routes[two].size + size_one > size_two
    )
    tally.used -= (routes[one].size > 0) + (routes[two].size > 0)
    save_route(state, one, first)
    save_route(state, two, second)
    routes[one].load += more
    routes[two].load -= more
    routes[one].size += size_two - size_one
    routes[two].size += size_one - size_two
    tally.cost += cost
    link_tails(model, state, first, second)
    return True


@compiled
def tail_of(model: Model, state: State, node: int) -> tuple[int, int]:
    """The load and the number of the tasks behind a node."""
    load, size, node = 0, 0, state.nodes[node].next
    while node < model.near.shape[0]:
        load += model.tasks[node].demand
        size += 1
        node = state.nodes[node].next
    return load, size


@compiled
def link_tails(model: Model, state: State, first: int, second: int) -> None:
    """Makes two nodes exchange what comes after them, and works out the times."""
    nodes, task_count = state.nodes, model.near.shape[0]
    one, two = nodes[first].route, nodes[second].route
    end_one, end_two = task_count + 2 * one + 1, task_count + 2 * two + 1
    tail_one, last_one = nodes[first].next, nodes[end_one].previous
    tail_two, last_two = nodes[second].next, nodes[end_two].previous
    give_tail(model, state, first, tail_two, last_two, end_one)
    give_tail(model, state, second, tail_one, last_one, end_two)


@compiled
def give_tail(model: Model, state: State, head: int, tail: int, last: int, end: int) -> None:
    """Puts a tail of another route behind a node; it may be no more than the other's end."""
    nodes, route, node = state.nodes, state.nodes[head].route, tail
    if tail < model.near.shape[0]:
        join(model, state, head, tail)
        join(model, state, last, end)
        while node != end:
            nodes[node].route = route
            node = nodes[node].next
        carry_forward(model, state, tail)
    else:
        join(model, state, head, end)
    carry_forward(model, state, end)
    carry_back(model, state, head)
