"""
The carbon ledger: what each leg emitted, and which delivery is charged with it.

Pure integers. Shares go by mass times distance (ISO 14083 for collection and delivery rounds) and
add up to their leg exactly. A failed attempt is aboard like a good one, so it is charged to its
delivery; an empty leg is shared over everything the route has carried.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.compliance.domain.amounts import rounded, shared
from services.compliance.domain.faults import check
from services.compliance.domain.footprint import (
    NOTHING,
    Basis,
    Co2e,
    Effort,
    Footprint,
    Setting,
    footprint,
)
from services.compliance.domain.vehicle import Vehicle

UNALLOCATED = "unallocated"  # the key of legs whose route has carried nothing
OWN_FLEET = "own"  # the key of legs without a carrier
GRAMS_PER_KILOGRAM = 1_000


@dataclass(frozen=True, slots=True)
class Load:
    """What one delivery weighs on a leg, and how far it has to go at least (0: not known)."""

    delivery_id: str
    task_id: str = ""
    mass_grams: int = 0
    shortest_distance_meters: int = 0


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
            self.distance_meters, self.mass_grams, self.energy_watt_hours, self.fuel_milliliters
        )


@dataclass(frozen=True, slots=True)
class Share:
    """What one delivery is charged with."""

    delivery_id: str
    task_id: str
    mass_grams: int
    co2e: Co2e


@dataclass(frozen=True, slots=True)
class Entry:
    """One leg with its emissions and shares: a record, or an estimate of one."""

    leg: Leg
    footprint: Footprint
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class EmissionRecord:
    """An entry in the ledger; a correction is another one that names what it replaces."""

    emission_record_id: str
    entry: Entry
    record_time: datetime
    replaced_record_id: str = ""


def entry(leg: Leg, carried: Sequence[Load], setting: Setting) -> Entry:
    """The emissions of a leg; an empty one is shared over what the route has carried."""
    found = footprint(leg.vehicle, leg.effort, setting)
    loads = leg.loads or tuple(carried)
    return Entry(leg, found, allocated(found.co2e, loads, leg.distance_meters))


def estimates(legs: Sequence[Leg], settings: Sequence[Setting]) -> list[Entry]:
    """The entries of legs known together: empty ones share over the whole of their route."""
    return [
        entry(leg, carried(other for other in legs if other.route_id == leg.route_id), setting)
        for leg, setting in zip(legs, settings, strict=True)
    ]


def carried(legs: Iterable[Leg]) -> tuple[Load, ...]:
    """Every delivery of some legs once, with its largest mass."""
    loads: dict[tuple[str, str], Load] = {}
    for load in (load for leg in legs for load in leg.loads):
        known = loads.setdefault((load.delivery_id, load.task_id), load)
        if load.mass_grams > known.mass_grams:
            loads[load.delivery_id, load.task_id] = load
    return tuple(loads.values())


def allocated(co2e: Co2e, loads: Sequence[Load], distance_meters: int) -> tuple[Share, ...]:
    """The shares by mass times distance; stage by stage they add up exactly."""
    weights = [weight(load, distance_meters) for load in loads]
    stages = zip(
        loads,
        shared(co2e.wtt_milligrams, weights),
        shared(co2e.ttw_milligrams, weights),
        strict=True,
    )
    return tuple(
        Share(load.delivery_id, load.task_id, load.mass_grams, Co2e(wtt, ttw))
        for load, wtt, ttw in stages
    )


def weight(load: Load, distance_meters: int) -> int:
    """Mass times distance; nothing travels for free, so both are at least one unit."""
    return max(load.mass_grams, 1) * max(load.shortest_distance_meters or distance_meters, 1)


class Dimension(StrEnum):
    """By what a report is grouped."""

    ROUTE = "ROUTE"
    STOP = "STOP"
    DELIVERY = "DELIVERY"
    VEHICLE = "VEHICLE"
    CARRIER = "CARRIER"
    MONTH = "MONTH"


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
