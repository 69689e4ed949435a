"""
What an engine burns at idle, what that emits and what it costs.

Pure integers. The fuel is the time at idle times a published rate of such vehicles, and the gas is
the fuel times the factor of a liter, well to wheel. It is told per episode and not added to the
ledger: metered fuel of a leg and DESNZ's factors per kilometer contain the time that engines idle,
so to add it would count it twice.

Rates: US Department of Energy, Vehicle Technologies Office, Fact #861 of 23 February 2015, "Idle
Fuel Consumption for Selected Gasoline and Diesel Vehicles", from a worksheet of Argonne National
Laboratory; gallons per hour without load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from services.compliance.domain.amounts import rounded
from services.compliance.domain.factors import Used, ages, doubts, found
from services.compliance.domain.footprint import (
    NOTHING,
    RENEWABLE,
    Basis,
    Co2e,
    DataQuality,
    Method,
    Setting,
)
from services.compliance.domain.vehicle import Category, Fuel, Vehicle

GALLON_NANOLITERS = 3_785_411_784  # the US gallon, exactly
HUNDREDTHS, NANOLITERS, MILLILITERS = 100, 1_000_000, 1_000
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
VAN_GRAMS_MAX = 3_500_000  # Regulation (EU) 2018/858, article 4: N1 up to 3.5 t, N2 up to 12 t
TRUCK_GRAMS_MAX = 12_000_000
LIQUIDS = {
    Fuel.DIESEL: Fuel.DIESEL,
    Fuel.HYBRID_DIESEL: Fuel.DIESEL,
    Fuel.PETROL: Fuel.PETROL,
    Fuel.HYBRID_PETROL: Fuel.PETROL,
}
LITERS = {Fuel.DIESEL: "fuel.diesel.liter", Fuel.PETROL: "fuel.petrol.liter"}


@dataclass(frozen=True, slots=True)
class IdleRate:
    """Fuel at idle in hundredths of a US gallon per hour, and of what it was measured."""

    gallon_hundredths: int
    measured_on: str


RATES = {  # all of Fact #861
    (Category.N1, Fuel.DIESEL): IdleRate(17, "a compact sedan with a 2-liter diesel engine"),
    (Category.N1, Fuel.PETROL): IdleRate(16, "a compact sedan with a 2-liter gasoline engine"),
    (Category.N2, Fuel.DIESEL): IdleRate(84, "a diesel delivery truck of 19,500 lb"),
    (Category.N2, Fuel.PETROL): IdleRate(84, "a gasoline truck of 19,700 to 26,000 lb"),
    (Category.N3, Fuel.DIESEL): IdleRate(64, "a diesel tractor-semitrailer of 80,000 lb"),
}


@dataclass(frozen=True, slots=True)
class FuelPrices:
    """What a liter costs, in millionths of one currency; a fuel without a price costs nothing."""

    currency_code: str = ""
    micros_per_liter: Mapping[Fuel, int] = field(default_factory=dict)

    def cost_micros(self, vehicle: Vehicle, milliliters: int) -> int:
        """What so much fuel of the vehicle costs."""
        liquid = _liquid(vehicle)
        price = self.micros_per_liter.get(liquid, 0) if liquid else 0
        return rounded(milliliters * price, MILLILITERS)


@dataclass(frozen=True, slots=True)
class IdleFuel:
    """The fuel burned and what it emitted; without a basis neither is known."""

    milliliters: int = 0
    co2e: Co2e = NOTHING
    basis: Basis | None = None


UNKNOWN_FUEL = IdleFuel()


def idle_fuel(vehicle: Vehicle, length: timedelta, setting: Setting) -> IdleFuel:
    """What a vehicle of such a class burns at idle in that time."""
    kind, liquid = _class(vehicle), _liquid(vehicle)
    rate = RATES.get((kind, liquid)) if kind and liquid else None
    if rate is None or liquid is None:
        return UNKNOWN_FUEL
    nanoliters = length // MICROSECOND * rate.gallon_hundredths * GALLON_NANOLITERS
    parts = (HOUR // MICROSECOND) * HUNDREDTHS * NANOLITERS
    burned = rounded(nanoliters, parts)
    rows = found(setting.sets, LITERS[liquid])
    if not rows:
        return IdleFuel(burned)
    (used,) = rows
    wtt, ttw = used.factor.wtt_milligrams or 0, used.factor.ttw_milligrams or 0
    liters = parts * MILLILITERS
    co2e = Co2e(rounded(nanoliters * wtt, liters), rounded(nanoliters * ttw, liters))
    renewable = (RENEWABLE,) if vehicle.renewable_diesel else ()
    return IdleFuel(burned, co2e, _basis(rate, used, setting, *renewable))


def _basis(rate: IdleRate, used: Used, setting: Setting, *assumed: str) -> Basis:
    row, own = used.factor, used.factor_set
    told = (*doubts([used]), *ages([used], setting.year), *assumed)
    return Basis(
        Method.IDLING_RATE,
        DataQuality.DEFAULT,
        own.factor_set_id,
        (row.factor_id,),
        country_mismatch=not own.fits(setting.country_code),
        assumptions=(_assumption(rate), *told),
    )


def _assumption(rate: IdleRate) -> str:
    gallons = f"{rate.gallon_hundredths / HUNDREDTHS:.2f}"
    return f"idles at {gallons} US gal/h like {rate.measured_on} (US DOE Fact #861, no load)"


def _liquid(vehicle: Vehicle) -> Fuel | None:
    return LIQUIDS.get(vehicle.fuel) if vehicle.fuel else None


def _class(vehicle: Vehicle) -> Category | None:
    """The class whose rate applies: by category, else by mass; a car idles like a van."""
    if vehicle.category is Category.M1:
        return Category.N1
    if vehicle.category is not None or vehicle.max_mass_grams is None:
        return vehicle.category
    if vehicle.max_mass_grams <= VAN_GRAMS_MAX:
        return Category.N1
    return Category.N2 if vehicle.max_mass_grams <= TRUCK_GRAMS_MAX else Category.N3
