"""
OR-Tools routing with guided local search over registered matrices: the regression oracle.

It has no notion of reloads with release times; such problems are reported as not modelled.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from services.planner.formats.build import FORBIDDEN_METERS, Reading, backhaul_ways
from services.planner.formats.sheet import Sheet, Whole
from services.planner.search.kernel import Sequences
from tests.benchmarks.engines import NotModelled
from tests.benchmarks.trace import Trace

WALL_TIMES = 5  # a shared core gives at least a fifth of the time on the clock
SECONDS_MAX = 1 << 40
MANDATORY_TIMES = 100  # the longest way


def solve(reading: Reading, seconds: float, seed: int, trace: Trace) -> Sequences | None:
    """Searches until the processor time is spent."""
    sheet = reading.sheet
    if any(carrier.reload_depots for carrier in sheet.carriers):
        raise NotModelled("reloads")
    model = Model(sheet)
    model.routing.solver().ReSeed(seed)
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    strategies = routing_enums_pb2.FirstSolutionStrategy
    parameters.first_solution_strategy = strategies.PARALLEL_CHEAPEST_INSERTION
    heuristics = routing_enums_pb2.LocalSearchMetaheuristic
    parameters.local_search_metaheuristic = heuristics.GUIDED_LOCAL_SEARCH
    parameters.time_limit.FromMilliseconds(int(seconds * 1_000 * WALL_TIMES))

    def at_solution() -> None:
        trace.tell(model.routing.CostVar().Value())
        if trace.seconds >= seconds:
            model.routing.solver().FinishCurrentSearch()

    model.routing.AddAtSolutionCallback(at_solution)
    trace.start()
    found = model.routing.SolveWithParameters(parameters)
    return sequences_of(reading, model, found) if found else None


class Model:
    """A sheet as a routing model."""

    def __init__(self, sheet: Sheet) -> None:
        """Registers everything as matrices and vectors; nothing is asked of Python later."""
        depots = [carrier.depot for carrier in sheet.carriers]
        self.sheet = sheet
        self.manager = pywrapcp.RoutingIndexManager(sheet.size, len(depots), depots, depots)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.costs()
        self.loads()
        self.times()
        self.choices()
        self.pairs()

    def costs(self) -> None:
        """Distance times rate, and a price per vehicle used."""
        ways = self.sheet.distances.copy()
        if self.sheet.backhauls_last:
            ways[backhaul_ways(self.sheet)] = FORBIDDEN_METERS
        rates = {carrier.unit_cost for carrier in self.sheet.carriers}
        transit = {rate: self.matrix(ways * rate) for rate in rates}
        for rank, carrier in enumerate(self.sheet.carriers):
            self.routing.SetArcCostEvaluatorOfVehicle(transit[carrier.unit_cost], rank)
            self.routing.SetFixedCostOfVehicle(carrier.fixed_cost, rank)
        limits = [carrier.distance_limit for carrier in self.sheet.carriers]
        if any(limits):
            lengths = [limit or SECONDS_MAX for limit in limits]
            transits = [self.matrix(ways)] * len(limits)
            self.routing.AddDimensionWithVehicleTransitAndCapacity(
                transits, 0, lengths, True, "length"
            )

    def loads(self) -> None:
        """Room on board: deliveries that start at the depot and pickups that end there."""
        room = [carrier.capacity or SECONDS_MAX for carrier in self.sheet.carriers]
        paired = {location for pair in self.sheet.pairs for location in pair}
        for name, amounts in (("out", self.sheet.deliveries), ("back", self.sheet.pickups)):
            own = [0 if place in paired else amount for place, amount in enumerate(amounts)]
            if any(own):
                self.vector(own, room, name)
        if self.sheet.pairs:
            moves = [0] * self.sheet.size
            for pickup, delivery in self.sheet.pairs:
                moves[pickup] = self.sheet.pickups[pickup]
                moves[delivery] = -moves[pickup]
            self.vector(moves, room, "aboard")

    def times(self) -> None:
        """Windows and the longest duration, service included in the way that follows it."""
        sheet = self.sheet
        if not sheet.windows and not any(carrier.duration_limit for carrier in sheet.carriers):
            return
        ways = sheet.distances if sheet.durations is None else sheet.durations
        services = np.array(sheet.services or [0] * sheet.size)
        transit, name = self.matrix(ways + services[:, None]), "time"
        self.routing.AddDimension(transit, SECONDS_MAX, SECONDS_MAX, False, name)
        clock = self.routing.GetDimensionOrDie(name)
        for rank, carrier in enumerate(sheet.carriers):
            if sheet.windows:
                for index in (self.routing.Start(rank), self.routing.End(rank)):
                    clock.CumulVar(index).SetRange(*sheet.windows[carrier.depot])
            if carrier.duration_limit:
                clock.SetSpanUpperBoundForVehicle(carrier.duration_limit, rank)
        for location in sheet.customers if sheet.windows else ():
            clock.CumulVar(self.manager.NodeToIndex(location)).SetRange(*sheet.windows[location])

    def choices(self) -> None:
        """What may be left out at a price, what excludes one another, who may serve whom."""
        sheet = self.sheet
        grouped = {member for group in sheet.groups for member in group}
        penalty = MANDATORY_TIMES * int(sheet.distances.max())
        penalty *= max(carrier.unit_cost for carrier in sheet.carriers)
        penalty += max(carrier.fixed_cost for carrier in sheet.carriers)
        singles = ((location,) for location in sheet.customers if location not in grouped)
        for members in (*sheet.groups, *singles):
            price = (sheet.prizes[members[0]] if sheet.prizes else 0) or penalty
            indices = [self.manager.NodeToIndex(member) for member in members]
            self.routing.AddDisjunction(indices, price)
        for location in sheet.customers:
            able = [
                rank
                for rank, carrier in enumerate(sheet.carriers)
                if carrier.allowed is None or location in carrier.allowed
            ]
            if len(able) < len(sheet.carriers):
                index = self.manager.NodeToIndex(location)
                self.routing.VehicleVar(index).SetValues([-1, *able])

    def pairs(self) -> None:
        """A pickup comes before its delivery, on the same vehicle."""
        if not self.sheet.pairs:
            return
        clock, solver = self.routing.GetDimensionOrDie("time"), self.routing.solver()
        for pickup, delivery in self.sheet.pairs:
            first, second = self.manager.NodeToIndex(pickup), self.manager.NodeToIndex(delivery)
            self.routing.AddPickupAndDelivery(first, second)
            solver.Add(self.routing.VehicleVar(first) == self.routing.VehicleVar(second))
            solver.Add(clock.CumulVar(first) <= clock.CumulVar(second))

    def matrix(self, values: Whole) -> int:
        """Registers a value per way."""
        return int(self.routing.RegisterTransitMatrix(values.tolist()))

    def vector(self, values: list[int], room: list[int], name: str) -> None:
        """Registers a value per location that adds up on the way."""
        transit = self.routing.RegisterUnaryTransitVector(values)
        self.routing.AddDimensionWithVehicleCapacity(transit, 0, room, True, name)


def sequences_of(reading: Reading, model: Model, found: Any) -> Sequences:
    """Its routes as ours."""
    routing, sequences = model.routing, []
    for shift in range(len(reading.sheet.carriers)):
        path = [routing.Start(shift)]
        while not routing.IsEnd(path[-1]):
            path.append(found.Value(routing.NextVar(path[-1])))
        locations = [model.manager.IndexToNode(index) for index, _ in pairwise(path)][1:]
        nodes = (reading.node(location, shift) for location in locations)
        sequences.append(tuple(node for node in nodes if node is not None))
    return tuple(sequences)
