"""
Ruin: takes strings of tasks that lie near one another out of several routes.

Source: Christiaens and Vanden Berghe 2020, section 5.2; equations 5 to 7.
"""

from __future__ import annotations

from services.planner.search.chance import below, fraction
from services.planner.search.compiled import compiled
from services.planner.search.lean.arrays import NONE, Knobs, Model, State
from services.planner.search.lean.links import take_out


@compiled
def ruin(model: Model, state: State, knobs: Knobs, seed: int) -> None:
    """Removes strings around a task."""
    task_count = model.near.shape[0]
    served = task_count - state.tally[0].absent
    if served == 0:
        return
    length_max = min(knobs.string_max, served / state.tally[0].used)
    count_max = 4.0 * knobs.removed_mean / (1.0 + length_max) - 1.0
    count = int(fraction(state.tally[0]) * count_max + 1.0)
    removed = remove_around(model, state, knobs, seed, length_max)
    for rank in range(model.near.shape[1]):
        if removed >= count:
            return
        removed += remove_around(model, state, knobs, model.near[seed, rank], length_max)


@compiled
def remove_around(model: Model, state: State, knobs: Knobs, task: int, length_max: float) -> int:
    """Removes a string with a task in it, unless the task's route was touched: how many."""
    route = state.nodes[task].route
    if route == NONE or state.routes[route].mark == state.tally[0].iteration:
        return 0
    size = state.routes[route].size
    longest = min(float(size), length_max)
    length = min(size, int(fraction(state.tally[0]) * longest + 1.0))
    kept = 0
    if 1 < length < size and fraction(state.tally[0]) < knobs.split_chance:
        kept = kept_within(state, size - length)
    remove_string(model, state, task, length, kept)
    return 1


@compiled
def kept_within(state: State, kept_max: int) -> int:
    """How many tasks within a string stay: each more with half the chance."""
    kept = 1
    while kept < kept_max and fraction(state.tally[0]) < 0.5:
        kept += 1
    return kept


@compiled
def remove_string(model: Model, state: State, task: int, length: int, kept: int) -> None:
    """Removes `length` tasks of a string around a task and keeps `kept` somewhere in it."""
    nodes, span = state.nodes, length + kept
    first = first_of_string(model, state, task, span)
    before_kept = length if kept == 0 else below(state.tally[0], length + 1)
    last = walked(state, first, before_kept - 1)
    rest = nodes[last].next if before_kept > 0 else first
    if before_kept > 0:
        take_out(model, state, first, last)
    if before_kept < length:
        rest = walked(state, rest, kept)
        take_out(model, state, rest, walked(state, rest, length - before_kept - 1))


@compiled
def first_of_string(model: Model, state: State, task: int, span: int) -> int:
    """Where a string of `span` tasks starts that holds a task and lies within its route."""
    task_count, nodes = model.near.shape[0], state.nodes
    room_before, first = 0, task
    while room_before < span - 1 and nodes[first].previous < task_count:
        first = nodes[first].previous
        room_before += 1
    room_after, last = 0, task
    while room_after < span - 1 and nodes[last].next < task_count:
        last = nodes[last].next
        room_after += 1
    back_min = max(0, span - 1 - room_after)
    back = back_min + below(state.tally[0], min(room_before, span - 1) - back_min + 1)
    return walked_back(state, task, back)


@compiled
def walked(state: State, node: int, steps: int) -> int:
    """The node some steps on."""
    for _ in range(steps):
        node = state.nodes[node].next
    return node


@compiled
def walked_back(state: State, node: int, steps: int) -> int:
    """The node some steps back."""
    for _ in range(steps):
        node = state.nodes[node].previous
    return node
