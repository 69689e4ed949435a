"""
Solomon's format, also used by Gehring and Homberger: vehicles, then one customer per line.

Distances are cut to tenths, as the 12th DIMACS challenge counts them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from services.planner.formats.lines import Line, table
from services.planner.formats.sheet import TENTHS, Carrier, Sheet, euclidean

COLUMNS = 7  # number, x, y, demand, ready, due, service


def is_solomon(lines: Sequence[Line]) -> bool:
    """Whether the second line announces vehicles."""
    return len(lines) > 2 and lines[1].text.upper() == "VEHICLE"


def read_solomon(lines: Sequence[Line]) -> Sheet:
    """What the file says."""
    if len(lines) < 7:
        raise lines[-1].fault("the file ends before its first customer")
    vehicles = lines[3].whole()
    if len(vehicles) != 2 or min(vehicles) <= 0:
        raise lines[3].fault("the number of vehicles and their capacity are expected")
    rows = np.array(list(table(lines[6:], COLUMNS)))
    opening, closing, services = (tenths(rows[:, column]) for column in (4, 5, 6))
    for line, first, last in zip(lines[6:], opening, closing, strict=True):
        if last < first:
            raise line.fault("the window ends before it starts")
    return Sheet(
        name=lines[0].text,
        kind=f"vrptw-{max(100, round(len(rows), -2))}",
        scale=TENTHS,
        positions=rows[:, 1:3],
        distances=euclidean(rows[:, 1:3], TENTHS),
        carriers=(Carrier(vehicles[1]),) * vehicles[0],
        deliveries=tuple(int(amount) for amount in rows[:, 3]),
        services=services,
        windows=tuple(zip(opening, closing, strict=True)),
    )


def tenths(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[int, ...]:
    """Times in the units of distances."""
    return tuple(int(value) for value in TENTHS.whole(values))
