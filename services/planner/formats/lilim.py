"""
Li and Lim's format of pickups and deliveries: one line for the fleet, then one per node.

Fewest vehicles come first and distance second, so every vehicle has a fixed cost that no saving of
distance outweighs. Distances are rounded to thousandths.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.planner.formats.lines import Line, table
from services.planner.formats.sheet import THOUSANDTHS, Carrier, Sheet, Whole, euclidean

COLUMNS = 9  # number, x, y, demand, ready, due, service, pickup before, delivery after


def is_lilim(lines: Sequence[Line]) -> bool:
    """Whether the first line has three numbers and the second nine."""
    return (
        len(lines) > 1
        and len(lines[0].words) == 3
        and len(lines[1].words) == COLUMNS
        and lines[0].words[0].isdigit()
    )


def read_lilim(lines: Sequence[Line]) -> Sheet:
    """What the file says."""
    vehicles, capacity, _ = lines[0].whole()
    rows = np.array(list(table(lines[1:], COLUMNS)))
    pairs = tuple(pairs_of(lines[1:], rows))
    demand = [int(amount) for amount in rows[:, 3]]
    opening, closing, services = (
        tuple(int(value) for value in THOUSANDTHS.whole(rows[:, column])) for column in (4, 5, 6)
    )
    distances = euclidean(rows[:, 1:3], THOUSANDTHS)
    first = vehicle_cost(distances)
    return Sheet(
        name=lines[0].path.stem,
        kind="pdptw",
        scale=THOUSANDTHS,
        positions=rows[:, 1:3],
        distances=distances,
        carriers=(Carrier(capacity, fixed_cost=first),) * vehicles,
        deliveries=tuple(max(0, -amount) for amount in demand),
        pickups=tuple(max(0, amount) for amount in demand),
        services=services,
        windows=tuple(zip(opening, closing, strict=True)),
        pairs=pairs,
        vehicle_cost=first,
    )


def vehicle_cost(distances: Whole) -> int:
    """What a vehicle costs: as much as serving every node from the depot by itself."""
    return int(distances[0].sum() + distances[:, 0].sum())


def pairs_of(
    lines: Sequence[Line], rows: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> list[tuple[int, int]]:
    """Each pickup with its delivery; both must name one another."""
    found = []
    for line, row in zip(lines[1:], rows[1:], strict=True):
        own, before, after = int(row[0]), int(row[7]), int(row[8])
        other = before or after
        if bool(before) == bool(after) or not 0 < other < len(rows):
            raise line.fault("either the pickup before it or the delivery after it is expected")
        if int(rows[other][8 if before else 7]) != own:
            raise line.fault(f"node {other} does not name {own} as its other end")
        if after:
            found.append((own, after))
    return found
