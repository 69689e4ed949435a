"""
VRPLIB's format with the fields that PyVRP adds to it: scalars, then sections of numbered rows.

How distances are rounded goes with the TYPE, as its published costs were counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from services.planner.formats.fleet import carriers_of
from services.planner.formats.lines import BadFile, Line
from services.planner.formats.sheet import (
    ROUND,
    TENTHS,
    THOUSANDTHS,
    Scale,
    Sheet,
    Span,
    Whole,
    euclidean,
)
from services.planner.formats.weights import explicit_weights

SCALAR = re.compile(r"^([A-Z_]+)\s*:\s*(.*)$")
SECTION = re.compile(r"^([A-Z_]+)_SECTION\s*:?$")
# As PyVRP's collection of instances counts each class (github.com/PyVRP/Instances).
SCALES = {
    "CVRP": ROUND,
    "GVRP": ROUND,
    "VRPB": ROUND,
    "VRPTW": TENTHS,
    "MTVRPTWR": TENTHS,
    "PCVRPTW": TENTHS,
    "HFVRP": THOUSANDTHS,
    "MDVRPTW": THOUSANDTHS,
    "SDVRPTW": THOUSANDTHS,
    "PDPTW": THOUSANDTHS,
}
# Rates of the heterogeneous class are stated in hundredths of what its costs are published in.
COST_FACTORS = {"HFVRP": 100 * THOUSANDTHS.factor}
SCALARS = {
    "NAME", "COMMENT", "TYPE", "DIMENSION", "EDGE_WEIGHT_TYPE", "EDGE_WEIGHT_FORMAT", "VEHICLES",
    "NODE_COORD_TYPE", "DISPLAY_DATA_TYPE", "CAPACITY", "SERVICE_TIME", "VEHICLES_MAX_DURATION",
    "VEHICLES_MAX_DISTANCE", "VEHICLES_MAX_RELOADS", "VEHICLES_FIXED_COST",
    "VEHICLES_UNIT_DISTANCE_COST", "VEHICLES_RELOAD_DEPOT", "RELEASE_TIME",
}  # fmt: skip
SECTIONS = {
    "NODE_COORD", "DEMAND", "LINEHAUL", "BACKHAUL", "DEPOT", "SERVICE_TIME", "TIME_WINDOW",
    "RELEASE_TIME", "PRIZE", "EDGE_WEIGHT", "CAPACITY", "MUTUALLY_EXCLUSIVE_GROUP",
    "VEHICLES_DEPOT", "VEHICLES_FIXED_COST", "VEHICLES_UNIT_DISTANCE_COST", "VEHICLES_MAX_DURATION",
    "VEHICLES_MAX_DISTANCE", "VEHICLES_MAX_RELOADS", "VEHICLES_RELOAD_DEPOT",
    "VEHICLES_ALLOWED_CLIENTS",
}  # fmt: skip


def is_vrplib(lines: Sequence[Line]) -> bool:
    """Whether the first line is a scalar."""
    return SCALAR.match(lines[0].text) is not None


class Fields:
    """The scalars and sections of a file, each with the lines that hold it."""

    def __init__(self, lines: Sequence[Line]) -> None:
        """Cuts the file into its fields."""
        self.path = lines[0].path
        self.scalars: dict[str, Line] = {}
        self.sections: dict[str, list[Line]] = {}
        rows: list[Line] | None = None
        for line in lines:
            if line.text == "EOF":
                break
            if section := SECTION.match(line.text):
                rows = self.sections.setdefault(known(line, section[1], SECTIONS), [])
            elif scalar := SCALAR.match(line.text):
                self.scalars[known(line, scalar[1], SCALARS)] = line
                rows = None
            elif rows is None:
                raise line.fault(f"KEY : VALUE or a section is expected, not {line.text!r}")
            else:
                rows.append(line)

    def text(self, name: str, default: str = "") -> str:
        """The value of a scalar."""
        line = self.scalars.get(name)
        return line.text.split(":", 1)[1].strip().strip('"') if line else default

    def number(self, name: str) -> float | None:
        """The value of a scalar that is a number."""
        line = self.scalars.get(name)
        if line is None:
            return None
        try:
            return float(self.text(name))
        except ValueError:
            raise line.fault(f"{name} is a number") from None

    def size(self, name: str) -> int:
        """The value of a scalar that counts something and must be there."""
        number = self.number(name)
        if number is None:
            raise BadFile(self.path, 0, f"{name} is missing")
        if number < 1 or number != int(number):
            raise self.scalars[name].fault(f"{name} is a whole number above 0")
        return int(number)

    def rows(self, name: str, count: int, columns: int = 0) -> list[list[float]]:
        """The rows of a section, one per number from 1 to `count`, without that number."""
        lines = self.sections[name]
        if len(lines) != count:
            raise (lines[-1] if lines else self.end).fault(
                f"{name}_SECTION has {len(lines)} rows, {count} are expected"
            )
        found = []
        for rank, line in enumerate(lines, 1):
            number, *values = line.numbers(columns + 1 if columns else 0)
            if number != rank:
                raise line.fault(f"the row of number {rank} is expected, not {line.words[0]}")
            found.append(values)
        return found

    @property
    def end(self) -> Line:
        """Some line to blame for what is missing."""
        return next(iter(self.scalars.values()))

    def column(self, name: str, count: int, default: float = 0) -> list[float]:
        """One value each: from the section, or the same for all from the scalar, or the default."""
        if name in self.sections:
            return [row[0] for row in self.rows(name, count, 1)]
        number = self.number(name)
        return [default if number is None else number] * count


def known(line: Line, name: str, names: set[str]) -> str:
    """A field's name; what is not understood would change the problem, so it is refused."""
    if name not in names:
        raise line.fault(f"{name} is not understood; remove it, or use {', '.join(sorted(names))}")
    return name


