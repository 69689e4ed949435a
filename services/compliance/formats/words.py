"""What reports say in words."""

from __future__ import annotations

from collections.abc import Iterator

from services.compliance.domain.footprint import Allocation, DataQuality, Method
from services.compliance.domain.ledger import Dimension
from services.compliance.domain.statement import SCOPE, STANDARD, Statement
from services.compliance.formats.figures import moment

METHODS = {
    Method.METERED_ENERGY: "metered energy x electricity factor",
    Method.METERED_FUEL: "metered fuel x fuel factor",
    Method.STATED_CONSUMPTION: "distance x the vehicle's stated consumption x factor",
    Method.MODELED_ENERGY: "a model of the vehicle's energy x electricity factor",
    Method.DISTANCE_FACTOR: "distance x factor of the vehicle's class",
    Method.NO_MOTOR: "no motor",
    Method.IDLING_RATE: "time at standstill x fuel rate of the class x fuel factor",
}
QUALITIES = {
    DataQuality.PRIMARY: "primary",
    DataQuality.MODELED: "modeled",
    DataQuality.DEFAULT: "default",
}
ALLOCATIONS = {
    Allocation.MASS_DISTANCE: "by mass times distance (shortest feasible or great-circle)",
    Allocation.ITEM: "by item",
}
DIMENSIONS = {
    Dimension.ROUTE: "route",
    Dimension.STOP: "stop",
    Dimension.DELIVERY: "delivery",
    Dimension.VEHICLE: "vehicle",
    Dimension.CARRIER: "carrier",
    Dimension.MONTH: "month (UTC)",
    Dimension.HUB: "hub",
}


def dimension(statement: Statement) -> str:
    """By what the table is grouped."""
    return DIMENSIONS[statement.order.dimension]


def period(statement: Statement) -> str:
    """From when to when, the end left out."""
    order = statement.order
    return f"{moment(order.start)} to {moment(order.end)}"


def subtitle(statement: Statement) -> str:
    """Of whom, when, by what."""
    return f"{statement.tenant}, {period(statement)}, by {dimension(statement)}"


def method(statement: Statement) -> Iterator[str]:
    """How it was counted, for whoever checks it."""
    yield (
        f"Method: {STANDARD}; boundary {SCOPE}. Carbon dioxide equivalent (CO2e), as the factor"
        " sets state it."
    )
    shared = " and ".join(ALLOCATIONS[one] for one in statement.allocations) or "not"
    yield (
        f"Allocation to deliveries: {shared}. Empty legs and returns are shared over everything"
        " that their route has carried; a failed attempt is charged to its delivery; what no"
        " delivery can be charged with stands as unallocated. Hubs are counted where they were"
        " told."
    )
    yield (
        "Each leg was found by the best data at hand: metered energy or fuel (primary), then the"
        " vehicle's own consumption or a model of it (modeled), then the factor of its class"
        " (default). A factor of another country is default, whatever the rest."
    )
    yield (
        "The end of a leg places it in the period, its own time an attempt. Records that were"
        " replaced by a correction do not count. The ledger is kept in whole milligrams, in which"
        " parts add up to their whole exactly; here every figure is rounded by itself, kilograms"
        " to the gram. This report was made by software and not verified by a third party."
    )
