"""
Transport chains: through which vehicles and hubs each delivery went, and what each of them emitted.

Pure integers. An element is the carriage of one delivery on one route, or its way through one hub
(ISO 14083:2023: transport chain element, TCE). Elements of alike vehicles belong to one category
(TOC), those of a hub to another (HOC), whose intensity counts empty legs in. Together, the elements
and what could not be allocated are the ledger exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.compliance.domain.footprint import NOTHING, Co2e
from services.compliance.domain.ledger import EmissionRecord, HubOperation, Leg, Share

UNKNOWN = "unknown"


class DistanceBasis(StrEnum):
    """Which distance an element has, as ISO 14083 tells them apart."""

    SHORTEST = "SHORTEST"  # the shortest feasible one
    GREAT_CIRCLE = "GREAT_CIRCLE"
    ACTUAL = "ACTUAL"  # the one that was driven


@dataclass(frozen=True, slots=True)
class Category:
    """Operations that are alike: of vehicles of one kind and fuel, or of one hub."""

    category_id: str
    hub_id: str = ""  # "": it is of vehicles
    vehicle_category: str = ""
    fuel: str = ""
    country_code: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """One delivery on one route, or through one hub."""

    element_id: str
    previous_id: str  # "": it is the first of its delivery
    delivery_id: str
    category: Category
    mass_grams: int
    distance_meters: int
    basis: DistanceBasis
    co2e: Co2e
    start: datetime
    end: datetime

    @property
    def gram_meters(self) -> int:
        """Transport activity; a hub moves nothing."""
        return self.mass_grams * self.distance_meters


@dataclass(frozen=True, slots=True)
class Operations:
    """All that a category did, empty legs included."""

    category: Category
    co2e: Co2e
    distance_meters: int
    empty_distance_meters: int
    gram_meters: int
    mass_grams: int


@dataclass(frozen=True, slots=True)
class Chains:
    """The elements in the order of deliveries and times, their categories, and the rest."""

    elements: tuple[Element, ...] = ()
    operations: tuple[Operations, ...] = ()
    unallocated: Co2e = NOTHING


@dataclass(slots=True)
class _Link:
    """An element in the making."""

    start: datetime
    end: datetime
    mass_grams: int = 0
    shortest_meters: int = 0
    driven_meters: int = 0
    great_circle: bool = False
    co2e: Co2e = NOTHING


@dataclass(slots=True)
class _Work:
    """What a category did, so far."""

    co2e: Co2e = NOTHING
    distance_meters: int = 0
    empty_distance_meters: int = 0


@dataclass(slots=True)
class ChainSums:
    """Takes records in any order, one by one, since all of a period do not fit in memory."""

    links: dict[tuple[str, Category, str], _Link] = field(default_factory=dict)
    works: dict[Category, _Work] = field(default_factory=dict)
    unallocated: Co2e = NOTHING

    def add(self, record: EmissionRecord) -> None:
        """Takes a record in."""
        entry = record.entry
        category, ride = category_of(entry.subject), ride_of(entry.subject)
        work = self.works.setdefault(category, _Work())
        work.co2e += entry.footprint.co2e
        if entry.leg is not None:
            work.distance_meters += entry.leg.distance_meters
            work.empty_distance_meters += entry.leg.distance_meters * is_empty(entry.leg)
        if not entry.shares:
            self.unallocated += entry.footprint.co2e
        for share in entry.shares:
            self._share(category, ride, share, entry.subject)

    def _share(
        self, category: Category, ride: str, share: Share, subject: Leg | HubOperation
    ) -> None:
        key = share.delivery_id, category, ride
        link = self.links.setdefault(key, _Link(subject.start, subject.end))
        link.start, link.end = min(link.start, subject.start), max(link.end, subject.end)
        link.mass_grams = max(link.mass_grams, share.mass_grams)
        link.shortest_meters = max(link.shortest_meters, share.shortest_distance_meters)
        link.great_circle |= share.great_circle
        link.co2e += share.co2e
        if isinstance(subject, Leg) and not is_empty(subject):
            link.driven_meters += subject.distance_meters

    def chains(self) -> Chains:
        """What was taken in."""
        elements = tuple(_linked(self.links))
        return Chains(elements, tuple(_operations(self.works, elements)), self.unallocated)


def category_of(subject: Leg | HubOperation) -> Category:
    """With which others it is alike."""
    if isinstance(subject, HubOperation):
        return Category(subject.hub_id, hub_id=subject.hub_id, country_code=subject.country_code)
    vehicle = subject.vehicle
    kind = vehicle.category.value.lower() if vehicle.category else UNKNOWN
    fuel = vehicle.fuel.value.lower() if vehicle.fuel else UNKNOWN
    country = subject.country_code
    named = "-".join(part for part in ("road", kind, fuel, country.lower()) if part)
    return Category(named.replace("_", "-"), "", kind, fuel, country)


def ride_of(subject: Leg | HubOperation) -> str:
    """What tells two rides of one delivery apart."""
    return (subject.route_id or subject.leg_id) if isinstance(subject, Leg) else ""


def is_empty(leg: Leg) -> bool:
    """Whether nothing was aboard."""
    return leg.empty or not leg.loads


def _linked(links: dict[tuple[str, Category, str], _Link]) -> list[Element]:
    """The elements, numbered through for each delivery in the order of time."""
    made: list[Element] = []

    def place(key: tuple[str, Category, str]) -> tuple[str, datetime, datetime, str, str]:
        link = links[key]
        return key[0], link.start, link.end, key[1].category_id, key[2]

    for key in sorted(links, key=place):
        delivery_id, category, _ = key
        before = made[-1] if made and made[-1].delivery_id == delivery_id else None
        number = int(before.element_id.rpartition(".")[2]) + 1 if before else 1
        named = f"{delivery_id}.{number}", before.element_id if before else ""
        made.append(_element(*named, delivery_id, category, links[key]))
    return made


def _element(
    element_id: str, previous_id: str, delivery_id: str, category: Category, link: _Link
) -> Element:
    return Element(
        element_id,
        previous_id,
        delivery_id,
        category,
        link.mass_grams,
        0 if category.hub_id else link.shortest_meters or link.driven_meters,
        _basis(category, link),
        link.co2e,
        link.start,
        link.end,
    )


def _basis(category: Category, link: _Link) -> DistanceBasis:
    if category.hub_id or not link.shortest_meters:
        return DistanceBasis.ACTUAL
    return DistanceBasis.GREAT_CIRCLE if link.great_circle else DistanceBasis.SHORTEST


def _operations(works: dict[Category, _Work], elements: tuple[Element, ...]) -> list[Operations]:
    moved: dict[Category, tuple[int, int]] = {}
    for element in elements:
        activity, mass = moved.get(element.category, (0, 0))
        moved[element.category] = activity + element.gram_meters, mass + element.mass_grams
    order = sorted(works, key=lambda category: (bool(category.hub_id), category.category_id))
    return [
        Operations(
            category,
            works[category].co2e,
            works[category].distance_meters,
            works[category].empty_distance_meters,
            *moved.get(category, (0, 0)),
        )
        for category in order
    ]
