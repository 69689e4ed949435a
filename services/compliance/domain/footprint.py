"""
What one leg emits, well to wheel.

Pure integers. Primary data go before modelled ones, modelled before default ones: metered energy,
metered fuel, the vehicle's own consumption, the physical model of an electric vehicle, the factor
of its class. Every number tells how it was found, by which sets, and what was assumed. A vehicle's
row may come from one set and the electricity from another.
Sources: ISO 14083:2023 and GLEC Framework v3 (WTW = WTT + TTW).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from meshkit.errors import NotReady
from services.compliance.domain import energy, factors
from services.compliance.domain.amounts import rounded
from services.compliance.domain.classes import (
    CARGO_BIKE_WATT_HOURS_PER_KILOMETER,
    FUELS,
    Candidate,
    candidates,
)
from services.compliance.domain.factors import FactorSet, Used, electricity, found, national
from services.compliance.domain.vehicle import Category, Fuel, Vehicle

METERS, WATT_HOURS, MILLILITERS, PERMILLE = 1_000, 1_000, 1_000, 1_000
MILLI = 1_000  # milliwatt hours in a watt hour
SECONDS_PER_HOUR = 3_600
COOLING = "the cooling of the load is not counted"
RENEWABLE = "renewable diesel (HVO) counts as fossil diesel"
ENDS_OF_LEG = 1  # a leg is driven from one stop to the next


class Method(StrEnum):
    """How an emission was found, from best to worst."""

    METERED_ENERGY = "METERED_ENERGY"
    METERED_FUEL = "METERED_FUEL"
    STATED_CONSUMPTION = "STATED_CONSUMPTION"
    MODELED_ENERGY = "MODELED_ENERGY"
    DISTANCE_FACTOR = "DISTANCE_FACTOR"
    NO_MOTOR = "NO_MOTOR"
    IDLING_RATE = "IDLING_RATE"  # of engines at standstill, never of a leg


class DataQuality(StrEnum):
    """Tiers of ISO 14083."""

    PRIMARY = "PRIMARY"
    MODELED = "MODELED"
    DEFAULT = "DEFAULT"


class Allocation(StrEnum):
    """How a leg is shared among deliveries."""

    MASS_DISTANCE = "MASS_DISTANCE"
    ITEM = "ITEM"


@dataclass(frozen=True, slots=True)
class Co2e:
    """Milligrams of CO2 equivalent by stage."""

    wtt_milligrams: int = 0
    ttw_milligrams: int = 0

    @property
    def wtw_milligrams(self) -> int:
        """Well to wheel."""
        return self.wtt_milligrams + self.ttw_milligrams

    def __add__(self, other: Co2e) -> Co2e:
        return Co2e(
            self.wtt_milligrams + other.wtt_milligrams, self.ttw_milligrams + other.ttw_milligrams
        )


NOTHING = Co2e()
BY_CLASS = Method.DISTANCE_FACTOR, DataQuality.DEFAULT


@dataclass(frozen=True, slots=True)
class Basis:
    """How a number was found. A row of another set than the first is named with its set."""

    method: Method
    data_quality: DataQuality
    factor_set_id: str
    factor_ids: tuple[str, ...] = ()
    country_mismatch: bool = False
    allocation: Allocation = Allocation.MASS_DISTANCE
    assumptions: tuple[str, ...] = ()
    other_set_ids: tuple[str, ...] = ()

    @property
    def factor_set_ids(self) -> tuple[str, ...]:
        """Every set that was used."""
        return (self.factor_set_id, *self.other_set_ids)


@dataclass(frozen=True, slots=True)
class Effort:
    """What a leg took: how far, with what load, and what was metered."""

    distance_meters: int
    mass_grams: int = 0
    energy_watt_hours: int | None = None  # from the battery
    fuel_milliliters: int | None = None
    duration_seconds: int = 0  # of the way; 0: not known


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a leg emitted; `grid_watt_hours` is what it drew from the grid, 0 for fuels."""

    co2e: Co2e
    grid_watt_hours: int
    basis: Basis


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and by which factors: `country_code` of the leg ("" unknown), the charger's yield."""

    factors: FactorSet
    country_code: str = ""
    charging_permille: int = 900  # of the grid's energy reaches the battery; 85-92 % is usual
    others: tuple[FactorSet, ...] = ()  # asked in this order for what `factors` does not state
    year: int = 0  # of the leg; 0: not known

    @property
    def sets(self) -> tuple[FactorSet, ...]:
        """All of them, best first."""
        return (self.factors, *self.others)


