"""
Taking tasks out of linked routes and putting them in, with times kept right.

Times are carried along a route only as far as they change. Whatever an iteration changes is saved
first, once, so that a refused iteration costs no more than what it touched.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.lean.arrays import NONE, Model, State


@compiled
def place_of(model: Model, node: int) -> int:
    """Where a node lies: starts and ends are at the depot."""
    return int(min(node, model.near.shape[0]))


@compiled
def begin(state: State) -> None:
    """Nothing is saved yet in what now begins."""
    tally = state.tally[0]
    tally.iteration += 1
    tally.saved = tally.touched = 0


@compiled
def save_node(state: State, node: int) -> None:
    """Keeps a node as it was before this iteration."""
    tally = state.tally[0]
    if state.nodes[node].mark != tally.iteration:
        state.nodes[node].mark = tally.iteration
        state.saved[tally.saved] = state.nodes[node]
        state.saved[tally.saved].mark = node
        tally.saved += 1


@compiled
def save_route(state: State, route: int, node: int) -> None:
    """Keeps a route as it was before this iteration; from now on it is touched, behind a node."""
    tally = state.tally[0]
    if state.routes[route].mark != tally.iteration:
        state.routes[route].mark = tally.iteration
        state.lists[tally.touched].touched = route
        state.lists[tally.touched].gap = node
        state.lists[tally.touched].load = state.routes[route].load
        state.lists[tally.touched].size = state.routes[route].size
        tally.touched += 1


@compiled
def join(model: Model, state: State, first: int, second: int) -> None:
    """Makes one node follow another; times are not carried yet."""
    leg = model.legs[place_of(model, first), place_of(model, second)]
    state.nodes[first].next = second
    state.nodes[second].previous = first
    state.nodes[first].leg_cost = leg.cost
    state.nodes[first].leg_time = leg.time


@compiled
def carry_forward(model: Model, state: State, node: int) -> None:
    """Works out the earliest starts from a node on, as far as they change."""
    nodes = state.nodes
    before = nodes[node].previous
    while True:
        arrival = nodes[before].start + nodes[before].leg_time
        start = max(arrival, model.tasks[place_of(model, node)].opens)
        if start == nodes[node].start:
            return
        save_node(state, node)
        nodes[node].start = start
        before, node = node, nodes[node].next
        if node == NONE:
            return


@compiled
def carry_back(model: Model, state: State, node: int) -> None:
    """Works out the latest starts from a node back, as far as they change."""
    nodes = state.nodes
    after = nodes[node].next
    while True:
        departure = nodes[after].latest - nodes[node].leg_time
        latest = min(departure, model.tasks[place_of(model, node)].closes)
        if latest == nodes[node].latest:
            return
        save_node(state, node)
        nodes[node].latest = latest
        after, node = node, nodes[node].previous
        if node == NONE:
            return


@compiled
def take_out(model: Model, state: State, first: int, last: int) -> None:
    """Takes a string of tasks out of its route and appends them to the absent."""
    nodes, tally = state.nodes, state.tally[0]
    before, after, route = nodes[first].previous, nodes[last].next, nodes[first].route
    save_route(state, route, before)
    save_node(state, before)
    save_node(state, after)
    cost, load, count, node = nodes[before].leg_cost, 0, 0, first
    while node != after:
        save_node(state, node)
        cost += nodes[node].leg_cost
        load += model.tasks[node].demand
        tally.cost += model.tasks[node].penalty
        nodes[node].route = NONE
        state.absent[tally.absent + count].task = node
        count += 1
        node = nodes[node].next
    tally.absent += count
    state.routes[route].load -= load
    state.routes[route].size -= count
    join(model, state, before, after)
    tally.cost += nodes[before].leg_cost - cost
    if state.routes[route].size == 0:
        tally.cost -= model.fixed_cost
        tally.used -= 1
        tally.spare = route
    carry_forward(model, state, after)
    carry_back(model, state, before)


@compiled
def put_in(model: Model, state: State, task: int, before: int) -> None:
    """Puts a task behind a node; that it fits was seen before."""
    nodes, tally = state.nodes, state.tally[0]
    route, after = nodes[before].route, nodes[before].next
    save_route(state, route, before)
    save_node(state, before)
    save_node(state, task)
    save_node(state, after)
    if state.routes[route].size == 0:
        tally.cost += model.fixed_cost
        tally.used += 1
    state.routes[route].size += 1
    state.routes[route].load += model.tasks[task].demand
    tally.cost -= nodes[before].leg_cost + model.tasks[task].penalty
    nodes[task].route = route
    join(model, state, before, task)
    join(model, state, task, after)
    tally.cost += nodes[before].leg_cost + nodes[task].leg_cost
    nodes[task].start = nodes[task].latest = NONE
    carry_forward(model, state, task)
    carry_back(model, state, task)


@compiled
def undo(state: State) -> None:
    """Puts back all nodes and routes that this iteration saved."""
    tally = state.tally[0]
    for rank in range(tally.saved):
        node = state.saved[rank].mark
        state.nodes[node] = state.saved[rank]
        state.nodes[node].mark = tally.iteration
    for rank in range(tally.touched):
        route = state.lists[rank].touched
        state.routes[route].load = state.lists[rank].load
        state.routes[route].size = state.lists[rank].size
