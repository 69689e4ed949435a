"""
What a vehicle will take and emit per kilometer, hour and stop: what a planner foresees with.

Pure. By the same ways as a leg that was driven: stated consumption before the physical model,
the model before the factor of the class. Fuels have no terms by time and stops: what they burn at
stops is in their factor by distance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.compliance.domain.energy import (
    LARGE_VAN,
    Coefficients,
    Conditions,
    build_of,
    coefficients,
    told,
)
from services.compliance.domain.footprint import (
    Basis,
    DataQuality,
    Effort,
    Footprint,
    Method,
    Setting,
    battery_footprint,
    electricity_ids,
    footprint,
    missing,
)
from services.compliance.domain.vehicle import Category, Fuel, Vehicle

KILOMETER_METERS, MILLI = 1_000, 1_000


@dataclass(frozen=True, slots=True)
class Outlook:
    """Terms of energy from the battery, and of greenhouse gas well to wheel in milligrams."""

    energy: Coefficients
    kilometer_milligrams: int
    hour_milligrams: int
    stop_milligrams: int
    basis: Basis


def outlook(vehicle: Vehicle, conditions: Conditions, setting: Setting) -> Outlook:
    """The terms for a vehicle; raises NotReady `FACTOR_MISSING` when no set tells."""
    still = vehicle.category is Category.FOOT or vehicle.fuel is Fuel.MUSCLE
    if vehicle.fuel is not Fuel.ELECTRIC or still:
        return _by_distance(vehicle, conditions, setting)
    if vehicle.watt_hours_per_kilometer:
        stated = Coefficients(vehicle.watt_hours_per_kilometer * MILLI)
        return _charged(stated, setting, Method.STATED_CONSUMPTION, DataQuality.MODELED)
    return _modeled(vehicle, conditions, setting)


def _by_distance(vehicle: Vehicle, conditions: Conditions, setting: Setting) -> Outlook:
    one = footprint(vehicle, Effort(KILOMETER_METERS, conditions.load_grams), setting)
    return Outlook(Coefficients(), one.co2e.wtw_milligrams, 0, 0, one.basis)


def _modeled(vehicle: Vehicle, conditions: Conditions, setting: Setting) -> Outlook:
    """By physics; a mass or a kind that nobody stated makes it a default."""
    build = build_of(vehicle) or LARGE_VAN
    described = build_of(vehicle) is not None and vehicle.unladen_mass_grams is not None
    quality = DataQuality.MODELED if described else DataQuality.DEFAULT
    made = _charged(
        coefficients(build, vehicle, conditions), setting, Method.MODELED_ENERGY, quality
    )
    assumed = [told(build, conditions)]
    if vehicle.unladen_mass_grams is None:
        assumed.append(f"the vehicle weighs {build.unladen_grams // 1_000} kg empty")
    if vehicle.refrigerated:
        assumed.append("the cooling of the load is not counted")
    basis = replace(made.basis, assumptions=(*assumed, *made.basis.assumptions))
    return replace(made, basis=basis)


def _charged(
    energy: Coefficients, setting: Setting, method: Method, quality: DataQuality
) -> Outlook:
    terms = (energy.kilometer, energy.hour, energy.stop)
    made = [_of_battery(term, setting, method, quality) for term in terms]
    kilometer, hour, stop = (one.co2e.wtw_milligrams for one in made)
    return Outlook(energy, kilometer, hour, stop, made[0].basis)


def _of_battery(
    milliwatt_hours: int, setting: Setting, method: Method, quality: DataQuality
) -> Footprint:
    made = battery_footprint(milliwatt_hours, setting, method, quality)
    if made is None:
        raise missing(setting, electricity_ids(setting))
    return made
