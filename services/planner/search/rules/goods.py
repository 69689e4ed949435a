"""
Goods: what is on board is counted by class along a changed route.

A bound in constant time would need the classes on every leg; few problems use them, so the exact
pass decides alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.instance import Instance
from services.planner.search.compiled import compiled
from services.planner.search.full.arrays import (
    LOAD_FROM_DEPOT,
    LOAD_ONBOARD,
    LOAD_PAIR_DOWN,
    LOAD_PAIR_UP,
    LOAD_PICKUP,
    NONE,
)
from services.planner.search.full.space import (
    Model,
    Record,
    State,
    aboard_of,
    clashes_of,
    onboard_goods_of,
    stops_of,
    tasks_of,
    tasks_served,
)


@compiled
def keeps_goods(model: Model, state: State, route: int, start: int) -> bool:
    """Whether classes that may not be together are never on board together."""
    stops, aboard = stops_of(state), aboard_of(state)
    for goods in range(len(aboard)):
        aboard[goods] = onboard_goods_of(model)[route, goods]
    if not (load_goods(model, state, start) and is_peaceful(model, aboard)):
        return False
    stop = stops[start].next
    while stops[stop].next >= 0:
        if stops[stop].node >= model.nodes:
            leave_goods(model, state, stop)
            holds = load_goods(model, state, stop) and is_peaceful(model, aboard)
        else:
            holds = move_goods(model, state, tasks_served(model)[stops[stop].node])
        if not holds:
            return False
        stop = stops[stop].next
    return True


@compiled
def load_goods(model: Model, state: State, trip: int) -> bool:
    """Takes in what the deliveries of a trip need from the depot."""
    stops, stop = stops_of(state), stops_of(state)[trip].next
    while stops[stop].next >= 0 and stops[stop].node < model.nodes:
        task = tasks_of(model)[tasks_served(model)[stops[stop].node]]
        if task.load == LOAD_FROM_DEPOT:
            aboard_of(state)[task.goods] += 1
        stop = stops[stop].next
    return True


@compiled
def leave_goods(model: Model, state: State, reload: int) -> None:
    """Gives up at a reload what was picked up for the depot since the one before."""
    stops, stop = stops_of(state), stops_of(state)[reload].previous
    while stops[stop].previous >= 0 and stops[stop].node < model.nodes:
        task = tasks_of(model)[tasks_served(model)[stops[stop].node]]
        if task.load == LOAD_PICKUP:
            aboard_of(state)[task.goods] -= 1
        stop = stops[stop].previous


@compiled
def move_goods(model: Model, state: State, task: int) -> bool:
    """Takes a task's goods in or out; says whether those on board bear one another."""
    own, aboard = tasks_of(model)[task], aboard_of(state)
    if own.load in (LOAD_PICKUP, LOAD_PAIR_UP):
        aboard[own.goods] += 1
        return is_peaceful(model, aboard)
    if own.load in (LOAD_FROM_DEPOT, LOAD_ONBOARD):
        aboard[own.goods] -= 1
    elif own.load == LOAD_PAIR_DOWN and own.pickup != NONE:
        aboard[tasks_of(model)[own.pickup].goods] -= 1
    return True


@compiled
def is_peaceful(model: Model, aboard: Record) -> bool:
    """Whether no two classes on board may not meet; class 0 bears all."""
    present = np.int64(0)
    for goods in range(1, len(aboard)):
        if aboard[goods] > 0:
            present |= np.int64(1) << np.int64(goods)
    for goods in range(1, len(aboard)):
        if aboard[goods] > 0 and clashes_of(model)[goods] & present:
            return False
    return True


def compile_goods(
    instance: Instance,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Which classes clash, as bits; the class of each task; what each shift has on board."""
    problem = instance.problem
    clashing = sorted({name for pair in problem.incompatible_goods for name in pair})
    ranks = {name: rank for rank, name in enumerate(clashing, start=1)}
    clashes = np.zeros(len(ranks) + 1, np.int64)
    for pair in problem.incompatible_goods:
        one, other = (ranks[name] for name in pair)
        clashes[one] |= 1 << other
        clashes[other] |= 1 << one
    of_task = np.array([ranks.get(task.goods_class, 0) for task in problem.tasks], np.int64)
    onboard = np.zeros((len(problem.shifts), len(clashes)), np.int64)
    for task_id, shift_id in problem.onboard_shift_of.items():
        goods = of_task[problem.rank_of_task[task_id]]
        onboard[problem.rank_of_shift[shift_id], goods] += 1
    return clashes, of_task, onboard
