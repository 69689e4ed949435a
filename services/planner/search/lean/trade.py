"""
Trading: two routes exchange short strings of tasks, or a string moves to another route or place.

One of the new ways always leads from a task to one that is well reached from it; how long the
strings are is drawn. These are moves that ruin and recreate rarely makes where routes are long: it
would have to take out just these tasks, and put them back in just this order.
Also CROSS exchange: Taillard, Badeau, Gendreau, Guertin and Potvin, A Tabu Search Heuristic for the
Vehicle Routing Problem with Soft Time Windows, Transportation Science 31 (1997).
"""

from __future__ import annotations

from services.planner.search.chance import below
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

TOO_LATE = 1 << 30  # seconds; no sum of it with a way holds, and it fits 64 bits


@compiled
def trade(model: Model, state: State, knobs: Knobs, gain_min: int) -> bool:
    """Tries one exchange at random; made when it holds and gains no less than it must."""
    nodes, width = state.nodes, model.beside.shape[1] // 2
    if width == 0:  # there is one task
        return False
    head = below(state.tally[0], model.near.shape[0])
    first = model.beside[head, width + below(state.tally[0], width)]
    if nodes[head].route == NONE or nodes[first].route == NONE or nodes[head].next == first:
        return False
    last = some_way_on(model, state, first, below(state.tally[0], knobs.trade_max))
    if nodes[head].route == nodes[first].route:
        return shift_string(model, state, knobs, gain_min, head, first, last)
    given = some_way_on(model, state, head, below(state.tally[0], knobs.trade_max + 1))
    cost = trade_cost(model, state, head, given, first, last)
    if cost > -gain_min:
        return False
    return holds_trade(model, state, head, given, first, last) and make_trade(
        model, state, head, given, first, last, cost
    )


@compiled
def some_way_on(model: Model, state: State, node: int, steps: int) -> int:
    """The task some steps on, or the last of the route."""
    for _ in range(steps):
        following = state.nodes[node].next
        if following >= model.near.shape[0]:
            break
        node = following
    return node


@compiled
def way_cost(model: Model, before: int, after: int) -> int:
    """What it costs to get from one node to another."""
    return int(model.legs[place_of(model, before), place_of(model, after)].cost)


@compiled
def trade_cost(model: Model, state: State, head: int, given: int, first: int, last: int) -> int:
    """What it costs more to give what is behind `head` up to `given` for first to last."""
    nodes = state.nodes
    other, after, rest = nodes[first].previous, nodes[given].next, nodes[last].next
    cost = way_cost(model, head, first) + way_cost(model, last, after)
    cost -= nodes[head].leg_cost + nodes[other].leg_cost + nodes[last].leg_cost
    if given == head:
        cost += way_cost(model, other, rest)
        if other >= model.near.shape[0] and rest >= model.near.shape[0]:
            cost -= model.fixed_cost
        return int(cost)
    cost += way_cost(model, other, nodes[head].next) + way_cost(model, given, rest)
    return int(cost - nodes[given].leg_cost)


@compiled
def holds_trade(model: Model, state: State, head: int, given: int, first: int, last: int) -> bool:
    """Whether both routes hold what they get."""
    nodes = state.nodes
    other = nodes[first].previous
    load = load_of(model, state, first, last)
    if given != head:
        load -= load_of(model, state, nodes[head].next, given)
    one, two = state.routes[nodes[head].route], state.routes[nodes[first].route]
    if one.load + load > model.capacity or two.load - load > model.capacity:
        return False
    begins = nodes[head].start + way_time(model, head, first)
    if not passes(model, state, begins, first, last, nodes[given].next):
        return False
    if given == head:
        begins = nodes[other].start + way_time(model, other, nodes[last].next)
        return bool(begins <= nodes[nodes[last].next].latest)
    begins = nodes[other].start + way_time(model, other, nodes[head].next)
    return passes(model, state, begins, nodes[head].next, given, nodes[last].next)


@compiled
def way_time(model: Model, before: int, after: int) -> int:
    """How long it takes from the start of service at one node to the arrival at another."""
    return int(model.legs[place_of(model, before), place_of(model, after)].time)


@compiled
def load_of(model: Model, state: State, first: int, last: int) -> int:
    """What a string carries."""
    load, node = model.tasks[first].demand, first
    while node != last:
        node = state.nodes[node].next
        load += model.tasks[node].demand
    return int(load)


@compiled
def left_at(model: Model, state: State, arrival: int, first: int, last: int) -> int:
    """When service at the end of a string starts, if it is reached at a time; or too late."""
    nodes, node = state.nodes, first
    while True:
        if arrival > model.tasks[node].closes:
            return TOO_LATE
        start = max(arrival, model.tasks[node].opens)
        if node == last:
            return int(start)
        arrival = start + nodes[node].leg_time
        node = nodes[node].next


