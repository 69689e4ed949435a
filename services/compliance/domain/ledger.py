"""
The carbon ledger: what each leg emitted, and which delivery is charged with it.

Pure integers. Shares go by mass times distance (ISO 14083 for collection and delivery rounds) or by
item (as parcel networks do) and add up to their leg exactly. A failed attempt is aboard like a good
one, so it is charged to its delivery; an empty leg is shared over everything the route has carried.
What a depot takes is shared over what went through it, where mass alone counts, as nothing travels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.compliance.domain.amounts import rounded, shared
from services.compliance.domain.faults import check
from services.compliance.domain.footprint import (
    NOTHING,
    Allocation,
    Basis,
    Co2e,
    Effort,
    Footprint,
    Setting,
    footprint,
    grid_footprint,
)
from services.compliance.domain.vehicle import Vehicle

UNALLOCATED = "unallocated"  # the key of legs whose route has carried nothing
OWN_FLEET = "own"  # the key of legs without a carrier
ROAD = "road"  # the key of legs in a report by hub
HUBS = "hubs"  # the key of hubs in a report by route, stop or vehicle
GRAMS_PER_KILOGRAM = 1_000
SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Load:
    """What one delivery weighs on a leg, and how far it has to go at least (0: not known)."""

    delivery_id: str
    task_id: str = ""
    mass_grams: int = 0
    shortest_distance_meters: int = 0
    item_count: int = 0  # 0: not counted, thus one
    great_circle: bool = False  # that distance: ISO 14083 allows it beside the one by road


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg as it was told."""

    leg_id: str
    vehicle: Vehicle
    start: datetime
    end: datetime
    distance_meters: int
    route_id: str = ""
    stop_id: str = ""
    carrier_id: str = ""
    country_code: str = ""
    energy_watt_hours: int | None = None
    fuel_milliliters: int | None = None
    loads: tuple[Load, ...] = ()
    empty: bool = False  # nothing aboard: `loads` then say for whom it was driven

    def __post_init__(self) -> None:
        check(self.start <= self.end, "a leg ends after it starts", "INTERVAL_INVALID")
        check(self.distance_meters >= 0, "a distance is not negative")

    @property
    def mass_grams(self) -> int:
        """What was aboard."""
        return 0 if self.empty else sum(load.mass_grams for load in self.loads)

    @property
    def effort(self) -> Effort:
        """What it took."""
        return Effort(
            self.distance_meters,
            self.mass_grams,
            self.energy_watt_hours,
            self.fuel_milliliters,
            (self.end - self.start) // SECOND,
        )


@dataclass(frozen=True, slots=True)
class HubOperation:
    """What a depot or hub took from the grid for what went through it in a period."""

    hub_operation_id: str
    hub_id: str
    start: datetime
    end: datetime
    grid_watt_hours: int
    country_code: str = ""
    loads: tuple[Load, ...] = ()

    def __post_init__(self) -> None:
        check(self.start <= self.end, "a period ends after it starts", "INTERVAL_INVALID")
        check(self.grid_watt_hours >= 0, "energy is not negative")


@dataclass(frozen=True, slots=True)
class Share:
    """What one delivery is charged with; the weights it was charged by stand beside."""

    delivery_id: str
    task_id: str
    mass_grams: int
    co2e: Co2e
    item_count: int = 0
    shortest_distance_meters: int = 0
    great_circle: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A leg, or the work of a hub, with its emissions and shares: a record, or an estimate."""

    leg: Leg | None
    footprint: Footprint
    shares: tuple[Share, ...]
    hub_operation: HubOperation | None = None

    def __post_init__(self) -> None:
        check((self.leg is None) != (self.hub_operation is None), "about a leg or about a hub")

    @property
    def subject(self) -> Leg | HubOperation:
        """What emitted."""
        subject = self.leg or self.hub_operation
        if subject is None:
            raise TypeError("an entry is about something")
        return subject


@dataclass(frozen=True, slots=True)
class EmissionRecord:
    """An entry in the ledger; a correction is another one that names what it replaces."""

    emission_record_id: str
    entry: Entry
    record_time: datetime
    replaced_record_id: str = ""


def counted_at(subject: Leg | HubOperation) -> datetime:
    """The moment by which periods count it: a leg's end, the last instant of a hub's period."""
    if isinstance(subject, Leg) or subject.start == subject.end:
        return subject.end
    return subject.end - INSTANT


def subject_id(subject: Leg | HubOperation) -> str:
    """The caller's id, which has one record that counts."""
    return subject.leg_id if isinstance(subject, Leg) else subject.hub_operation_id


def entry(
    leg: Leg,
    carried: Sequence[Load],
    setting: Setting,
    allocation: Allocation = Allocation.MASS_DISTANCE,
) -> Entry:
    """The emissions of a leg; an empty one is shared over what the route has carried."""
    loads = leg.loads or tuple(carried)
    by_distance = allocation is Allocation.MASS_DISTANCE and len(loads) > 1
    assumed = tuple(_stand_ins(loads)) if by_distance else ()
    made = _by(allocation, footprint(leg.vehicle, leg.effort, setting), *assumed)
    return Entry(leg, made, allocated(made.co2e, loads, leg.distance_meters, allocation))


def hub_entry(
    operation: HubOperation, setting: Setting, allocation: Allocation = Allocation.MASS_DISTANCE
) -> Entry:
    """What a hub emitted, shared over what went through it."""
    made = _by(allocation, grid_footprint(operation.grid_watt_hours, setting))
    standing = [replace(load, shortest_distance_meters=0) for load in operation.loads]
    shares = allocated(made.co2e, standing, 0, allocation)
    return Entry(None, made, shares, operation)