def footprint(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint:
    """The best number that the data allow. Raises NotReady `FACTOR_MISSING` when there is none."""
    for way in WAYS:
        best = way(vehicle, effort, setting)
        if best is not None:
            return _told(best, vehicle, effort, setting)
    raise missing(setting, _wanted(vehicle, effort, setting))


def grid_footprint(watt_hours: int, setting: Setting) -> Footprint:
    """Of electricity that was metered at the grid, as depots do; raises like `footprint`."""
    rows = electricity(setting.sets, setting.country_code)
    if not rows:
        raise missing(setting, electricity_ids(setting))
    basis = _basis(Method.METERED_ENERGY, DataQuality.PRIMARY, setting, rows)
    plain = Footprint(_times(rows, watt_hours, WATT_HOURS), watt_hours, basis)
    return _noted(plain, setting, electricity_ids(setting))


def missing(setting: Setting, factor_ids: Sequence[str]) -> NotReady:
    """That no set has what is needed, with the rows that would do."""
    return NotReady(
        "FACTOR_MISSING",
        factors.lacking(setting.sets, factor_ids),
        factor_set_id=setting.factors.factor_set_id,
        missing=",".join(factor_ids),
    )


def _told(best: Footprint, vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint:
    """With what was passed over, and what the number leaves out."""
    told = _noted(best, setting, _wanted(vehicle, effort, setting))
    counted = best.basis.method in (Method.METERED_ENERGY, Method.METERED_FUEL, Method.NO_MOTOR)
    cooled = any("cooled-" in factor_id for factor_id in best.basis.factor_ids)
    uncooled = vehicle.refrigerated and not counted and not cooled
    renewable = vehicle.renewable_diesel and best.basis.method is not Method.NO_MOTOR
    notes = (*told.basis.assumptions, *[COOLING] * uncooled, *[RENEWABLE] * renewable)
    return replace(told, basis=replace(told.basis, assumptions=notes))


def _noted(best: Footprint, setting: Setting, wanted: Sequence[str]) -> Footprint:
    """Rows with holes in sets that would have gone before are named, not passed over silently."""
    if not best.basis.factor_ids:
        return best
    ids = [one.factor_set_id for one in setting.sets]
    before = setting.sets[: max(map(ids.index, best.basis.factor_set_ids))]
    used = (rank for rank, name in enumerate(wanted, 1) if name in best.basis.factor_ids)
    notes = tuple(factors.holes(before, wanted[: next(used, None)]))
    basis = replace(best.basis, assumptions=(*best.basis.assumptions, *notes))
    return replace(best, basis=basis)


def _wanted(vehicle: Vehicle, effort: Effort, setting: Setting) -> tuple[str, ...]:
    """The ids of the rows that would tell, best first."""
    ids: list[str] = []
    if effort.energy_watt_hours is not None or vehicle.fuel is Fuel.ELECTRIC:
        ids += electricity_ids(setting)
    burns = effort.fuel_milliliters is not None or vehicle.milliliters_per_hundred_kilometers
    if burns and vehicle.fuel in FUELS:
        ids.append(FUELS[vehicle.fuel])
    for candidate in candidates(vehicle, effort.mass_grams):
        ids += (factor_id for factor_id, _ in candidate.parts)
    return tuple(dict.fromkeys(ids))


def electricity_ids(setting: Setting) -> tuple[str, ...]:
    own = (national(setting.country_code),) if setting.country_code else ()
    return (*own, factors.GENERATION)


def _no_motor(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    if vehicle.category is not Category.FOOT and vehicle.fuel is not Fuel.MUSCLE:
        return None
    basis = Basis(Method.NO_MOTOR, DataQuality.PRIMARY, setting.factors.factor_set_id)
    return Footprint(NOTHING, 0, basis)


def _metered_energy(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    if effort.energy_watt_hours is None:
        return None
    return battery_footprint(
        effort.energy_watt_hours * MILLI, setting, Method.METERED_ENERGY, DataQuality.PRIMARY
    )


def battery_footprint(
    milliwatt_hours: int,
    setting: Setting,
    method: Method,
    quality: DataQuality,
    *assumptions: str,
) -> Footprint | None:
    """By energy from the battery; None when no set states the electricity."""
    rows = electricity(setting.sets, setting.country_code)
    if not rows:
        return None
    grid, parts = milliwatt_hours * PERMILLE, setting.charging_permille * MILLI
    co2e = _times(rows, grid, parts * WATT_HOURS)
    basis = _basis(method, quality, setting, rows, *assumptions)
    return Footprint(co2e, rounded(grid, parts), basis)


def _metered_fuel(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    if effort.fuel_milliliters is None:
        return None
    return _burned(vehicle, effort.fuel_milliliters, 1, setting, Method.METERED_FUEL)


def _burned(
    vehicle: Vehicle, milliliters: int, parts: int, setting: Setting, method: Method
) -> Footprint | None:
    rows = found(setting.sets, FUELS[vehicle.fuel]) if vehicle.fuel in FUELS else ()
    if not rows:
        return None
    metered = method is Method.METERED_FUEL
    quality = DataQuality.PRIMARY if metered else DataQuality.MODELED
    co2e = _times(rows, milliliters, parts * MILLILITERS)
    return Footprint(co2e, 0, _basis(method, quality, setting, rows))


def _stated(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    method = Method.STATED_CONSUMPTION
    if vehicle.fuel is Fuel.ELECTRIC and vehicle.watt_hours_per_kilometer:
        battery = vehicle.watt_hours_per_kilometer * effort.distance_meters
        return battery_footprint(battery, setting, method, DataQuality.MODELED)
    if vehicle.milliliters_per_hundred_kilometers:
        burned = vehicle.milliliters_per_hundred_kilometers * effort.distance_meters
        return _burned(vehicle, burned, 100 * METERS, setting, method)
    return None


def _modeled(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    """By physics, for an electric vehicle whose mass is stated and whose way took a known time."""
    build = energy.build_of(vehicle)
    known = vehicle.unladen_mass_grams and effort.duration_seconds and effort.distance_meters
    if vehicle.fuel is not Fuel.ELECTRIC or build is None or not known:
        return None
    mean = -(-effort.distance_meters * SECONDS_PER_HOUR // (effort.duration_seconds * METERS))
    if mean > energy.SPEED_MAX:
        return None
    speed = max(mean, build.cruising_kilometers_per_hour)
    conditions = energy.Conditions(effort.mass_grams, cruising_kilometers_per_hour=speed)
    taken = energy.coefficients(build, vehicle, conditions).milliwatt_hours(
        effort.distance_meters, effort.duration_seconds, ENDS_OF_LEG
    )
    assumed = f"{energy.told(build, energy.Conditions())}, or at its mean where that is more"
    return battery_footprint(taken, setting, Method.MODELED_ENERGY, DataQuality.MODELED, assumed)


def _by_class(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    """By the first set that knows such a vehicle, however roughly."""
    for one in setting.sets:
        for candidate in candidates(vehicle, effort.mass_grams):
            rows = found([one], *(factor_id for factor_id, _ in candidate.parts))
            if rows:
                return _of_class(rows, candidate, effort, setting)
    return None


def _of_class(
    rows: tuple[Used, ...], candidate: Candidate, effort: Effort, setting: Setting
) -> Footprint:
    elsewhere = _elsewhere(rows, setting)
    if elsewhere:
        return _charged_elsewhere(rows, elsewhere, candidate, effort, setting)
    weights = [weight for _, weight in candidate.parts]
    co2e = _mixed(rows, weights, effort.distance_meters)
    return Footprint(co2e, 0, _basis(*BY_CLASS, setting, rows, *candidate.assumptions))


def _elsewhere(rows: tuple[Used, ...], setting: Setting) -> tuple[Used, ...]:
    """The leg's own electricity, where an electric class is counted by that of another country."""
    own = rows[0].factor_set
    if own.fits(setting.country_code) or not rows[0].factor.factor_id.endswith(".electric.km"):
        return ()
    charged = electricity(setting.sets, setting.country_code)
    known = charged and found([own], factors.GENERATION)
    return charged if known and charged[0].factor_set is not own else ()


def _charged_elsewhere(
    rows: tuple[Used, ...],
    charged: tuple[Used, ...],
    candidate: Candidate,
    effort: Effort,
    setting: Setting,
) -> Footprint:
    """
    What a class takes by one table, at the electricity of another.

    The TTW of an electric class is its consumption from the grid times generation and losses of the
    same table (DESNZ 2025, van classes: 0.194, 0.296 and 0.389 kWh/km), so dividing gives it back.
    """
    (row,) = rows
    there = sum(used.factor.ttw_milligrams or 0 for used in electricity([row.factor_set], ""))
    taken = effort.distance_meters * (row.factor.ttw_milligrams or 0)
    assumed = (
        *candidate.assumptions,
        f"consumption as {row.factor_set.factor_set_id} implies it for {row.factor.factor_id}",
    )
    basis = _basis(*BY_CLASS, setting, (*rows, *charged), *assumed)
    return Footprint(_times(charged, taken, METERS * there), rounded(taken, there), basis)


def _cargo_bike(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    if vehicle.category is not Category.CYCLE:
        return None
    per_kilometer = vehicle.watt_hours_per_kilometer or CARGO_BIKE_WATT_HOURS_PER_KILOMETER
    assumed = f"an electric cargo bike takes {per_kilometer} Wh per km"
    battery = per_kilometer * effort.distance_meters
    return battery_footprint(battery, setting, *BY_CLASS, assumed)


WAYS: tuple[Callable[[Vehicle, Effort, Setting], Footprint | None], ...] = (  # best first
    _no_motor,
    _metered_energy,
    _metered_fuel,
    _stated,
    _modeled,
    _by_class,
    _cargo_bike,
)


def _times(rows: Sequence[Used], amount: int, parts: int) -> Co2e:
    """Every row times the same amount, `parts` of which make a unit."""
    wtt = sum(used.factor.wtt_milligrams or 0 for used in rows)
    ttw = sum(used.factor.ttw_milligrams or 0 for used in rows)
    return Co2e(rounded(amount * wtt, parts), rounded(amount * ttw, parts))


def _mixed(rows: Sequence[Used], weights: Sequence[int], distance_meters: int) -> Co2e:
    """Rows in proportion to weights, times a distance."""
    pairs = list(zip(rows, weights, strict=True))
    parts = sum(weights) * METERS
    wtt = sum((used.factor.wtt_milligrams or 0) * weight for used, weight in pairs)
    ttw = sum((used.factor.ttw_milligrams or 0) * weight for used, weight in pairs)
    return Co2e(rounded(distance_meters * wtt, parts), rounded(distance_meters * ttw, parts))


def _basis(
    method: Method,
    quality: DataQuality,
    setting: Setting,
    rows: Sequence[Used],
    *assumptions: str,
) -> Basis:
    """A factor of another country is a default, however good the rest."""
    sets = tuple(dict.fromkeys(used.factor_set.factor_set_id for used in rows))
    mismatch = not all(used.factor_set.fits(setting.country_code) for used in rows)
    return Basis(
        method,
        DataQuality.DEFAULT if mismatch else quality,
        sets[0],
        tuple(used.named(sets[0]) for used in rows),
        country_mismatch=mismatch,
        assumptions=(*assumptions, *factors.doubts(rows), *factors.ages(rows, setting.year)),
        other_set_ids=sets[1:],
    )
