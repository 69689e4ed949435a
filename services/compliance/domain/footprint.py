"""
What one leg emits, well to wheel.

Pure integers. Primary data go before modelled ones, modelled before default ones: metered energy,
metered fuel, the vehicle's own consumption, the factor of its class. Every number tells how it was
found and what was assumed. Sources: ISO 14083:2023 and GLEC Framework v3 (WTW = WTT + TTW).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from meshkit.errors import NotReady
from services.compliance.domain.amounts import rounded
from services.compliance.domain.classes import candidates
from services.compliance.domain.factors import Factor, FactorSet
from services.compliance.domain.vehicle import Category, Fuel, Vehicle

METERS, WATT_HOURS, MILLILITERS, PERMILLE = 1_000, 1_000, 1_000, 1_000
ELECTRICITY = ("electricity.generation.kwh", "electricity.losses.kwh")
# Measured for electric cargo bikes: 0.03 kWh/km, European Transport Research Review 2021,
# doi:10.1186/s12544-021-00491-5, as quoted by ClimateView's transition-element-framework.
CARGO_BIKE_WATT_HOURS_PER_KILOMETER = 30
FUELS = {
    Fuel.DIESEL: "fuel.diesel.liter",
    Fuel.HYBRID_DIESEL: "fuel.diesel.liter",
    Fuel.PETROL: "fuel.petrol.liter",
    Fuel.HYBRID_PETROL: "fuel.petrol.liter",
}


class Method(StrEnum):
    """How an emission was found, from best to worst."""

    METERED_ENERGY = "METERED_ENERGY"
    METERED_FUEL = "METERED_FUEL"
    STATED_CONSUMPTION = "STATED_CONSUMPTION"
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


@dataclass(frozen=True, slots=True)
class Basis:
    """How a number was found."""

    method: Method
    data_quality: DataQuality
    factor_set_id: str
    factor_ids: tuple[str, ...] = ()
    country_mismatch: bool = False
    allocation: Allocation = Allocation.MASS_DISTANCE
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Effort:
    """What a leg took: how far, with what load, and what was metered."""

    distance_meters: int
    mass_grams: int = 0
    energy_watt_hours: int | None = None  # from the battery
    fuel_milliliters: int | None = None


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


def footprint(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint:
    """The best number that the data allow. Raises NotReady `FACTOR_MISSING` when there is none."""
    for way in (_no_motor, _metered_energy, _metered_fuel, _stated, _by_class, _cargo_bike):
        found = way(vehicle, effort, setting)
        if found is not None:
            return _placed(found, setting)
    raise NotReady(
        "FACTOR_MISSING",
        f"factor set {setting.factors.factor_set_id!r} has no factor for such a vehicle",
        factor_set_id=setting.factors.factor_set_id,
    )


def _placed(found: Footprint, setting: Setting) -> Footprint:
    """A factor of another country is a default, however good the rest."""
    own = setting.factors.country_code
    if not found.basis.factor_ids or not own or own == setting.country_code:
        return found
    basis = replace(found.basis, country_mismatch=True, data_quality=DataQuality.DEFAULT)
    return replace(found, basis=basis)


def _no_motor(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    if vehicle.category is not Category.FOOT and vehicle.fuel is not Fuel.MUSCLE:
        return None
    basis = Basis(Method.NO_MOTOR, DataQuality.PRIMARY, setting.factors.factor_set_id)
    return Footprint(NOTHING, 0, basis)


def _metered_energy(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    if effort.energy_watt_hours is None:
        return None
    return _electric(
        effort.energy_watt_hours * METERS, setting, Method.METERED_ENERGY, DataQuality.PRIMARY
    )


def _electric(
    battery: int, setting: Setting, method: Method, quality: DataQuality, *assumptions: str
) -> Footprint | None:
    """By energy from the battery, in thousandths of a watt hour."""
    rows = [setting.factors.usable(factor_id) for factor_id in ELECTRICITY]
    used = [row for row in rows if row is not None]
    if used[:1] != rows[:1]:  # without losses a set may count them in; without generation it cannot
        return None
    grid, parts = battery * PERMILLE, setting.charging_permille * METERS
    co2e = _times(used, grid, parts * WATT_HOURS)
    basis = _basis(method, quality, setting, used, *assumptions)
    return Footprint(co2e, rounded(grid, parts), basis)


def _metered_fuel(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    if effort.fuel_milliliters is None:
        return None
    return _burned(vehicle, effort.fuel_milliliters, 1, setting, Method.METERED_FUEL)


def _burned(
    vehicle: Vehicle, milliliters: int, parts: int, setting: Setting, method: Method
) -> Footprint | None:
    row = setting.factors.usable(FUELS[vehicle.fuel]) if vehicle.fuel in FUELS else None
    if row is None:
        return None
    metered = method is Method.METERED_FUEL
    quality = DataQuality.PRIMARY if metered else DataQuality.MODELED
    co2e = _times([row], milliliters, parts * MILLILITERS)
    return Footprint(co2e, 0, _basis(method, quality, setting, [row]))


def _stated(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    method = Method.STATED_CONSUMPTION
    if vehicle.fuel is Fuel.ELECTRIC and vehicle.watt_hours_per_kilometer:
        battery = vehicle.watt_hours_per_kilometer * effort.distance_meters
        return _electric(battery, setting, method, DataQuality.MODELED)
    if vehicle.milliliters_per_hundred_kilometers:
        burned = vehicle.milliliters_per_hundred_kilometers * effort.distance_meters
        return _burned(vehicle, burned, 100 * METERS, setting, method)
    return None


def _by_class(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    for candidate in candidates(vehicle, effort.mass_grams):
        rows = [setting.factors.usable(factor_id) for factor_id, _ in candidate.parts]
        used = [row for row in rows if row is not None]
        if len(used) < len(rows):
            continue
        weights = [weight for _, weight in candidate.parts]
        co2e = _mixed(used, weights, effort.distance_meters)
        basis = _basis(
            Method.DISTANCE_FACTOR, DataQuality.DEFAULT, setting, used, *candidate.assumptions
        )
        return Footprint(co2e, 0, basis)
    return None


def _cargo_bike(vehicle: Vehicle, effort: Effort, setting: Setting) -> Footprint | None:
    if vehicle.category is not Category.CYCLE:
        return None
    per_kilometer = vehicle.watt_hours_per_kilometer or CARGO_BIKE_WATT_HOURS_PER_KILOMETER
    assumed = f"an electric cargo bike takes {per_kilometer} Wh per km"
    battery = per_kilometer * effort.distance_meters
    method, quality = Method.DISTANCE_FACTOR, DataQuality.DEFAULT
    return _electric(battery, setting, method, quality, assumed)


def _times(rows: list[Factor], amount: int, parts: int) -> Co2e:
    """Every row times the same amount, `parts` of which make a unit."""
    wtt = sum(row.wtt_milligrams or 0 for row in rows)
    ttw = sum(row.ttw_milligrams or 0 for row in rows)
    return Co2e(rounded(amount * wtt, parts), rounded(amount * ttw, parts))


def _mixed(rows: list[Factor], weights: list[int], distance_meters: int) -> Co2e:
    """Rows in proportion to weights, times a distance."""
    pairs = list(zip(rows, weights, strict=True))
    parts = sum(weights) * METERS
    wtt = sum((row.wtt_milligrams or 0) * weight for row, weight in pairs)
    ttw = sum((row.ttw_milligrams or 0) * weight for row, weight in pairs)
    return Co2e(rounded(distance_meters * wtt, parts), rounded(distance_meters * ttw, parts))


def _basis(
    method: Method, quality: DataQuality, setting: Setting, rows: list[Factor], *assumptions: str
) -> Basis:
    return Basis(
        method,
        quality,
        setting.factors.factor_set_id,
        tuple(row.factor_id for row in rows),
        assumptions=(
            *assumptions,
            *(f"{row.factor_id}: {row.note}" for row in rows if row.doubted),
        ),
    )
