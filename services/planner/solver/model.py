"""
The routing model: an instance in OR-Tools' words.

Transits are matrices and vectors, never Python callbacks: a callback is a thousand times dearer.
Nodes 0..n-1 are the nodes that some shift can serve; then follow a start and an end per shift.
Costs are in units of 10 micros, which keeps sums of penalties within 64 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from ortools.constraint_solver import pywrapcp

from services.planner.domain.instance import Instance, Node
from services.planner.domain.shift import DutyClock
from services.planner.domain.task import TaskKind
from services.planner.domain.travel import UNREACHABLE
from services.planner.search.curve import FOREVER
from services.planner.search.stay import Windows
from services.planner.search.view import ShiftView

MICROS_PER_UNIT = 10
PENALTY_UNITS_MAX = 10**15  # of one task: thousands of them still add up in 64 bits
BLOCKED_SECONDS = UNREACHABLE  # longer than any shift, so never chosen
Matrix = list[list[int]]


class RoutingModel:
    """One instance, built part by part; each part is one rule or a few that belong together."""

    def __init__(self, instance: Instance, views: Sequence[ShiftView], seed: int) -> None:
        """Builds everything."""
        self.instance, self.views = instance, views
        self.nodes = [node for node in all_nodes(instance) if self.servers(node)]
        self.rank = {node: rank for rank, node in enumerate(self.nodes)}
        self.origin = min(view.ready_second for view in views)
        count, shifts = len(self.nodes), len(views)
        self.starts = [count + 2 * shift for shift in range(shifts)]
        self.ends = [count + 2 * shift + 1 for shift in range(shifts)]
        self.manager = pywrapcp.RoutingIndexManager(
            count + 2 * shifts, shifts, self.starts, self.ends
        )
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.routing.solver().ReSeed(seed)
        self._tables: dict[Any, int] = {}
        self.time = self._add_time()
        self._add_costs()
        self._add_windows()
        self._add_allowed_shifts()
        self._add_capacities()
        self._add_pairs()
        self._add_limits()
        self._add_penalties()
        self._add_frozen_heads()

    def servers(self, node: Node) -> list[int]:
        """The shifts that may serve a node."""
        return [view.rank for view in self.views if view.refusal(node) is None]

    def index(self, node: Node) -> int:
        """OR-Tools' own number of a node."""
        return int(self.manager.NodeToIndex(self.rank[node]))

    def place(self, shift: ShiftView, number: int) -> int:
        """The place of a node of the model, which may be a start or an end."""
        if number < len(self.nodes):
            return self.instance.place(self.nodes[number])
        owner = self.views[(number - len(self.nodes)) // 2]
        if (number - len(self.nodes)) % 2 == 0:
            return owner.start_place
        return owner.end_place

    def matrix(self, kind: str, view: ShiftView, key: Any, cell: Callable[..., int]) -> int:
        """A registered matrix, shared by all shifts of equal `key`."""
        full = (kind, key)
        if full not in self._tables:
            size = len(self.nodes) + 2 * len(self.views)
            places = [self.place(view, number) for number in range(size)]
            rows: Matrix = [
                [cell(i, places[i], j, places[j]) for j in range(size)] for i in range(size)
            ]
            self._tables[full] = self.routing.RegisterTransitMatrix(rows)
        return self._tables[full]

    def _travel_key(self, view: ShiftView) -> tuple[Any, ...]:
        vehicle = view.shift.vehicle
        table = self.instance.table_of_shift[view.rank]
        return (table, vehicle.travel_percent, vehicle.profile)

    def _seconds(self, view: ShiftView, here: int, there: int) -> int:
        """Time at the wheel; none from or to the open end of a route."""
        return 0 if here < 0 or there < 0 else min(view.seconds(here, there), BLOCKED_SECONDS)

    def _add_time(self) -> Any:
        """Time: service at the first, the way, and setup at the second, per vehicle class."""
        transits = [self._time_matrix(view) for view in self.views]
        horizon = max(view.shift.end_second for view in self.views) - self.origin
        self.routing.AddDimensionWithVehicleTransits(transits, horizon, horizon, False, "time")
        time = self.routing.GetDimensionOrDie("time")
        for view in self.views:
            start = time.CumulVar(self.routing.Start(view.rank))
            ready = view.ready_second - self.origin
            latest = ready if view.shift.is_under_way else view.shift.end_second - self.origin
            start.SetRange(ready, max(ready, latest))
            end = time.CumulVar(self.routing.End(view.rank))
            end.SetRange(ready, self._last_end(view))
            self.routing.AddVariableMinimizedByFinalizer(end)
        return time

    def _last_end(self, view: ShiftView) -> int:
        """
        The latest end, with room left for the breaks.

        The engine's own breaks make it some twenty times slower and its answers need not be valid:
        the exact scheduler places them, and the repair mends what they push out.
        """
        resting = sum(length for _, _, _, length in view.breaks)
        return max(view.ready_second, view.shift.end_second - resting) - self.origin

    def _time_matrix(self, view: ShiftView) -> int:
        services = [self._service(view, number) for number in range(len(self.nodes))]
        setups = [self.instance.option(node).setup_seconds for node in self.nodes]
        for other in self.views:
            services += [other.shift.loading_left_seconds, 0]
            setups += [0, other.shift.unloading_seconds]
        count = len(self.nodes)

        def cell(i: int, here: int, j: int, there: int) -> int:
            moved = here != there or j >= count
            return services[i] + self._seconds(view, here, there) + (setups[j] if moved else 0)

        return self.matrix("time", view, self._travel_key(view), cell)

    def _service(self, view: ShiftView, number: int) -> int:
        return self.instance.option(self.nodes[number]).service_for(view.shift.vehicle.profile)

    def _add_costs(self) -> None:
        """Distance and visits on arcs, time from start to end, and fixed costs."""
        for view in self.views:
            rates = view.costs
            visit = tuple(self._visit_units(view, node) for node in self.nodes)
            visits = (*visit, *([0] * 2 * len(self.views)))

            def cell(
                i: int,
                here: int,
                j: int,
                there: int,
                view: ShiftView = view,
                visits: tuple[int, ...] = visits,
            ) -> int:
                if here < 0 or there < 0:
                    return visits[j]
                micros = view.costs.kilometer_micros * min(view.meters(here, there), 10**6) // 1_000
                return micros // MICROS_PER_UNIT + visits[j]

            key = (*self._travel_key(view), rates.kilometer_micros, visit)
            evaluator = self.matrix("cost", view, key, cell)
            self.routing.SetArcCostEvaluatorOfVehicle(evaluator, view.rank)
            self.routing.SetFixedCostOfVehicle(rates.fixed_micros // MICROS_PER_UNIT, view.rank)
            second_units = rates.hour_micros // 3_600 // MICROS_PER_UNIT
            self.time.SetSpanCostCoefficientForVehicle(second_units, view.rank)

    def _visit_units(self, view: ShiftView, node: Node) -> int:
        return view.stay(node).cost_micros // MICROS_PER_UNIT if self._may(view, node) else 0

    def _may(self, view: ShiftView, node: Node) -> bool:
        return view.refusal(node) is None

    def _add_windows(self) -> None:
        """Windows, as far as any shift that may serve the node has them."""
        for node in self.nodes:
            cumul = self.time.CumulVar(self.index(node))
            merged = union([self.views[s].stay(node).windows for s in self.servers(node)])
            cumul.SetRange(self._moment(merged[0][0]), self._moment(merged[-1][1]))
            for (_, before), (after, _) in pairwise(merged):
                cumul.RemoveInterval(self._moment(before) + 1, self._moment(after) - 1)
            self._add_soft_window(node)

    def _moment(self, second: int) -> int:
        latest = max(view.shift.end_second for view in self.views)
        return max(0, min(second, latest) - self.origin)

    def _add_soft_window(self, node: Node) -> None:
        """Preferred times, where the node has one window."""
        windows = self.instance.option(node).windows
        if len(windows) != 1:
            return
        window, index = windows[0], self.index(node)
        late = window.late_cost_micros_per_hour // 3_600 // MICROS_PER_UNIT
        early = window.early_cost_micros_per_hour // 3_600 // MICROS_PER_UNIT
        if window.soft_last_second is not None and late:
            self.time.SetCumulVarSoftUpperBound(index, self._moment(window.soft_last_second), late)
        if window.soft_first_second is not None and early:
            moment = self._moment(window.soft_first_second)
            self.time.SetCumulVarSoftLowerBound(index, moment, early)

    def _add_allowed_shifts(self) -> None:
        """Skills, territories, exclusions, pins, zones: whatever keeps a shift from a node."""
        for node in self.nodes:
            servers = self.servers(node)
            if len(servers) < len(self.views):
                # SetAllowedVehiclesForIndex refuses every Python list in OR-Tools 9.15 (TypeError).
                self.routing.VehicleVar(self.index(node)).SetValues([-1, *servers])

    def _add_capacities(self) -> None:
        """Loads: without pickups what leaves adds up; with them what is on board is followed."""
        mixed = self.instance.problem.has_pickups
        for dimension, name in enumerate(self.instance.problem.dimensions):
            limits = [view.shift.vehicle.capacity[dimension] for view in self.views]
            if not any(limits):
                continue
            demands = [self._demand(node, dimension, mixed) for node in self.nodes]
            roof = sum(map(abs, demands)) + 1
            capacities = [limit or roof for limit in limits]
            vector = self.routing.RegisterUnaryTransitVector([*demands, *([0] * 2 * len(limits))])
            self.routing.AddDimensionWithVehicleCapacity(
                vector, 0, capacities, not mixed, f"load {name}"
            )

    def _demand(self, node: Node, dimension: int, mixed: bool) -> int:
        task = self.instance.task(node)
        if task.kind is TaskKind.SERVICE:
            return 0
        leaves = mixed and task.kind is TaskKind.DELIVERY
        return -task.loads[dimension] if leaves else task.loads[dimension]

    def _add_pairs(self) -> None:
        """A pickup before its delivery, on one route, and not too long before."""
        ranks, solver = self.instance.problem.rank_of_task, self.routing.solver()
        for node in self.nodes:
            task = self.instance.task(node)
            pickup = (ranks.get(task.pickup_task_id, -1), 0)
            if pickup not in self.rank:
                continue
            first, second = self.index(pickup), self.index(node)
            self.routing.AddPickupAndDelivery(first, second)
            solver.Add(self.routing.VehicleVar(first) == self.routing.VehicleVar(second))
            ride = self.time.CumulVar(second) - self.time.CumulVar(first)
            solver.Add(ride >= 0)
            if task.ride_limit_seconds is not None:
                service = self.instance.option(pickup).service_seconds
                solver.Add(ride <= task.ride_limit_seconds + service)

    def _add_limits(self) -> None:
        """Limits of shifts on span, driving, meters and stops."""
        self._limit("driving", [driving_limit(view) for view in self.views], self._driving_matrix)
        self._limit(
            "meters", [view.shift.distance_limit_meters for view in self.views], self._meters_matrix
        )
        self._limit("stops", [view.shift.stop_limit for view in self.views], self._stops_matrix)
        for view in self.views:
            span = span_limit(view)
            if span is not None and not view.shift.is_under_way:
                self.time.SetSpanUpperBoundForVehicle(max(0, span), view.rank)

    def _limit(self, name: str, limits: list[int], matrix: Callable[[ShiftView], int]) -> None:
        """A dimension with a limit per shift; 0 is none."""
        if any(limits):
            roof = 1 << 40
            transits = [matrix(view) for view in self.views]
            capacities = [limit or roof for limit in limits]
            self.routing.AddDimensionWithVehicleTransitAndCapacity(
                transits, 0, capacities, True, name
            )

    def _driving_matrix(self, view: ShiftView) -> int:
        return self.matrix(
            "driving", view, self._travel_key(view), lambda i, a, j, b: self._seconds(view, a, b)
        )

    def _meters_matrix(self, view: ShiftView) -> int:
        def cell(i: int, here: int, j: int, there: int) -> int:
            return 0 if here < 0 or there < 0 else min(view.meters(here, there), 10**8)

        return self.matrix("meters", view, self._travel_key(view), cell)

    def _stops_matrix(self, view: ShiftView) -> int:
        count = len(self.nodes)

        def cell(i: int, here: int, j: int, there: int) -> int:
            return int(j < count and (here != there or i >= count))

        return self.matrix("stops", view, "stops", cell)

    def _add_penalties(self) -> None:
        """Each task by one of its options at most, or its penalty."""
        penalties = penalty_units(self.instance)
        by_task: dict[int, list[int]] = {}
        for node in self.nodes:
            by_task.setdefault(node[0], []).append(self.index(node))
        for task, indices in by_task.items():
            self.routing.AddDisjunction(indices, penalties[task], 1)

    def _add_frozen_heads(self) -> None:
        """Frozen tasks come first, in their order."""
        ranks = self.instance.problem.rank_of_task
        for view in self.views:
            at = self.routing.Start(view.rank)
            for pin in view.frozen:
                node = (ranks[pin.task_id], 0)
                if node in self.rank:
                    self.routing.NextVar(at).SetValue(self.index(node))
                    at = self.index(node)


def all_nodes(instance: Instance) -> list[Node]:
    """Every option of every task."""
    return [
        (rank, option)
        for rank, task in enumerate(instance.problem.tasks)
        for option in range(len(task.options))
    ]


def union(sets: Sequence[Windows]) -> Windows:
    """What any of several sets of windows covers."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(window for windows in sets for window in windows):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return tuple(merged) or ((0, FOREVER),)


def driving_limit(view: ShiftView) -> int:
    """The least driving left that no break renews; 0 for none."""
    left = [
        max(1, limit.limit_seconds - limit.used_seconds)
        for limit in view.shift.duty_limits
        if limit.clock is DutyClock.DRIVING
        and limit.reset_seconds is None
        and not limit.split_reset_seconds
    ]
    return min(left, default=0)


def span_limit(view: ShiftView) -> int | None:
    """The least span left; None for no limit."""
    left = [
        limit.limit_seconds - limit.used_seconds
        for limit in view.shift.duty_limits
        if limit.clock is DutyClock.SPAN and limit.reset_seconds is None
    ]
    return min(left, default=None)


def penalty_units(instance: Instance) -> list[int]:
    """Penalties by tiers: a task of a tier outweighs all of lower tiers and all routes together."""
    tasks, roof = instance.problem.tasks, 0
    units = [max(1, penalty // MICROS_PER_UNIT) for penalty in instance.penalties]
    tiers = sorted({task.priority for task in tasks})
    for below, tier in pairwise(tiers):
        roof += sum(units[rank] for rank, task in enumerate(tasks) if task.priority == below)
        for rank, task in enumerate(tasks):
            if task.priority == tier:
                units[rank] = min(PENALTY_UNITS_MAX, units[rank] + roof)
    return units
