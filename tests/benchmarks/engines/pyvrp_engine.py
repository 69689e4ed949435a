"""
PyVRP alone: its own algorithm with its own defaults, on the same numbers.

The data are built as its own reader of VRPLIB files does, so that it meets what it is used to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyvrp
from pyvrp.constants import MAX_SIZE

from services.planner.formats.build import Reading
from services.planner.formats.sheet import Carrier, Sheet, Whole
from services.planner.search.kernel import Sequences
from tests.benchmarks.trace import Trace

FORBIDDEN = 1 << 34  # times its penalties and hundreds of legs it fits 64 bits; 1 << 44, which its
# reader takes, does not: on sdvrptw PR11A, seed 1, its first local search then never ends
FOREVER = int(np.iinfo(np.int64).max)
Kind = tuple[Carrier, list[int]]


class UntilSpent:
    """Stops when the processor time is spent, and notes incumbents on the way."""

    def __init__(self, seconds: float, trace: Trace) -> None:
        """Both are counted from the trace's start."""
        self.seconds, self.trace = seconds, trace

    def __call__(self, best_cost: float) -> bool:
        """Asked once per iteration; what is not feasible costs more than any plan."""
        if best_cost < FORBIDDEN:
            self.trace.tell(int(best_cost))
        return self.trace.seconds >= self.seconds


def solve(reading: Reading, seconds: float, seed: int, trace: Trace) -> Sequences | None:
    """Runs it; None where it found nothing feasible."""
    sheet = reading.sheet
    kinds = list(kinds_of(sheet))
    data = data_of(sheet, kinds)
    trace.start()
    best = pyvrp.solve(data, UntilSpent(seconds, trace), seed, collect_stats=False).best
    return sequences_of(reading, data, kinds, best) if best.is_feasible() else None


def kinds_of(sheet: Sheet) -> Iterator[Kind]:
    """Equal vehicles together, with their numbers."""
    kinds: dict[Carrier, list[int]] = {}
    for rank, carrier in enumerate(sheet.carriers):
        kinds.setdefault(carrier, []).append(rank)
    yield from kinds.items()


def data_of(sheet: Sheet, kinds: Iterable[Kind]) -> pyvrp.ProblemData:
    """The problem as PyVRP holds it."""
    profiles = list(dict.fromkeys(carrier.allowed for carrier in sheet.carriers))
    paired = {location for pair in sheet.pairs for location in pair}
    customers = [location for location in sheet.customers if location not in paired]
    groups = [[customers.index(member) for member in group] for group in sheet.groups]
    group_of = {member: rank for rank, group in enumerate(groups) for member in group}
    return pyvrp.ProblemData(
        locations=[pyvrp.Location(float(x), float(y)) for x, y in sheet.positions],
        clients=[
            client(sheet, location, group_of.get(rank)) for rank, location in enumerate(customers)
        ],
        depots=[pyvrp.Depot(location) for location in range(sheet.depots)],
        vehicle_types=[
            vehicle_type(sheet, carrier, ranks, profiles.index(carrier.allowed))
            for carrier, ranks in kinds
        ],
        distance_matrices=[matrix(sheet, sheet.distances, allowed) for allowed in profiles],
        duration_matrices=[
            matrix(sheet, sheet.distances if sheet.durations is None else sheet.durations, allowed)
            for allowed in profiles
        ],
        groups=[pyvrp.ClientGroup(group) for group in groups],
        shipments=[shipment(sheet, *pair) for pair in sheet.pairs],
    )


def client(sheet: Sheet, location: int, group: int | None) -> pyvrp.Client:
    """One customer."""
    first, last = sheet.windows[location] if sheet.windows else (0, FOREVER)
    prize = sheet.prizes[location] if sheet.prizes else 0
    return pyvrp.Client(
        location,
        delivery=[goods(sheet, sheet.deliveries, location)],
        pickup=[goods(sheet, sheet.pickups, location)],
        service_duration=sheet.services[location] if sheet.services else 0,
        tw_early=first,
        tw_late=last,
        release_time=sheet.releases[location] if sheet.releases else 0,
        prize=prize,
        required=not prize and group is None,
        group=group,
    )


def goods(sheet: Sheet, amounts: tuple[int, ...], location: int) -> int:
    """Scaled like everything else, as its reader does: its penalties weigh them against ways."""
    return amounts[location] * sheet.scale.factor if amounts else 0


def shipment(sheet: Sheet, pickup: int, delivery: int) -> pyvrp.Shipment:
    """One pickup with its delivery."""
    return pyvrp.Shipment(
        pickup,
        delivery,
        *sheet.windows[pickup],
        sheet.services[pickup],
        *sheet.windows[delivery],
        sheet.services[delivery],
        amount=[goods(sheet, sheet.pickups, pickup)],
    )


def vehicle_type(
    sheet: Sheet, carrier: Carrier, ranks: list[int], profile: int
) -> pyvrp.VehicleType:
    """Equal vehicles; the depot's opening is theirs."""
    first, last = sheet.windows[carrier.depot] if sheet.windows else (0, FOREVER)
    return pyvrp.VehicleType(
        num_available=len(ranks),
        capacity=[carrier.capacity * sheet.scale.factor or FOREVER],
        start_depot=carrier.depot,
        end_depot=carrier.depot,
        fixed_cost=carrier.fixed_cost,
        tw_early=first,
        tw_late=last,
        shift_duration=carrier.duration_limit or FOREVER,
        max_distance=carrier.distance_limit or FOREVER,
        unit_distance_cost=carrier.unit_cost,
        profile=profile,
        reload_depots=list(carrier.reload_depots),
        max_reloads=carrier.reload_limit if carrier.reload_depots else MAX_SIZE,
    )


def matrix(sheet: Sheet, ways: Whole, allowed: frozenset[int] | None) -> Any:
    """Ways, with those out of reach that a vehicle may not drive."""
    found = ways.copy()
    if sheet.backhauls_last:
        linehaul, backhaul = np.array(sheet.deliveries) > 0, np.array(sheet.pickups) > 0
        found[0, backhaul] = FORBIDDEN
        found[np.ix_(backhaul, linehaul)] = FORBIDDEN
    if allowed is not None:
        closed = np.ones(sheet.size, dtype=bool)
        closed[: sheet.depots] = False
        closed[list(allowed)] = False
        found[:, closed] = found[closed, :] = FORBIDDEN
        np.fill_diagonal(found, 0)
    return found


def sequences_of(
    reading: Reading, data: pyvrp.ProblemData, kinds: list[Kind], best: pyvrp.Solution
) -> Sequences:
    """Its routes as ours, each by a free vehicle of its kind."""
    free = [list(ranks) for _, ranks in kinds]
    found: list[tuple[tuple[int, int], ...]] = [()] * len(reading.sheet.carriers)
    for route in best.routes():
        shift = free[route.vehicle_type()].pop(0)
        nodes = (reading.node(location, shift) for location in locations_of(data, route))
        found[shift] = tuple(node for node in nodes if node is not None)
    return tuple(found)


def locations_of(data: pyvrp.ProblemData, route: pyvrp.Route) -> Iterator[int]:
    """Where a route goes between its start and its end."""
    for activity in list(route)[1:-1]:
        if activity.is_depot():
            yield data.depot(activity.idx).location
        elif activity.is_client():
            yield data.client(activity.idx).location
        else:
            own = data.shipment(activity.idx)
            yield (own.pickup if activity.is_pickup() else own.delivery).location
