"""Who is charged with what in a carbon case: consignments by mass and distance, or by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.compliance.domain.footprint import Allocation, Co2e
from services.compliance.domain.ledger import Load, allocated
from tests.cases.carbon_words import MILLIGRAMS, Words
from tests.cases.outcome import NotUnderstood

LISTS = (
    "consignments",
    "shipments",
    "deliveries",
    "parcels_list",
    "customers",
    "loads",
    "senders",
    "shippers",
    "items",
    "parcels",
)
MASS = ("mass_kg", "kg", "mass", "m_kg", "weight_kg")
DISTANCE = ("sfd_km", "km", "distance_km", "sfd", "gcd_km")
COUNT = ("items", "parcels", "n", "count", "item_count", "pieces")
NAMES = ("id", "name", "consignment", "customer")
METHODS = {
    "mass_distance": Allocation.MASS_DISTANCE,
    "mass.distance": Allocation.MASS_DISTANCE,
    "tkm": Allocation.MASS_DISTANCE,
    "mass": Allocation.MASS_DISTANCE,
    "item": Allocation.ITEM,
    "items": Allocation.ITEM,
    "parcels": Allocation.ITEM,
}


def rows_of(given: Words) -> list[tuple[str, Any]]:
    """The consignments with their names; none when the case is not about sharing."""
    for name in LISTS:
        held = given.inherit(name).get(name)
        if isinstance(held, Mapping):
            return list(given.take(name).items())
        if isinstance(held, list):
            given.take(name)
            return [_named(rank, row) for rank, row in enumerate(held)]
    return []


def shares(
    whole: Co2e, rows: Sequence[tuple[str, Any]], meters: int, method: str | None
) -> dict[str, float]:
    """Kilograms per consignment."""
    loads = [_load(name, row) for name, row in rows]
    allocation = _allocation(loads, method)
    found = allocated(whole, loads, meters, allocation)
    return {share.delivery_id: share.co2e.wtw_milligrams / MILLIGRAMS for share in found}


def tonne_kilometers(rows: Sequence[tuple[str, Any]], kilometers: float) -> float:
    """The transport activity of all of them."""
    loads = [_load(name, row) for name, row in rows]
    own = [(load.mass_grams, load.shortest_distance_meters or kilometers * 1_000) for load in loads]
    return sum(mass / 1e6 * meters / 1e3 for mass, meters in own)


def told(found: Mapping[str, float]) -> Iterator[tuple[str, Any]]:
    """The shares by the names that cases may expect."""
    for whole in ("shares", "allocated", "allocations", "split", "per_consignment"):
        yield whole, dict(found)
    yield "sum", sum(found.values())
    for rank, (name, kilograms) in enumerate(found.items(), 1):
        for form in ("{}", "c{}", "share_{}", "e_{}"):
            yield form.format(rank), kilograms
        for form in ("{}", "share_{}", "{}_share", "e_{}"):
            yield form.format(name), kilograms
            yield form.format(name.lower()), kilograms


def _allocation(loads: Sequence[Load], method: str | None) -> Allocation:
    if method is not None:
        if method.lower() not in METHODS:
            raise NotUnderstood(f"allocation {method!r}")
        return METHODS[method.lower()]
    return Allocation.MASS_DISTANCE if any(load.mass_grams for load in loads) else Allocation.ITEM


def _named(rank: int, row: Any) -> tuple[str, Any]:
    names = [str(row[name]) for name in NAMES if name in row] if isinstance(row, Mapping) else []
    return (names[0] if names else chr(ord("A") + rank)), row


def _load(name: str, row: Any) -> Load:
    if isinstance(row, int):
        return Load(name, item_count=row)
    if isinstance(row, list | tuple):
        row = dict(zip(("kg", "km"), row, strict=True))
    if not isinstance(row, Mapping):
        raise NotUnderstood(f"a consignment {row!r}")
    given = Words({key: value for key, value in row.items() if key not in NAMES})
    mass, distance = given.number(*MASS), given.number(*DISTANCE)
    count = given.number(*COUNT)
    given.done()
    if mass is None and count is None:
        raise NotUnderstood(f"a consignment with {', '.join(row)}")
    return Load(name, "", round((mass or 0) * 1e3), round((distance or 0) * 1e3), round(count or 0))
