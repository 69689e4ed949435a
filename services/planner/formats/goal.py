"""How good a plan of a file is: its cost as people state it, and how far over the best known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from services.planner.formats.build import Reading
from services.planner.formats.solutions import best_known

DIGITS_MAX = 3  # after the point


@dataclass(frozen=True, slots=True)
class Goal:
    """The best known value; `vehicle_cost` where fewest vehicles come before distance."""

    cost: int
    vehicle_cost: int = 0

    def gap(self, cost: int) -> float:
        """
        Percent over the best known value.

        Where vehicles come first: percent of vehicles plus percent of distance, so that equal
        vehicles leave the gap in distance.
        """
        if not self.vehicle_cost:
            return 100 * (cost - self.cost) / self.cost
        vehicles, distance = divmod(cost, self.vehicle_cost)
        best_vehicles, best_distance = divmod(self.cost, self.vehicle_cost)
        more = 100 * (vehicles - best_vehicles) / best_vehicles
        return more + 100 * (distance - best_distance) / best_distance


def goal(reading: Reading, path: Path) -> Goal | None:
    """What the best known plan costs; None where nobody says."""
    best = best_known(reading, path)
    return None if best is None else Goal(best.cost_micros, reading.sheet.vehicle_cost)


def figure(reading: Reading, cost_micros: int) -> str:
    """A cost in the file's units, and the vehicles apart where they come first."""
    if not reading.sheet.vehicle_cost:
        return amount(reading, cost_micros)
    vehicles, rest = divmod(cost_micros, reading.sheet.vehicle_cost)
    return f"{vehicles} {'vehicle' if vehicles == 1 else 'vehicles'}, {amount(reading, rest)}"


def amount(reading: Reading, cost_micros: int) -> str:
    """A cost in the file's units, that of a first vehicle left out where vehicles come first."""
    unit = reading.sheet.unit_micros
    digits = min(DIGITS_MAX, len(str(unit)) - 1)
    first = reading.sheet.vehicle_cost
    return f"{(cost_micros % first if first else cost_micros) / unit:.{digits}f}"
