"""
Carbon cases against the real footprint and allocation.

A case states what was driven or used; every number it expects is asked of the engine: from the
built-in factor table, or from the electricity factor that the case itself brings. Kilograms are
compared with the tolerance that the files state: 1e-4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from services.compliance.adapters.factor_files import builtin_sets
from services.compliance.domain.amounts import shared
from services.compliance.domain.factors import Factor, FactorSet, FactorUnit
from services.compliance.domain.footprint import Effort, Footprint, Setting, footprint
from services.compliance.domain.ledger import Load, allocated, weight
from services.compliance.domain.vehicle import Category, Fuel, Vehicle
from tests.cases.outcome import Case, NotUnderstood, Outcome, judged

TOLERANCE = 1e-4
MILLIGRAMS = 1_000_000
UK_2025 = "desnz-2025"
UNLADEN = {"iii": 2_000_000, "ii": 1_500_000, "i": 1_000_000}  # grams that fall in the class
VAN_CLASS = re.compile(r"\bclass (i{1,3})\b")
TONNES = re.compile(r"(\d+(?:\.\d+)?)\s*(?:-\s*(\d+(?:\.\d+)?)\s*)?t\b")
FUEL_WORDS = {
    "diesel": Fuel.DIESEL,
    "petrol": Fuel.PETROL,
    "bev": Fuel.ELECTRIC,
    "ev": Fuel.ELECTRIC,
    "electric": Fuel.ELECTRIC,
    "phev": Fuel.PLUG_IN_PETROL,
    "cng": Fuel.CNG,
    "lpg": Fuel.LPG,
}
PAYLOAD_GRAMS = 1_000_000  # of a truck whose load is told as a share
SHARE_LISTS = ("consignments", "shipments", "deliveries", "parcels_list", "customers", "loads")

Numbers = dict[str, float | list[float]]


def run(document: Mapping[str, Any]) -> list[Outcome]:
    """The cases of a file."""
    return judged(document.get("cases", ()), faults)


def faults(case: Case) -> list[str]:
    """Which expected numbers the engine does not give."""
    found = numbers(case["inputs"], str(case["inputs"].get("factor") or case.get("title", "")))
    return [
        f"{name} is {found.get(name)}, not {value}"
        for name, value in case["expect"].items()
        if not _close(found.get(name), value)
    ]


def _close(found: Any, expected: Any) -> bool:
    if found is None:
        return False
    if isinstance(expected, Mapping):
        expected = list(expected.values())
    if isinstance(expected, list):
        pairs = zip(found, expected, strict=False) if isinstance(found, list) else ()
        return len(list(found)) == len(expected) and all(_close(*pair) for pair in pairs)
    return abs(float(found) - float(expected)) <= TOLERANCE


def numbers(inputs: Mapping[str, Any], words: str) -> Numbers:
    """Everything that the engine says about a case, by the names that cases expect."""
    if inputs and all(name.endswith("_share") for name in inputs):
        return _charged(inputs)
    driven = _footprint(inputs, words)
    total = driven.co2e.wtw_milligrams / MILLIGRAMS
    found: Numbers = {
        "ttw": driven.co2e.ttw_milligrams / MILLIGRAMS,
        "wtt": driven.co2e.wtt_milligrams / MILLIGRAMS,
        "wtw": total,
        "total": total,
        "grid_kwh": driven.grid_watt_hours / 1_000,
    }
    found |= dict(_ratios(inputs, total))
    found |= dict(_per_unit(inputs, words))
    for name in SHARE_LISTS:
        if name in inputs:
            found["shares"] = _shares(driven, inputs[name], inputs)
    return found


def _charged(inputs: Mapping[str, Any]) -> Numbers:
    """Attempts and depot charged to one delivery: shares of milligrams add up as they are."""
    milligrams = [round(float(value) * MILLIGRAMS) for value in inputs.values()]
    whole = sum(shared(sum(milligrams), milligrams))
    return {"total": whole / MILLIGRAMS}


def _ratios(inputs: Mapping[str, Any], total: float) -> Iterator[tuple[str, float]]:
    for name, ratio in (
        ("stops", "per_stop"),
        ("drops", "per_drop"),
        ("mass_kg", "per_kg"),
        ("parcels", "per_parcel"),
        ("km", "per_km"),
    ):
        if inputs.get(name):
            yield ratio, total / inputs[name]


def _per_unit(inputs: Mapping[str, Any], words: str) -> Iterator[tuple[str, float]]:
    """The factors themselves, by asking for many units: rounding to milligrams then is nothing."""
    many = 1_000_000
    if "km" in inputs:
        found = _footprint({**_without_meters(inputs), "km": many}, words)
        yield "ttw_per_km", found.co2e.ttw_milligrams / MILLIGRAMS / many
        yield "wtt_per_km", found.co2e.wtt_milligrams / MILLIGRAMS / many
        yield "wtw_per_km", found.co2e.wtw_milligrams / MILLIGRAMS / many
    elif "kwh" in inputs:
        found = _footprint({**inputs, "kwh": many}, words)
        yield "factor", found.co2e.wtw_milligrams / MILLIGRAMS / many


def _without_meters(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if "kwh" not in name}


def _footprint(inputs: Mapping[str, Any], words: str) -> Footprint:
    vehicle = _vehicle(words, loaded="load_factor" in inputs)
    energy = next((inputs[n] for n in ("battery_kwh", "kwh", "grid_kwh") if n in inputs), None)
    liters = next((inputs[n] for n in ("litres", "liters", "litres_idle") if n in inputs), None)
    if energy is None and liters is None and "km" not in inputs:
        raise NotUnderstood(f"inputs {', '.join(inputs)}")
    effort = Effort(
        round(float(inputs.get("km", 0)) * 1_000),
        round(float(inputs.get("load_factor", 0)) * PAYLOAD_GRAMS),
        None if energy is None else round(float(energy) * 1_000),
        None if liters is None else round(float(liters) * 1_000),
    )
    return footprint(vehicle, effort, _setting(inputs))


def _setting(inputs: Mapping[str, Any]) -> Setting:
    """Energy that is told as drawn from the grid has its charging loss behind it."""
    efficiency = inputs.get("charging_efficiency", 0.9 if "battery_kwh" in inputs else 1)
    permille = round(float(efficiency) * 1_000)
    if "grid_g_per_kwh" in inputs:
        return Setting(_electricity(float(inputs["grid_g_per_kwh"])), "", permille)
    return Setting(builtin_sets()[UK_2025], "GB", permille)


def _electricity(grams_per_kwh: float) -> FactorSet:
    """A set of one factor, life-cycle included, as the case brings it."""
    unit, milligrams = FactorUnit.KILOWATT_HOUR, round(grams_per_kwh * 1_000)
    generation = Factor("electricity.generation.kwh", unit, milligrams, 0)
    losses = Factor("electricity.losses.kwh", unit, 0, 0)
    return FactorSet("case", "of the case", "", 2025, "", "", (generation, losses))


def _vehicle(words: str, *, loaded: bool) -> Vehicle:
    said = words.lower()
    fuel = next((f for word, f in FUEL_WORDS.items() if re.search(rf"\b{word}\b", said)), None)
    if "rigid" in said or "hgv" in said:
        return _truck(said, loaded=loaded)
    if "motorbike" in said:
        return Vehicle("v", Category.L, fuel)
    if re.search(r"\bcar\b", said):
        return Vehicle("v", Category.M1, fuel)
    found = VAN_CLASS.search(said)
    return Vehicle("v", Category.N1, fuel, unladen_mass_grams=UNLADEN[found[1]] if found else None)


def _truck(said: str, *, loaded: bool) -> Vehicle:
    found = TONNES.search(said)
    tonnes = float(found[2] or found[1]) if found else None
    above = found is not None and ("> 17" in said or ">17" in said)
    mass = None if tonnes is None else round(tonnes * 1_000_000) + (1 if above else 0)
    return Vehicle(
        "v",
        Category.N2,
        Fuel.DIESEL,
        max_mass_grams=mass,
        payload_grams=PAYLOAD_GRAMS if loaded else None,
        refrigerated="refrigerated" in said,
    )


def _shares(driven: Footprint, listed: Any, inputs: Mapping[str, Any]) -> list[float]:
    rows = list(listed.values()) if isinstance(listed, Mapping) else list(listed)
    loads = [Load(str(n), "", _grams(row), _meters(row)) for n, row in enumerate(rows)]
    if any(weight(load, 1) <= 1 for load in loads):
        raise NotUnderstood("a consignment without mass and distance")
    meters = round(float(inputs.get("km", 0)) * 1_000)
    found = allocated(driven.co2e, loads, meters)
    return [share.co2e.wtw_milligrams / MILLIGRAMS for share in found]


def _grams(row: Any) -> int:
    return round(float(_one_of(row, ("mass_kg", "kg", "mass"), 0)) * 1_000)


def _meters(row: Any) -> int:
    return round(float(_one_of(row, ("sfd_km", "km", "distance_km"), 1)) * 1_000)


def _one_of(row: Any, names: tuple[str, ...], rank: int) -> Any:
    if isinstance(row, list | tuple):
        return row[rank]
    for name in names:
        if name in row:
            return row[name]
    raise NotUnderstood(f"a consignment with {', '.join(row)}")
