"""Published solutions and best known values, in the units of our costs."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from services.planner.domain.instance import Node
from services.planner.formats.build import Reading
from services.planner.formats.lines import BadFile, lines_of

ROUTE = re.compile(r"^Route\s*#\d+\s*:(.*)$", re.IGNORECASE)
COST = re.compile(r"^Cost\s*:?\s*([\d.]+)\s*$", re.IGNORECASE)
DIMACS = "BKS_dimacs.json"
LILIM = "BKS.json"


@dataclass(frozen=True, slots=True)
class Published:
    """A solution as somebody published it: locations in order, and the cost."""

    routes: tuple[tuple[int, ...], ...]
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Best:
    """The best known value; `vehicles` where fewest vehicles come first."""

    cost_micros: int
    vehicles: int | None = None


def read_solution(path: Path) -> Published:
    """A `.sol` file."""
    routes, cost = [], None
    for line in lines_of(path):
        if route := ROUTE.match(line.text):
            if not re.fullmatch(r"[\d\s]*", route[1]):
                raise line.fault("numbers of locations are expected")
            routes.append(tuple(int(word) for word in route[1].split()))
        elif stated := COST.match(line.text):
            cost = Decimal(stated[1])
    if cost is None:
        raise BadFile(path, 0, "no line states the cost")
    return Published(tuple(routes), cost)


def sequences(reading: Reading, published: Published) -> tuple[tuple[Node, ...], ...]:
    """A published solution as sequences, one per shift; raises ValueError where it does not fit."""
    shifts = len(reading.instance.problem.shifts)
    if sum(map(bool, published.routes)) > shifts:
        raise ValueError(f"{len(published.routes)} routes for {shifts} vehicles")
    routes = published.routes if len(published.routes) <= shifts else used(published)
    found = [nodes(reading, route, shift) for shift, route in enumerate(routes)]
    return tuple(found) + ((),) * (shifts - len(found))


def used(published: Published) -> tuple[tuple[int, ...], ...]:
    """Only routes that serve somebody."""
    return tuple(route for route in published.routes if route)


def nodes(reading: Reading, route: tuple[int, ...], shift: int) -> tuple[Node, ...]:
    """The nodes of a route."""
    found = []
    for location in route:
        node = reading.node(location, shift)
        if node is None:
            raise ValueError(f"location {location} is neither a customer nor a place to reload")
        found.append(node)
    return tuple(found)


def micros(reading: Reading, published: Decimal) -> int:
    """A published cost in our units; one with a fraction is in those of the file's distances."""
    factor = reading.sheet.cost_factor
    if factor == 1 and published != published.to_integral_value():
        factor = reading.sheet.scale.factor
    return int((published * factor).to_integral_value(ROUND_HALF_UP))


def best_known(reading: Reading, path: Path) -> Best | None:
    """From the `.sol` beside a file, or the list in its folder; None where neither knows it."""
    solution = path.with_suffix(".sol")
    if solution.exists():
        return Best(micros(reading, read_solution(solution).cost))
    for name, reader in ((DIMACS, dimacs), (LILIM, lilim)):
        found = path.parent / name
        if found.exists():
            entry = entries(found).get(path.stem) or entries(found).get(reading.name)
            return reader(reading, entry) if entry else None
    return None


def entries(path: Path) -> dict[str, Any]:
    """A list of best known values."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise BadFile(path, error.lineno, f"no JSON: {error.msg}") from None
    if not isinstance(found, dict):
        raise BadFile(path, 0, "an object with one entry per instance is expected")
    return found


def dimacs(reading: Reading, entry: dict[str, Any]) -> Best:
    """The smaller of the values that the challenge and CVRPLIB state."""
    costs = [value for value in entry.values() if type(value) in (int, float)]
    return Best(round(min(costs) * reading.sheet.scale.factor))


def lilim(reading: Reading, entry: dict[str, Any]) -> Best:
    """Fewest vehicles first, then distance."""
    vehicles = int(entry["solved_with_vehicles"])
    distance = round(entry["best_known_cost"] * reading.sheet.scale.factor)
    return Best(vehicles * reading.sheet.carriers[0].fixed_cost + distance, vehicles)