@compiled
def passes(model: Model, state: State, arrival: int, first: int, last: int, after: int) -> bool:
    """Whether a string that is reached at a time is left early enough for what comes after it."""
    start = left_at(model, state, arrival, first, last)
    return bool(start + way_time(model, last, after) <= state.nodes[after].latest)


@compiled
def make_trade(
    model: Model, state: State, head: int, given: int, first: int, last: int, cost: int
) -> bool:
    """Links both routes anew."""
    nodes, routes, tally = state.nodes, state.routes, state.tally[0]
    one, two = nodes[head].route, nodes[first].route
    other, rest = nodes[first].previous, nodes[last].next
    second, after = nodes[head].next, nodes[given].next
    begin(state)
    save_route(state, one, head)
    save_route(state, two, other)
    hand_over(model, state, first, last, two, one)
    if given != head:
        hand_over(model, state, second, given, one, two)
        splice(model, state, other, second, given, rest)
    else:
        join(model, state, other, rest)
        carry_forward(model, state, rest)
        carry_back(model, state, other)
    splice(model, state, head, first, last, after)
    if routes[two].size == 0:
        tally.used -= 1
        tally.spare = two
    tally.cost += cost
    return True


@compiled
def hand_over(model: Model, state: State, first: int, last: int, giver: int, taker: int) -> None:
    """Counts a string to another route."""
    node, load, count = first, model.tasks[first].demand, 1
    state.nodes[node].route = taker
    while node != last:
        node = state.nodes[node].next
        load += model.tasks[node].demand
        count += 1
        state.nodes[node].route = taker
    state.routes[giver].load -= load
    state.routes[taker].load += load
    state.routes[giver].size -= count
    state.routes[taker].size += count


@compiled
def splice(model: Model, state: State, before: int, first: int, last: int, after: int) -> None:
    """Puts a string between two nodes and works out the times."""
    join(model, state, before, first)
    join(model, state, last, after)
    carry_forward(model, state, first)
    carry_forward(model, state, after)
    carry_back(model, state, last)
    carry_back(model, state, before)


@compiled
def shift_string(
    model: Model, state: State, knobs: Knobs, gain_min: int, head: int, first: int, last: int
) -> bool:
    """Makes a string follow `head` in its own route, by a swap with what is between."""
    begins, middle, ends = first, last, head
    if state.nodes[head].start <= state.nodes[first].start:
        begins, middle, ends = state.nodes[head].next, state.nodes[first].previous, last
        if not comes_after(state, head, first, knobs.between_max):
            return False
    elif not comes_after(state, last, head, knobs.between_max):
        return False
    return swap_strings(model, state, gain_min, begins, middle, ends)


@compiled
def comes_after(state: State, node: int, after: int, steps: int) -> bool:
    """Whether a node is found within some steps after another, not at once."""
    for _ in range(steps):
        node = state.nodes[node].next
        if node == NONE:
            return False
        if node == after:
            return True
    return False


@compiled
def swap_strings(
    model: Model, state: State, gain_min: int, begins: int, middle: int, ends: int
) -> bool:
    """Swaps begins to middle with what follows it up to `ends`."""
    nodes, tally = state.nodes, state.tally[0]
    before, second, after = nodes[begins].previous, nodes[middle].next, nodes[ends].next
    cost = way_cost(model, before, second) + way_cost(model, ends, begins)
    cost += way_cost(model, middle, after) - nodes[before].leg_cost - nodes[middle].leg_cost
    cost -= nodes[ends].leg_cost
    if cost > -gain_min or not holds_swap(model, state, begins, middle, ends):
        return False
    begin(state)
    save_route(state, nodes[before].route, before)
    join(model, state, before, second)
    join(model, state, ends, begins)
    join(model, state, middle, after)
    carry_forward(model, state, second)
    carry_forward(model, state, begins)
    carry_forward(model, state, after)
    carry_back(model, state, middle)
    carry_back(model, state, ends)
    carry_back(model, state, before)
    tally.cost += cost
    return True


@compiled
def holds_swap(model: Model, state: State, begins: int, middle: int, ends: int) -> bool:
    """Whether a route holds after such a swap."""
    before, second = state.nodes[begins].previous, state.nodes[middle].next
    arrival = state.nodes[before].start + way_time(model, before, second)
    start = left_at(model, state, arrival, second, ends)
    if start == TOO_LATE:
        return False
    arrival = start + way_time(model, ends, begins)
    return passes(model, state, arrival, begins, middle, state.nodes[ends].next)
