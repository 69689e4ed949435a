"""
Swaps: what another vehicle would have saved on past routes, zone by zone.

Pure integers. A vehicle is swapped for a whole route, so a route counts whole for each zone that
its way touches. What a replacement can do is stated below, with its source or as an assumption.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from meshkit.errors import NotReady
from services.compliance.domain.charges import ChargeTotal, totals
from services.compliance.domain.checking import check_routes
from services.compliance.domain.finding import Answer, Decision, Finding
from services.compliance.domain.footprint import NOTHING, Co2e, Effort, Setting, footprint
from services.compliance.domain.ledger import Entry, Leg
from services.compliance.domain.rulebook import RuleBook
from services.compliance.domain.vehicle import NO_EXHAUST, Body, Category, Fuel, Vehicle

ROUTES_MAX = 500  # looked at for one answer: 15 ms of CPU each, of 20 stops in 200 zones
REGISTERED = date(2025, 1, 1)  # assumed: whoever swaps buys a new one
# Maxus eDeliver 9: 2,460 kg empty of 3,500 kg; MDPI World Electric Vehicle Journal 2025 16(9) 500.
ELECTRIC_VAN = Vehicle(
    "electric-van",
    Category.N1,
    Fuel.ELECTRIC,
    max_mass_grams=3_500_000,
    unladen_mass_grams=2_460_000,
    first_registration=REGISTERED,
    body=Body.VAN,
    permits_complete=True,
    payload_grams=1_040_000,
)
# DIN 79010:2020-02 goes up to 300 kg for several tracks; assumed: 60 kg of bike, 90 kg of rider.
CARGO_BIKE = Vehicle(
    "cargo-bike",
    Category.CYCLE,
    Fuel.ELECTRIC,
    max_mass_grams=300_000,
    unladen_mass_grams=60_000,
    permits_complete=True,
    payload_grams=150_000,
)
BIKE_METERS_MAX = 50_000  # assumed: a day of riding with stops, two batteries
REPLACEMENTS = (ELECTRIC_VAN, CARGO_BIKE)


@dataclass(frozen=True, slots=True)
class PastRoute:
    """A route that was driven: its legs, and what was decided about it before."""

    decision: Decision
    mates: tuple[Decision, ...]  # all that were decided together about its vehicle, itself too
    entries: tuple[Entry, ...]

    @property
    def legs(self) -> list[Leg]:
        """Its legs; what hubs took does not change with the vehicle."""
        return [entry.leg for entry in self.entries if entry.leg is not None]

    @property
    def fuel(self) -> Fuel | None:
        """What it burned; None unless it was one van with an engine all the way."""
        kinds = {(leg.vehicle.category, leg.vehicle.fuel) for leg in self.legs}
        (category, fuel), *others = kinds or {(None, None)}
        is_van = category is Category.N1 and fuel not in NO_EXHAUST
        return fuel if is_van and not others else None


@dataclass(frozen=True, slots=True)
class Saving:
    """What one replacement would have saved in one zone."""

    zone_id: str
    fuel: Fuel
    replacement: Vehicle
    co2e: Co2e
    charges: tuple[ChargeTotal, ...]
    route_count: int

    @property
    def key(self) -> tuple[int, str, str, str]:
        """Its place: the largest first."""
        names = self.zone_id, self.fuel.value, self.replacement.vehicle_id
        return (-self.co2e.wtw_milligrams, *names)


@dataclass(slots=True)
class _Sum:
    co2e: Co2e = NOTHING
    charges: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    route_count: int = 0


@dataclass(slots=True)
class SwapSums:
    """Takes past routes in, one by one."""

    sums: dict[tuple[str, Fuel, Vehicle], _Sum] = field(default_factory=dict)

    def add(self, book: RuleBook, route: PastRoute, settings: Sequence[Setting]) -> None:
        """Takes a route in, judged by the rules that its decision rests on."""
        if route.fuel is None:
            return
        zones = zones_touched(book, route.decision)
        for replacement in REPLACEMENTS if zones else ():
            saved = saved_co2e(route.entries, replacement, settings)
            if saved is None or not can_do(replacement, route.legs):
                continue
            other = judged(book, route, replacement)
            for zone_id in zones:
                self._add((zone_id, route.fuel, replacement), route.decision, other, saved)

    def _add(
        self, key: tuple[str, Fuel, Vehicle], decision: Decision, other: Answer, saved: Co2e
    ) -> None:
        there = findings_in(key[0], other.findings)
        if any(not finding.verdict.lets_in for finding in there):
            return
        own = self.sums.setdefault(key, _Sum())
        own.co2e += saved
        own.route_count += 1
        for total in charged(findings_in(key[0], decision.findings)):
            own.charges[total.currency_code] += total.amount_micros
        for total in charged(there):
            own.charges[total.currency_code] -= total.amount_micros

    def savings(self) -> list[Saving]:
        """All of them, the largest first."""
        made = [
            Saving(*key, own.co2e, _totals(own.charges), own.route_count)
            for key, own in self.sums.items()
        ]
        return sorted(made, key=lambda saving: saving.key)


def zones_touched(book: RuleBook, decision: Decision) -> list[str]:
    """The zones on the way, whether or not they have something against the vehicle."""
    return sorted(set(_touched(book, decision)))


def _touched(book: RuleBook, decision: Decision) -> Iterator[str]:
    presences = decision.route.presences
    for presence, stays in zip(presences, book.stays(presences), strict=True):
        for stay in stays:
            rule_set = book.rule_set(stay.area_index, presence.entry + stay.start)
            if not rule_set.closure_id:
                yield rule_set.zone.zone_id


def can_do(replacement: Vehicle, legs: Sequence[Leg]) -> bool:
    """Whether the load fits, and a bike comes around."""
    fits = all(leg.mass_grams <= (replacement.payload_grams or 0) for leg in legs)
    way = sum(leg.distance_meters for leg in legs)
    return fits and (replacement.category is not Category.CYCLE or way <= BIKE_METERS_MAX)


def saved_co2e(
    entries: Sequence[Entry], replacement: Vehicle, settings: Sequence[Setting]
) -> Co2e | None:
    """The emissions of some legs less those of a replacement; None without a factor for it."""
    saved = NOTHING
    driven = [(entry, entry.leg) for entry in entries if entry.leg is not None]
    for (entry, leg), setting in zip(driven, settings, strict=True):
        effort = replace(leg.effort, energy_watt_hours=None, fuel_milliliters=None)
        other = emitted(replacement, effort, setting)
        if other is None:
            return None
        own = entry.footprint.co2e
        saved += Co2e(
            own.wtt_milligrams - other.wtt_milligrams, own.ttw_milligrams - other.ttw_milligrams
        )
    return saved


def emitted(vehicle: Vehicle, effort: Effort, setting: Setting) -> Co2e | None:
    """What a vehicle emits; None without a factor."""
    try:
        return footprint(vehicle, effort, setting).co2e
    except NotReady:
        return None


def judged(book: RuleBook, route: PastRoute, replacement: Vehicle) -> Answer:
    """What the rules say to the replacement on the same way, with its other routes beside."""
    routes = [replace(mate.route, vehicle=replacement) for mate in route.mates]
    answers = check_routes(book, routes)
    ids = [mate.decision_id for mate in route.mates]
    return answers[ids.index(route.decision.decision_id)]


def findings_in(zone_id: str, findings: Iterable[Finding]) -> list[Finding]:
    """Those of one zone."""
    return [finding for finding in findings if finding.zone_id == zone_id]


def charged(findings: Iterable[Finding]) -> tuple[ChargeTotal, ...]:
    """What some findings make due."""
    return totals(charge for finding in findings for charge in finding.charges)


def _totals(sums: dict[str, int]) -> tuple[ChargeTotal, ...]:
    return tuple(ChargeTotal(code, sums[code]) for code in sorted(sums) if sums[code])
