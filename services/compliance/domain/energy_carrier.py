"""
Energy carriers: what categories of transport and hubs run on, and what a unit of it emits.

Pure. Names and units are those of iLEAP 1.0.0 (EnergyCarrierType, energyConsumptionUnit). What runs
on two things at once, on muscles or on nobody knows what has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.compliance.domain.chain import Category
from services.compliance.domain.factors import FactorSet, Used, electricity, found
from services.compliance.domain.footprint import NOTHING, Co2e

LITERS = {"Diesel": "fuel.diesel.liter", "Petrol": "fuel.petrol.liter"}
NAMES = {
    "diesel": "Diesel",
    "hybrid_diesel": "Diesel",
    "petrol": "Petrol",
    "hybrid_petrol": "Petrol",
    "electric": "Electric",
    "hydrogen": "Hydrogen",
    "lpg": "LPG",
    "cng": "CNG",
}


@dataclass(frozen=True, slots=True)
class EnergyCarrier:
    """What is used; what a unit of it emits, where a factor set says so."""

    name: str
    unit: str = ""
    factor: Co2e | None = None


def energy_carrier(category: Category, sets: Sequence[FactorSet]) -> EnergyCarrier | None:
    """What a category runs on, by the sets that were used."""
    name = "Electric" if category.hub_id else NAMES.get(category.fuel)
    if name is None:
        return None
    if name == "Electric":
        return _made(name, "kWh", electricity(sets, category.country_code))
    return _made(name, "l", found(sets, LITERS[name]) if name in LITERS else ())


def _made(name: str, unit: str, rows: Sequence[Used]) -> EnergyCarrier:
    if not rows:
        return EnergyCarrier(name)
    total = NOTHING
    for row in rows:
        total += Co2e(row.factor.wtt_milligrams or 0, row.factor.ttw_milligrams or 0)
    return EnergyCarrier(name, unit, total)
