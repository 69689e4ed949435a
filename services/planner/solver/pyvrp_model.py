"""
An instance in PyVRP's words, exactly: whole numbers, costs times a common scale.

Every option of a task is a client at a location of its own, every pair a shipment, every class of
shifts a vehicle type with matrices of its own where it needs them. What a visit costs whatever its
time lies on the arcs to it, and so does what service takes one class longer than another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd, lcm
from typing import Any

import numpy as np
from pyvrp import Client, ClientGroup, Depot, Location, ProblemData, Shipment, VehicleType

from services.planner.domain.instance import Instance, Node
from services.planner.domain.places import NOWHERE
from services.planner.domain.shift import PERCENT, DutyClock
from services.planner.domain.task import TaskKind
from services.planner.domain.travel import UNREACHABLE
from services.planner.search.view import ShiftView
from services.planner.solver.fleet import members_of

NEVER_SECONDS = 1 << 26  # two years: longer than any shift
METERS_MAX = 10**8
HOUR, KILOMETER = 3_600, 1_000
Matrix = Any  # of int64; PyVRP's own stubs name numpy's arrays in a way of theirs
DepotKey = tuple[str, int, int, int, int]  # what for, where, opening, closing, loading


@dataclass(frozen=True, slots=True)
class Fleet:
    """The classes of shifts: the first of each as a view, and all of its shifts."""

    heads: tuple[ShiftView, ...]
    shifts: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, views: Sequence[ShiftView], classes: tuple[int, ...]) -> Fleet:
        """Those that may drive at all."""
        members = members_of(classes)
        return cls(
            tuple(views[rank] for rank in members), tuple(tuple(own) for own in members.values())
        )


class PyvrpModel:
    """One instance, translated part by part."""

    def __init__(self, instance: Instance, fleet: Fleet, required: frozenset[int]) -> None:
        """`required` are the tasks that must be served; the others may be left out."""
        self.instance, self.fleet, self.required = instance, fleet, required
        self.origin = min(head.ready_second for head in fleet.heads)
        self.horizon = max(head.shift.end_second for head in fleet.heads) - self.origin
        self.scale = scale_of(fleet.heads)
        self.nodes = [node for node in nodes_of(instance) if self.servers(node)]
        self.location = {node: rank for rank, node in enumerate(self.nodes)}
        self.dimensions = limited_dimensions(fleet.heads)
        self.divisors = [self._divisor(dimension) for dimension in self.dimensions]
        self.depots: dict[DepotKey, int] = {}
        self.clients: list[Node] = []
        self.shipments: list[tuple[Node, Node]] = []
        self.groups: list[ClientGroup] = []
        self._profiles: dict[object, int] = {}
        self._distances: list[Matrix] = []
        self._durations: list[Matrix] = []
        self.data = self._made()

    def servers(self, node: Node) -> list[ShiftView]:
        """The heads of the classes that may serve a node."""
        return [head for head in self.fleet.heads if head.refusal(node) is None]

    def _made(self) -> ProblemData:
        clients = self._make_clients()
        shipments = [self._shipment(*pair) for pair in self.shipments]
        ends = [(self._start(head), self._end(head), self._reloads(head)) for head in self.heads]
        types = [self._vehicle_type(rank, *ends[rank]) for rank in range(len(self.heads))]
        count = len(self.nodes)
        depots = [
            Depot(count + rank, opens, closes, loading)
            for rank, (_, _, opens, closes, loading) in enumerate(self.depots)
        ]
        return ProblemData(
            [Location(0, 0) for _ in range(count + len(depots))],
            clients,
            depots,
            types,
            self._distances,
            self._durations,
            self.groups,
            shipments,
        )

    @property
    def heads(self) -> tuple[ShiftView, ...]:
        """The first shift of each class."""
        return self.fleet.heads

    def _make_clients(self) -> list[Client]:
        clients: list[Client] = []
        for rank, task in enumerate(self.instance.problem.tasks):
            nodes = [n for n in options_of(self.instance, rank) if n in self.location]
            if task.pickup_task_id:
                pickup = (self.instance.problem.rank_of_task[task.pickup_task_id], 0)
                if nodes and pickup in self.location:
                    self.shipments.append((pickup, nodes[0]))
            elif not self.instance.problem.deliveries_of_pickup[task.task_id]:
                clients += self._alternatives(nodes, rank)
        return clients

    def _alternatives(self, nodes: list[Node], task: int) -> list[Client]:
        """The clients of one task; of several, one at the most."""
        group = None
        if len(nodes) > 1:
            group = len(self.groups)
            ranks = list(range(len(self.clients), len(self.clients) + len(nodes)))
            self.groups.append(ClientGroup(ranks, required=task in self.required))
        self.clients += nodes
        return [self._client(node, group) for node in nodes]

    def _client(self, node: Node, group: int | None) -> Client:
        task, stay = self.instance.task(node), self.servers(node)[0].stay(node)
        opens, closes = self._moments(stay.windows[0])
        amounts = self._amounts(node)
        is_required = node[0] in self.required and group is None
        return Client(
            self.location[node],
            delivery=amounts if task.kind is TaskKind.DELIVERY else [],
            pickup=amounts if task.kind is TaskKind.PICKUP else [],
            service_duration=self._service(node),
            tw_early=opens,
            tw_late=closes,
            release_time=max(0, stay.release_second - self.origin),
            prize=0 if is_required else self._prize(node[0]),
            required=is_required,
            group=group,
        )

    def _shipment(self, pickup: Node, delivery: Node) -> Shipment:
        first, second = (self.servers(node)[0].stay(node) for node in (pickup, delivery))
        is_required = delivery[0] in self.required
        prize = self._prize(pickup[0]) + self._prize(delivery[0])
        return Shipment(
            self.location[pickup],
            self.location[delivery],
            *self._moments(first.windows[0]),
            self._service(pickup),
            *self._moments(second.windows[0]),
            self._service(delivery),
            self._amounts(pickup),
            0 if is_required else prize,
            is_required,
        )

    def _prize(self, task: int) -> int:
        dropped = self.instance.problem.tasks[task].task_id in self.instance.base_shift_of
        churn = self.instance.problem.churn.drop_cost_micros if dropped else 0
        return (self.instance.penalties[task] + churn) * self.scale

    def _service(self, node: Node) -> int:
        """What service takes whoever is quickest."""
        return min(head.stay(node).service_seconds for head in self.servers(node))

    def _moments(self, window: tuple[int, int]) -> tuple[int, int]:
        first, last = (second - self.origin for second in window)
        return max(0, first), max(0, min(last, self.horizon))

    def _amounts(self, node: Node) -> list[int]:
        loads = self.instance.task(node).loads
        pairs = zip(self.dimensions, self.divisors, strict=True)
        return [loads[dimension] // divisor for dimension, divisor in pairs]

    def _divisor(self, dimension: int) -> int:
        return gcd(*(self.instance.task(node).loads[dimension] for node in self.nodes)) or 1

    def _start(self, head: ShiftView) -> int:
        return self._depot("start", head.start_place, 0, self.horizon, 0)

    def _end(self, head: ShiftView) -> int:
        return self._depot("end", head.end_place, 0, self.horizon, 0)

    def _reloads(self, head: ShiftView) -> list[int]:
        if not head.shift.reload_limit:
            return []
        found = []
        for rank in range(len(head.shift.reloads)):
            stay = head.stay((-1, rank))
            opens, closes = self._moments(stay.windows[0])
            found.append(self._depot("reload", stay.place, opens, closes, stay.service_seconds))
        return found

    def _depot(self, use: str, place: int, opens: int, closes: int, loading: int) -> int:
        key = (use, place, opens, closes, loading)
        return self.depots.setdefault(key, len(self.depots))

    def _vehicle_type(self, rank: int, start: int, end: int, reloads: list[int]) -> VehicleType:
        head, rates = self.heads[rank], self.heads[rank].costs
        nominal, over = durations_of(head)
        limit = head.shift.distance_limit_meters
        is_plain = self.is_plain(head)
        return VehicleType(
            len(self.fleet.shifts[rank]),
            self._capacity(head),
            start,
            end,
            rates.fixed_micros * self.scale,
            head.ready_second - self.origin,
            head.shift.end_second - self.origin,
            nominal,
            limit or METERS_MAX * KILOMETER * self.scale,
            rates.kilometer_micros * self.scale // KILOMETER if is_plain else 1,
            rates.hour_micros * self.scale // HOUR,
            self._profile(head, is_plain),
            reload_depots=reloads,
            max_reloads=head.shift.reload_limit,
            max_overtime=over,
            unit_overtime_cost=rates.overtime_hour_micros * self.scale // HOUR,
        )

    def _capacity(self, head: ShiftView) -> list[int]:
        capacity = []
        for dimension, divisor in zip(self.dimensions, self.divisors, strict=True):
            own = head.shift.vehicle.capacity[dimension]
            roof = sum(self.instance.task(node).loads[dimension] for node in self.nodes)
            capacity.append((own or roof) // divisor)
        return capacity

    def is_plain(self, head: ShiftView) -> bool:
        """Whether the way costs by the meter, and nothing else lies on it."""
        return not head.costs.stop_micros and not any(
            head.stay(node).cost_micros for node in self.nodes if head.refusal(node) is None
        )

    def _profile(self, head: ShiftView, is_plain: bool) -> int:
        columns = Columns.of(self, head)
        rates = None if is_plain else (head.costs.kilometer_micros, head.costs.stop_micros)
        table = self.instance.table_of_shift[head.rank]
        key = (table, head.shift.vehicle.travel_percent, rates, columns)
        if key not in self._profiles:
            self._profiles[key] = len(self._durations)
            maker = MatrixMaker(self, head, columns)
            self._durations.append(maker.durations())
            self._distances.append(maker.meters() if is_plain else maker.micros(self.scale))
        return self._profiles[key]


@dataclass(frozen=True, slots=True)
class Columns:
    """What one class needs per location."""

    places: tuple[int, ...]
    services: tuple[int, ...]
    setups: tuple[int, ...]
    always: tuple[int, ...]
    """Spent whenever the location is come to: unloading at the end."""
    micros: tuple[int, ...]
    is_refused: tuple[bool, ...]

    @classmethod
    def of(cls, model: PyvrpModel, head: ShiftView) -> Columns:
        """Reads nodes, then depots."""
        refused = [head.refusal(node) is not None for node in model.nodes]
        stays = [head.stay(node) for node in model.nodes]
        services = [
            0 if no else stay.service_seconds - model._service(node)
            for node, stay, no in zip(model.nodes, stays, refused, strict=True)
        ]
        uses = [(use, place) for use, place, _, _, _ in model.depots]
        loading, unloading = head.shift.loading_left_seconds, head.shift.unloading_seconds
        none = [0] * len(uses)
        return cls(
            (*(stay.place for stay in stays), *(place for _, place in uses)),
            (*services, *(loading * (use == "start") for use, _ in uses)),
            (*(stay.setup_seconds for stay in stays), *none),
            (*([0] * len(stays)), *(unloading * (use == "end") for use, _ in uses)),
            (*(stay.cost_micros for stay in stays), *none),
            (*refused, *([False] * len(uses))),
        )


class MatrixMaker:
    """The matrices of one class."""

    def __init__(self, model: PyvrpModel, head: ShiftView, columns: Columns) -> None:
        """Looks the ways up."""
        self.head, self.columns = head, columns
        table = model.instance.table(head.rank)
        self.places = np.array(columns.places)
        self.is_open = self.places == NOWHERE
        self.cells = np.ix_(np.maximum(self.places, 0), np.maximum(self.places, 0))
        shape = (table.size, table.size)
        self.table_seconds = np.asarray(table.seconds).reshape(shape)[self.cells].astype(np.int64)
        self.table_meters = np.asarray(table.meters).reshape(shape)[self.cells].astype(np.int64)
        self.is_same = self.places[:, None] == self.places[None, :]
        self.first_depot = len(model.nodes)

    def durations(self) -> Matrix:
        """From the start of service at one location to the start of service at another."""
        own = self.columns
        percent = self.head.shift.vehicle.travel_percent
        is_never = self.table_seconds >= UNREACHABLE
        seconds = -(-self.table_seconds * percent // PERCENT)
        seconds[is_never] = NEVER_SECONDS
        self._stay_put(seconds)
        seconds += np.where(self.is_same, 0, np.array(own.setups)[None, :])
        seconds += np.array(own.services)[:, None] + np.array(own.always)[None, :]
        seconds[:, np.array(own.is_refused)] = NEVER_SECONDS
        np.fill_diagonal(seconds, 0)
        return seconds

    def meters(self) -> Matrix:
        """Lengths of ways."""
        meters = np.minimum(self.table_meters, METERS_MAX)
        self._stay_put(meters)
        return meters

    def micros(self, scale: int) -> Matrix:
        """What the way to a location and the visit there cost."""
        rates = self.head.costs
        micros = self.meters() * (rates.kilometer_micros * scale // KILOMETER)
        micros += np.array(self.columns.micros)[None, :] * scale
        is_stop = ~self.is_same
        is_stop[self.first_depot :] = True
        is_stop[:, self.first_depot :] = False
        micros += np.where(is_stop, rates.stop_micros * scale, 0)
        np.fill_diagonal(micros, 0)
        return micros

    def _stay_put(self, matrix: Matrix) -> None:
        """Nothing within a place, and nothing to or from the open end of a route."""
        matrix[self.is_same] = 0
        matrix[self.is_open, :] = 0
        matrix[:, self.is_open] = 0


def nodes_of(instance: Instance) -> list[Node]:
    """Every option of every task."""
    tasks = range(len(instance.problem.tasks))
    return [node for task in tasks for node in options_of(instance, task)]


def options_of(instance: Instance, task: int) -> list[Node]:
    """Every option of one task."""
    return [(task, option) for option in range(len(instance.problem.tasks[task].options))]


def scale_of(heads: Sequence[ShiftView]) -> int:
    """What costs are multiplied by, so that a second and a meter cost a whole number."""
    parts = [1]
    for head in heads:
        parts.append(KILOMETER // gcd(head.costs.kilometer_micros, KILOMETER))
        parts.append(HOUR // gcd(head.costs.hour_micros, HOUR))
        parts.append(HOUR // gcd(head.costs.overtime_hour_micros, HOUR))
    return lcm(*parts)


def limited_dimensions(heads: Sequence[ShiftView]) -> list[int]:
    """The dimensions in which any class has a limit."""
    return sorted({dimension for head in heads for dimension, _ in head.limited})


def durations_of(head: ShiftView) -> tuple[int, int]:
    """How long a route may last, and how much longer at the price of overtime."""
    left = [
        limit.limit_seconds - limit.used_seconds
        for limit in head.shift.duty_limits
        if limit.clock is not DutyClock.DRIVING
    ]
    whole = max(0, min([head.shift.end_second - head.ready_second, *left]))
    after = head.costs.overtime_after_seconds
    if after is None or after >= whole:
        return whole, 0
    return after, whole - after