def _by(allocation: Allocation, made: Footprint, *assumed: str) -> Footprint:
    told = (*made.basis.assumptions, *assumed)
    return replace(made, basis=replace(made.basis, allocation=allocation, assumptions=told))


def _stand_ins(loads: Sequence[Load]) -> Iterator[str]:
    """What stood in for the shortest feasible distances of loads that share by them."""
    known = [load for load in loads if load.shortest_distance_meters]
    if not known:
        yield "shared by mass alone, as no shortest distance is known"
    elif len(known) < len(loads):
        yield "the leg's own distance counts where no shortest one is known"
    if any(load.great_circle for load in known):
        yield "shared by great-circle distances, which ISO 14083 allows beside the shortest by road"


def estimates(
    legs: Sequence[Leg],
    settings: Sequence[Setting],
    allocation: Allocation = Allocation.MASS_DISTANCE,
) -> list[Entry]:
    """The entries of legs known together: empty ones share over the whole of their route."""
    aboard = {
        route_id: carried(leg for leg in legs if leg.route_id == route_id)
        for route_id in {leg.route_id for leg in legs if leg.route_id and not leg.loads}
    }
    return [
        entry(leg, aboard.get(leg.route_id, ()), setting, allocation)
        for leg, setting in zip(legs, settings, strict=True)
    ]


def carried(legs: Iterable[Leg]) -> tuple[Load, ...]:
    """Every delivery of some legs once, as it weighed most; as heavy, as it went furthest."""
    loads: dict[tuple[str, str], Load] = {}
    for load in (load for leg in legs for load in leg.loads):
        known = loads.setdefault((load.delivery_id, load.task_id), load)
        if _burden(load) > _burden(known):
            loads[load.delivery_id, load.task_id] = load
    return tuple(loads.values())


def _burden(load: Load) -> tuple[int, int, int]:
    return load.mass_grams, load.shortest_distance_meters, load.item_count


def allocated(
    co2e: Co2e,
    loads: Sequence[Load],
    distance_meters: int,
    allocation: Allocation = Allocation.MASS_DISTANCE,
) -> tuple[Share, ...]:
    """The shares by mass and distance, or by item; stage by stage they add up exactly."""
    by_item = allocation is Allocation.ITEM
    weights = [items(load) if by_item else weight(load, distance_meters) for load in loads]
    stages = zip(
        loads,
        shared(co2e.wtt_milligrams, weights),
        shared(co2e.ttw_milligrams, weights),
        strict=True,
    )
    return tuple(_share(load, Co2e(wtt, ttw)) for load, wtt, ttw in stages)


def _share(load: Load, co2e: Co2e) -> Share:
    return Share(
        load.delivery_id,
        load.task_id,
        load.mass_grams,
        co2e,
        load.item_count,
        load.shortest_distance_meters,
        load.great_circle,
    )


def weight(load: Load, distance_meters: int) -> int:
    """Mass times distance; nothing travels for free, so both are at least one unit."""
    return max(load.mass_grams, 1) * max(load.shortest_distance_meters or distance_meters, 1)


def items(load: Load) -> int:
    """How many parcels count; a delivery is at least one."""
    return max(load.item_count, 1)


class Dimension(StrEnum):
    """By what a report is grouped."""

    ROUTE = "ROUTE"
    STOP = "STOP"
    DELIVERY = "DELIVERY"
    VEHICLE = "VEHICLE"
    CARRIER = "CARRIER"
    MONTH = "MONTH"
    HUB = "HUB"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended: facts of tracking, kept for the report's denominators."""

    task_id: str
    delivery_id: str
    route_id: str
    stop_id: str
    vehicle_id: str
    carrier_id: str
    succeeded: bool
    mass_grams: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ReportRow:
    """The emissions of one group, with what was achieved for them."""

    key: str
    co2e: Co2e = NOTHING
    distance_meters: int = 0
    empty_distance_meters: int = 0
    delivered_mass_grams: int = 0
    delivered_count: int = 0
    failed_attempt_count: int = 0
    primary_milligrams: int = 0

    @property
    def milligrams_per_drop(self) -> int:
        """Per successful delivery; 0 without any."""
        return _per(self.co2e.wtw_milligrams, self.delivered_count)

    @property
    def milligrams_per_kilogram(self) -> int:
        """Per kilogram delivered; 0 without any."""
        return _per(self.co2e.wtw_milligrams * GRAMS_PER_KILOGRAM, self.delivered_mass_grams)

    @property
    def primary_permille(self) -> int:
        """The share of emissions that rests on primary data."""
        return _per(self.primary_milligrams * 1_000, self.co2e.wtw_milligrams)


@dataclass(frozen=True, slots=True)
class Report:
    """One page of rows, the sum over all, and how the numbers were found."""

    rows: tuple[ReportRow, ...]
    total: ReportRow
    bases: tuple[Basis, ...]

    @property
    def notices(self) -> tuple[str, ...]:
        """What a reader must know."""
        told = [
            f"Factors of {basis.factor_set_id} were made for another country: data quality DEFAULT."
            for basis in self.bases
            if basis.country_mismatch
        ]
        assumed = [assumption for basis in self.bases for assumption in basis.assumptions]
        return tuple(dict.fromkeys((*told, *(f"Assumed: {text}." for text in assumed))))


def _per(amount: int, count: int) -> int:
    return rounded(amount, count) if count else 0
