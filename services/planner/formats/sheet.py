"""
What a file says, in whole numbers, one value per location; depots come first.

Readers fill it, `build` makes an instance of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Scale:
    """How published figures become whole numbers."""

    name: str
    factor: int
    """How many units of ours one of the file's is."""
    cut: bool = False
    """Distances lose their fraction instead of being rounded."""

    def whole(self, values: NDArray[np.float64] | float) -> Whole:
        """Scaled and rounded."""
        scaled = np.asarray(values, dtype=np.float64) * self.factor
        return (np.trunc(scaled) if self.cut else np.rint(scaled)).astype(np.int64)


ROUND = Scale("rounded", 1)
TENTHS = Scale("cut to tenths", 10, cut=True)  # 12th DIMACS challenge (2022), VRPTW rules
THOUSANDTHS = Scale("rounded to thousandths", 1_000)


@dataclass(frozen=True, slots=True)
class Carrier:
    """One vehicle."""

    capacity: int = 0
    """0: no limit."""
    depot: int = 0
    fixed_cost: int = 0
    unit_cost: int = 1
    duration_limit: int = 0
    distance_limit: int = 0
    reload_depots: tuple[int, ...] = ()
    reload_limit: int = 0
    allowed: frozenset[int] | None = None
    """The customers it may serve; None: all."""


@dataclass(slots=True)
class Sheet:
    """A whole file. Empty tuples: nothing is said about it."""

    name: str
    kind: str
    scale: Scale
    positions: NDArray[np.float64]
    distances: Whole
    carriers: tuple[Carrier, ...]
    depots: int = 1
    deliveries: tuple[int, ...] = ()
    pickups: tuple[int, ...] = ()
    services: tuple[int, ...] = ()
    windows: tuple[Span, ...] = ()
    releases: tuple[int, ...] = ()
    prizes: tuple[int, ...] = ()
    """0: must be served."""
    groups: tuple[tuple[int, ...], ...] = ()
    """Of each one member is served."""
    pairs: tuple[Span, ...] = ()
    """Pickup and delivery."""
    backhauls_last: bool = False
    """Pickups come after all deliveries, and no route is without a delivery."""
    cost_factor: int = 1
    """How many micros one unit of a cost is that a `.sol` states."""
    vehicle_cost: int = 0
    """What each vehicle costs where fewest vehicles come first; else 0."""
    durations: Whole | None = None
    """How long ways take; None: as their distance says."""
    on_globe: bool = False
    """Positions are longitudes and latitudes."""

    @property
    def unit_micros(self) -> int:
        """How many micros one unit is in which people state costs of the file."""
        return self.cost_factor if self.cost_factor > 1 else self.scale.factor

    @property
    def size(self) -> int:
        """How many locations there are."""
        return len(self.distances)

    @property
    def customers(self) -> range:
        """All locations but the depots."""
        return range(self.depots, self.size)


def euclidean(positions: NDArray[np.float64], scale: Scale) -> Whole:
    """Straight lines."""
    x, y = positions[:, 0], positions[:, 1]
    return scale.whole(np.sqrt((x[:, None] - x[None]) ** 2 + (y[:, None] - y[None]) ** 2))
