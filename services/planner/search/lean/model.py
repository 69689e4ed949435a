"""An instance as arrays of the lean kernel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.planner.domain.instance import Instance
from services.planner.domain.money import METERS_PER_KILOMETER
from services.planner.domain.shift import PERCENT
from services.planner.domain.travel import UNREACHABLE
from services.planner.search.curve import FOREVER
from services.planner.search.lean.arrays import LEG, TASK, Model, Records
from services.planner.search.lean.neighbors import beside, nearest
from services.planner.search.lean.suits import binding_dimensions, carried
from services.planner.search.view import ShiftView

NEAR = 100  # tasks around one that may be ruined with it
BESIDE = 25  # tasks before and as many after one that are looked at when it is put back
NO_LIMIT = 1 << 60
NEVER = -1  # closes before anything starts

Costs = NDArray[np.int64]


def model_of(instance: Instance) -> Model:
    """Compiles an instance that suits; one shift stands for all."""
    view = ShiftView(instance, 0)
    tasks = tasks_of(view)
    places = [options[0] for options in instance.places.options]
    costs, seconds = way_tables(view, [*places, view.start_place])
    return model_from(tasks, costs, seconds + stays(view), capacity_of(view), fixed_cost(view))


def model_from(tasks: Records, costs: Costs, times: Costs, capacity: int, fixed_cost: int) -> Model:
    """The model of tasks, the depot last, with costs and times from start to start of service."""
    legs = np.zeros(costs.shape, LEG)
    legs["cost"], legs["time"], legs["cost_back"], legs["time_back"] = (
        costs,
        times,
        costs.T,
        times.T,
    )
    count = len(tasks) - 1
    inner, opens, closes = costs[:count, :count], tasks["opens"][:count], tasks["closes"][:count]
    sides = beside(inner, times[:count, :count], opens.astype(np.int64), closes, BESIDE)
    return Model(legs, tasks, nearest(inner, NEAR), sides, capacity, fixed_cost)


def tasks_of(view: ShiftView) -> Records:
    """What is to be known of each task, and of the depot as the last."""
    instance, shift = view.instance, view.shift
    dimension = next(iter(binding_dimensions(instance)), None)
    tasks = np.zeros(len(instance.problem.tasks) + 1, TASK)
    horizon = shift.end_second - shift.unloading_seconds - view.ready_second
    for rank, task in enumerate(instance.problem.tasks):
        opens, closes = window_of(view, rank)
        demand = 0 if dimension is None else carried(task, dimension)
        tasks[rank] = (max(0, opens), min(horizon, closes), demand, instance.penalties[rank])
    tasks[-1] = (shift.loading_left_seconds, horizon, 0, 0)
    return tasks


def window_of(view: ShiftView, task: int) -> tuple[int, int]:
    """When service may start, from when the shifts are ready; never, where it is refused."""
    node = (task, 0)
    if view.refusal(node) is not None:
        return 0, NEVER
    first, last = (view.stay(node).windows or ((0, FOREVER),))[0]
    return first - view.ready_second, last - view.ready_second


def way_tables(view: ShiftView, places: list[int]) -> tuple[Costs, Costs]:
    """What each way costs in micros and lasts in seconds; nothing within one place."""
    table, grid = view.instance.table(0), np.ix_(places, places)
    square = (table.size, table.size)
    meters = np.asarray(table.meters, np.int64).reshape(square)[grid]
    seconds = np.asarray(table.seconds, np.int64).reshape(square)[grid]
    paced = -(-seconds * view.shift.vehicle.travel_percent // PERCENT)
    seconds = np.where(seconds >= UNREACHABLE, UNREACHABLE, paced)
    same = np.equal.outer(np.array(places), np.array(places))
    costs = (
        meters * view.costs.kilometer_micros + METERS_PER_KILOMETER // 2
    ) // METERS_PER_KILOMETER
    return np.where(same, 0, costs), np.where(same, 0, seconds)


def stays(view: ShiftView) -> Costs:
    """What the stays add to each leg: service where it starts, setup where it ends elsewhere."""
    options = view.instance.places.options
    count = len(options)
    own = [view.stay((task, 0)) for task in range(count)]
    places = np.array([options[0] for options in options] + [view.start_place])
    service = np.array([stay.service_seconds for stay in own] + [0], np.int64)
    setup = np.array([stay.setup_seconds for stay in own] + [0], np.int64)
    elsewhere = np.not_equal.outer(places, places)
    return service[:, None] + np.where(elsewhere, setup[None, :], 0)


def capacity_of(view: ShiftView) -> int:
    """In the one dimension that binds."""
    dimension = next(iter(binding_dimensions(view.instance)), None)
    return NO_LIMIT if dimension is None else view.shift.vehicle.capacity[dimension]


def fixed_cost(view: ShiftView) -> int:
    """Of a route."""
    return view.costs.fixed_micros
