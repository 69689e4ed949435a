"""
Unloading: goods that are picked up and delivered on one route leave in the order of the door.

While a pair is tried, what is open within it says whether the door is free; the exact pass walks
the route with a stack.
"""

from __future__ import annotations

from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import NONE
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    lines_of,
    stack_of,
    stops_of,
    tasks_of,
    tasks_served,
)

ANY, LIFO, FIFO = range(3)


@compiled
def keeps_door(model: Model, state: State, route: int, start: int) -> bool:
    """Whether all goods leave in the order that the shift demands."""
    stops, stack, door = stops_of(state), stack_of(state), lines_of(model)[route].door
    count, stop = 0, stops[start].next
    while stops[stop].next >= 0:
        node = stops[stop].node
        if node < model.nodes:
            task = tasks_served(model)[node]
            if tasks_of(model)[task].first_delivery != NONE:
                stack[count] = task
                count += 1
            if tasks_of(model)[task].pickup != NONE:
                rank = rank_in(stack, count, tasks_of(model)[task].pickup)
                if rank != NONE:
                    if rank != (count - 1 if door == LIFO else 0):
                        return False
                    count = close_gap(stack, count, rank)
        stop = stops[stop].next
    return True


@compiled
def rank_in(stack: Record, count: int, task: int) -> int:
    """Where a task stands; NONE: nowhere."""
    for rank in range(count):
        if stack[rank] == task:
            return rank
    return NONE


@compiled
def close_gap(stack: Record, count: int, rank: int) -> int:
    """Takes one out; gives how many are left."""
    for later in range(rank, count - 1):
        stack[later] = stack[later + 1]
    return count - 1