def read_vrplib(lines: Sequence[Line]) -> Sheet:
    """What the file says."""
    fields = Fields(lines)
    kind = fields.text("TYPE", "CVRP").upper()
    scale, size = scale_of(fields, kind), fields.size("DIMENSION")
    depots = depot_count(fields, size)
    whole = scaled_by(scale)
    positions = positions_of(fields, size)
    demand = "DEMAND" if "DEMAND" in fields.sections else "LINEHAUL"
    services = whole(fields.column("SERVICE_TIME", size))
    sheet = Sheet(
        name=fields.text("NAME", fields.path.stem),
        kind=kind.lower(),
        scale=scale,
        positions=positions,
        distances=distances_of(fields, size, scale, positions),
        carriers=(),
        depots=depots,
        deliveries=amounts(fields.column(demand, size)),
        pickups=amounts(fields.column("BACKHAUL", size)) if "BACKHAUL" in fields.sections else (),
        services=(0,) * depots + services[depots:],
        windows=windows_of(fields, size, whole),
        releases=whole(fields.column("RELEASE_TIME", size)),
        prizes=whole(fields.column("PRIZE", size)),
        groups=tuple(groups_of(fields)),
        backhauls_last=kind == "VRPB",
        cost_factor=COST_FACTORS.get(kind, 1),
    )
    sheet.carriers = carriers_of(fields, sheet)
    refuse_mixed(fields, sheet)
    return sheet


def scale_of(fields: Fields, kind: str) -> Scale:
    """How the class is counted; explicit ways are taken as they are."""
    if fields.text("EDGE_WEIGHT_TYPE") == "EXPLICIT":
        return ROUND
    return SCALES.get(kind, ROUND)


def depot_count(fields: Fields, size: int) -> int:
    """The depots must be the first locations."""
    lines = [line for line in fields.sections.get("DEPOT", ()) if line.words[0] != "-1"]
    for rank, line in enumerate(lines, 1):
        if line.whole() != [rank]:
            raise line.fault(f"depots come first: location {rank} is expected")
    if len(lines) >= size:
        raise lines[-1].fault("no customer is left beside the depots")
    return len(lines) or 1


def positions_of(fields: Fields, size: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Coordinates; on a line where there are none, so that routes can be drawn."""
    if "NODE_COORD" in fields.sections:
        return np.array(fields.rows("NODE_COORD", size, 2))
    return np.column_stack([np.arange(size, dtype=np.float64), np.zeros(size)])


def distances_of(
    fields: Fields,
    size: int,
    scale: Scale,
    positions: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> Whole:
    """Straight lines between coordinates, or the ways that the file lists."""
    way = fields.text("EDGE_WEIGHT_TYPE", "EUC_2D")
    if way == "EXPLICIT":
        return scale.whole(explicit_weights(fields.sections, fields.end, way_format(fields), size))
    if way != "EUC_2D":
        raise fields.scalars["EDGE_WEIGHT_TYPE"].fault("EUC_2D or EXPLICIT is expected")
    if "NODE_COORD" not in fields.sections:
        raise BadFile(fields.path, 0, "NODE_COORD_SECTION is missing")
    return euclidean(positions, scale)


def way_format(fields: Fields) -> str:
    """How explicit ways are laid out."""
    return fields.text("EDGE_WEIGHT_FORMAT", "FULL_MATRIX")


def windows_of(
    fields: Fields, size: int, whole: Callable[[Sequence[float]], tuple[int, ...]]
) -> tuple[Span, ...]:
    """When service may start, both ends inclusive."""
    if "TIME_WINDOW" not in fields.sections:
        return ()
    rows = fields.rows("TIME_WINDOW", size, 2)
    for line, (first, last) in zip(fields.sections["TIME_WINDOW"], rows, strict=True):
        if last < first:
            raise line.fault("the window ends before it starts")
    opening, closing = (whole([row[side] for row in rows]) for side in (0, 1))
    return tuple(zip(opening, closing, strict=True))


def groups_of(fields: Fields) -> Iterator[tuple[int, ...]]:
    """Customers of which one is served, by location."""
    for line in fields.sections.get("MUTUALLY_EXCLUSIVE_GROUP", ()):
        yield tuple(number - 1 for number in line.whole()[1:])


def scaled_by(scale: Scale) -> Callable[[Sequence[float]], tuple[int, ...]]:
    """Times and prizes in the units of distances."""
    return lambda values: tuple(int(value) for value in scale.whole(np.array(values)))


def amounts(values: Sequence[float]) -> tuple[int, ...]:
    """Goods are counted as they are."""
    return tuple(int(value) for value in values)


def refuse_mixed(fields: Fields, sheet: Sheet) -> None:
    """Members of a group carry the same, and nobody both gets and gives."""
    for line, group in zip(
        fields.sections.get("MUTUALLY_EXCLUSIVE_GROUP", ()), sheet.groups, strict=True
    ):
        if any(not sheet.depots <= member < sheet.size for member in group):
            raise line.fault("a group names customers")
        if len({sheet.deliveries[member] for member in group}) > 1:
            raise line.fault("the customers of a group have different demands")
    for line, give, take in zip(
        fields.sections.get("BACKHAUL", ()), sheet.deliveries, sheet.pickups, strict=False
    ):
        if give and take:
            raise line.fault("a customer has a demand and a backhaul; make two of it")
