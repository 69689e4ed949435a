"""The vehicles of a VRPLIB file: their number, and what each one has, may and costs."""

from __future__ import annotations

from typing import Protocol

from services.planner.formats.lines import Line
from services.planner.formats.sheet import Carrier, Sheet

RELOADS_UNLIMITED = 1_000


class Columns(Protocol):
    """Where the values come from."""

    sections: dict[str, list[Line]]
    scalars: dict[str, Line]

    def size(self, name: str) -> int:
        """A scalar that counts something."""

    def rows(self, name: str, count: int, columns: int = 0) -> list[list[float]]:
        """The rows of a section."""

    def column(self, name: str, count: int, default: float = 0) -> list[float]:
        """One value for each."""


def carriers_of(fields: Columns, sheet: Sheet) -> tuple[Carrier, ...]:
    """One vehicle per number; as many as could be needed where the file does not say."""
    count = fields.size("VEHICLES") if "VEHICLES" in fields.scalars else enough(fields, sheet)
    scale = sheet.scale.factor
    capacity = fields.column("CAPACITY", count)
    depot = fields.column("VEHICLES_DEPOT", count, 1)
    fixed = fields.column("VEHICLES_FIXED_COST", count)
    rate = fields.column("VEHICLES_UNIT_DISTANCE_COST", count, 1)
    duration = fields.column("VEHICLES_MAX_DURATION", count)
    distance = fields.column("VEHICLES_MAX_DISTANCE", count)
    reloads = reload_depots(fields, count)
    most = fields.column("VEHICLES_MAX_RELOADS", count, RELOADS_UNLIMITED)
    allowed = allowed_customers(fields, count)
    return tuple(
        Carrier(
            capacity=int(capacity[rank]),
            depot=int(depot[rank]) - 1,
            fixed_cost=round(fixed[rank] * scale),
            unit_cost=int(rate[rank]),
            duration_limit=round(duration[rank] * scale),
            distance_limit=round(distance[rank] * scale),
            reload_depots=reloads[rank],
            reload_limit=min(int(most[rank]), len(sheet.customers)) if reloads[rank] else 0,
            allowed=allowed[rank],
        )
        for rank in range(count)
    )


def enough(fields: Columns, sheet: Sheet) -> int:
    """
    Vehicles that never are too few: two routes that fit one vehicle are no better than one, so at
    most twice as many as the goods fill; one per delivery where pickups come last.
    """
    customers = len(sheet.customers)
    if sheet.backhauls_last:
        return sum(1 for amount in sheet.deliveries if amount)
    if "CAPACITY" not in fields.scalars or sheet.pickups or sheet.windows:
        return customers
    room = fields.column("CAPACITY", 1)[0]
    return min(customers, 2 * -(-sum(sheet.deliveries) // max(1, int(room))))


def reload_depots(fields: Columns, count: int) -> list[tuple[int, ...]]:
    """Where each vehicle may reload."""
    if "VEHICLES_RELOAD_DEPOT" in fields.sections:
        rows = fields.rows("VEHICLES_RELOAD_DEPOT", count)
        return [tuple(int(depot) - 1 for depot in row) for row in rows]
    if "VEHICLES_RELOAD_DEPOT" in fields.scalars:
        return [(int(fields.column("VEHICLES_RELOAD_DEPOT", 1)[0]) - 1,)] * count
    return [()] * count


def allowed_customers(fields: Columns, count: int) -> list[frozenset[int] | None]:
    """Which customers each vehicle may serve."""
    if "VEHICLES_ALLOWED_CLIENTS" not in fields.sections:
        return [None] * count
    rows = fields.rows("VEHICLES_ALLOWED_CLIENTS", count)
    return [frozenset(int(customer) - 1 for customer in row) for row in rows]
