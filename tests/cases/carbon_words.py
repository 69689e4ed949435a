"""
The words of carbon cases, as our vehicles, efforts and factor sets.

Every word of a case is taken by somebody, or the case is not understood: nothing is skipped.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from services.compliance.adapters.factor_files import builtin_sets
from services.compliance.domain.factors import (
    GENERATION,
    LOSSES,
    Factor,
    FactorSet,
    FactorUnit,
    in_force,
    national,
)
from services.compliance.domain.footprint import Setting
from services.compliance.domain.vehicle import Category, Fuel, Vehicle
from tests import shared
from tests.cases.outcome import NotUnderstood

UK_2025 = builtin_sets()["desnz-2025"]
EMBER = "Electricity (Ember annual average, lifecycle)"
MILLIGRAMS = 1_000_000  # in a kilogram
YEAR = 2025
UNLADEN = {"iii": 2_000_000, "ii": 1_500_000, "i": 1_000_000}  # grams that fall in the class
CLASS_NUMBERS = {"1": "i", "2": "ii", "3": "iii"}
VAN_CLASS = re.compile(r"\bclass (i{1,3}|[123])\b")
TONNES = re.compile(r"(\d+(?:\.\d+)?)\s*(?:(?:-|to)\s*(\d+(?:\.\d+)?)\s*)?t(?:onnes?)?\b")
ABOVE = re.compile(r"(>|over|above)\s*17")
SIZED = re.compile(r"\b(small|medium|large) (car|motorbike)\b")
FUEL_WORDS = (  # the first that stands in the words
    (r"plug-?in|phev", Fuel.PLUG_IN_PETROL),
    (r"hybrid|hev", Fuel.HYBRID_PETROL),
    (r"diesel", Fuel.DIESEL),
    (r"petrol|gasoline", Fuel.PETROL),
    (r"bev|e?v|electric|e-van", Fuel.ELECTRIC),
    (r"cng", Fuel.CNG),
    (r"lpg", Fuel.LPG),
)
VARIANTS = {
    Fuel.DIESEL: ".diesel",
    Fuel.PETROL: ".petrol",
    Fuel.HYBRID_PETROL: ".hybrid",
    Fuel.ELECTRIC: ".electric",
}
ACTIVITY = (
    "kg_per_tkm",
    "factor_per_tkm",
    "wtw_per_tkm",
    "factor_tkm",
    "tkm_factor",
    "factor_kg_per_tkm",
    "per_tkm",
)
LADEN = re.compile(r"(\d+(?:\.\d+)?)\s*%\s*laden")
TIERS = {"0": "empty", "50": "half", "100": "full"}  # rows of the table
CHARGING = 0.9  # the engine's own, where energy is the battery's and nobody states another
PAYLOAD_GRAMS = 1_000_000  # of a truck whose load is told as a share
TKM = re.compile(r"tonne[.-]?k(?:ilo)?m|tkm|t\.km")


class Words:
    """The inputs of a case; whoever understands a word takes it away."""

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        self._left = dict(inputs)

    def take(self, *names: str) -> Any:
        """What stands under the first of these names that is there; None under none."""
        return next((self._left.pop(name) for name in names if name in self._left), None)

    def number(self, *names: str) -> float | None:
        """A number under one of these names."""
        value = self.take(*names)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise NotUnderstood(f"{names[0]}: {value!r} is not a number")
        return float(value)

    def sum(self, *names: str) -> float | None:
        """The sum of everything that stands under these names."""
        values = [value for name in names if (value := self.number(name)) is not None]
        return sum(values) if values else None

    def matching(self, pattern: str) -> Iterator[tuple[str, Any]]:
        """Everything under names that match, in order."""
        for name in [name for name in self._left if re.fullmatch(pattern, name)]:
            yield name, self._left.pop(name)

    def inherit(self, *names: str) -> dict[str, Any]:
        """What a part of the case takes from the whole, without taking it away."""
        return {name: self._left[name] for name in names if name in self._left}

    def done(self) -> None:
        """Refuses words that nobody took."""
        if self._left:
            raise NotUnderstood(f"inputs: {', '.join(sorted(self._left))}")


def described(given: Words, title: str) -> str:
    """What is said about the vehicle and its factor, in lower case."""
    names = ("factor", "vehicle", "vehicle_class", "class", "fuel", "variant", "factor_set", "set")
    said = [str(value) for name in names if (value := given.take(name)) is not None]
    return " ".join(said or [title]).lower()


def vehicle_of(said: str, *, loaded: bool) -> Vehicle:
    """The vehicle that the words describe."""
    fuel = fuel_of(said)
    if re.search(r"\b(rigids?|hgvs?|trucks?|lorry|artic)\b", said):
        return _truck(said, loaded=loaded)
    if "motorbike" in said:
        return Vehicle("v", Category.L, fuel or Fuel.PETROL)
    if re.search(r"\bcars?\b", said):
        return Vehicle("v", Category.M1, fuel)
    found = VAN_CLASS.search(said)
    name = CLASS_NUMBERS.get(found[1], found[1]) if found else ""
    return Vehicle("v", Category.N1, fuel, unladen_mass_grams=UNLADEN.get(name))


def fuel_of(said: str) -> Fuel | None:
    """What moves it."""
    return next((fuel for word, fuel in FUEL_WORDS if re.search(rf"\b({word})\b", said)), None)


def _truck(said: str, *, loaded: bool) -> Vehicle:
    found = TONNES.search(said)
    tonnes = float(found[2] or found[1]) if found else None
    above = bool(ABOVE.search(said))
    mass = None if tonnes is None else round(tonnes * 1_000_000) + (1 if above else 0)
    return Vehicle(
        "v",
        Category.N2,
        Fuel.DIESEL,
        max_mass_grams=mass,
        payload_grams=PAYLOAD_GRAMS if loaded else None,
        refrigerated="refrigerated" in said or "reefer" in said,
    )


def setting_of(given: Words, said: str) -> Setting:
    """By which sets; energy that is told as drawn from the grid has its charging loss behind it."""
    efficiency = given.number("charging_efficiency", "eta_charge", "charge_efficiency")
    loss = given.number("charging_loss", "charging_loss_share")
    if efficiency is None and loss is not None:
        efficiency = 1 - loss
    if efficiency is None and given.inherit("battery_kwh", "kwh_battery", "metered_kwh"):
        efficiency = CHARGING
    permille = round(1_000 if efficiency is None else efficiency * 1_000)
    country = str(given.take("country", "country_code", "electricity", "grid") or "GB").upper()
    country = {"UK": "GB"}.get(country, country)
    own = own_set(given)
    if own is not None:
        return Setting(own, "", permille, (UK_2025,))
    sets: tuple[FactorSet, ...] = (UK_2025,)
    if country != "GB" or "ember" in said:
        sets = (ember(country), UK_2025) if "ember" in said else (UK_2025, ember(country))
    first, *others = sets if "ember" in said else in_force(sets, country, YEAR, UK_2025)
    return Setting(_sized(said, first), country, permille, tuple(others))


def own_set(given: Words) -> FactorSet | None:
    """A set of the rows that the case itself brings, life-cycle included where it says no more."""
    rows: list[Factor] = []
    grams = given.number("grid_g_per_kwh", "g_per_kwh", "grid_intensity_g_per_kwh", "grid_g")
    kilograms = given.number("grid_kg_per_kwh", "kg_per_kwh", "grid_factor", "factor_kwh")
    if kilograms is None and grams is not None:
        kilograms = grams / 1_000
    if kilograms is not None:
        rows += _power(kilograms)
    for names, factor_id, unit in (
        (("litre", "liter", "l"), "fuel.diesel.liter", FactorUnit.LITER),
        (("km",), "van-average.unknown.km", FactorUnit.VEHICLE_KILOMETER),
    ):
        stages = [_stage(given, stage, names) for stage in ("ttw", "wtt", "wtw")]
        if any(value is not None for value in stages):
            rows.append(_row(factor_id, unit, *stages))
    return FactorSet("case", "of the case", "", YEAR, "", "", tuple(rows)) if rows else None


def _power(kilograms: float) -> Iterator[Factor]:
    unit = FactorUnit.KILOWATT_HOUR
    yield Factor(GENERATION, unit, milligrams(kilograms), 0)
    yield Factor(LOSSES, unit, 0, 0)


def _stage(given: Words, stage: str, units: tuple[str, ...]) -> float | None:
    forms = ("{0}_per_{1}", "{0}_kg_per_{1}", "factor_{0}_per_{1}", "{0}_factor_per_{1}")
    return given.number(*(form.format(stage, unit) for unit in units for form in forms))


def _row(
    factor_id: str, unit: FactorUnit, ttw: float | None, wtt: float | None, wtw: float | None
) -> Factor:
    if wtw is not None and ttw is None:
        ttw = wtw - (wtt or 0)
    return Factor(factor_id, unit, milligrams(ttw or 0), milligrams(wtt or 0))


def _sized(said: str, factors: FactorSet) -> FactorSet:
    """Cars and motorbikes of a stated size stand under the average one's name."""
    found = SIZED.search(said)
    if found is None:
        return factors
    kind, variant = found[2], VARIANTS.get(fuel_of(said) or Fuel.PETROL, "")
    tail = ".km" if kind == "motorbike" else f"{variant}.km"
    row = factors.usable(f"{kind}-{found[1]}{tail}")
    if row is None:
        raise NotUnderstood(f"{found[0]}: the built-in table has no such row")
    return replace(factors, factors=(replace(row, factor_id=f"{kind}-average{tail}"),))


def ember(country: str) -> FactorSet:
    """Ember's electricity as a pack of one country; it is not shipped with the project."""
    file = shared.FOLDER / "cases" / "carbon_factors.csv"
    if not file.exists():
        raise NotUnderstood(f"electricity of {country}: {file} is not there")
    with file.open(newline="") as rows:
        for row in csv.DictReader(rows):
            if row["family"] == EMBER and row["vehicle_class"] == country:
                unit, sent = FactorUnit.KILOWATT_HOUR, milligrams(float(row["ttw_kgco2e"]))
                made = Factor(national(country), unit, sent, 0)
                return FactorSet("ember-2024", EMBER, "", 2024, row["source"], "", (made,))
    raise NotUnderstood(f"electricity of {country}")


def tonne_kilometer(said: str, given: Words) -> Factor:
    """The row of a transport activity: by the case's own figure, or by the built-in table."""
    stated = given.number(*ACTIVITY)
    if stated is not None:
        return Factor("case.tkm", FactorUnit.TONNE_KILOMETER, milligrams(stated), 0)
    vehicle = vehicle_of(said, loaded=False)
    cooled = "cooled-" if vehicle.refrigerated else ""
    percent = LADEN.search(said)
    laden = TIERS.get(percent[1], "other") if percent else "average"
    name = f"{cooled}{_truck_class(vehicle.max_mass_grams)}.{laden}.tkm"
    if vehicle.category is Category.N1:
        name = f"{_van_class(said)}{VARIANTS.get(vehicle.fuel or Fuel.DIESEL, '.diesel')}.tkm"
    row = UK_2025.usable(name)
    if row is None:
        raise NotUnderstood(f"factor {said!r}: the built-in table has no {name}")
    return row


def _truck_class(mass_grams: int | None) -> str:
    if mass_grams is None:
        return "rigid-all"
    if mass_grams <= 7_500_000:
        return "rigid-7.5t"
    return "rigid-17t" if mass_grams <= 17_000_000 else "rigid-over-17t"


def _van_class(said: str) -> str:
    found = VAN_CLASS.search(said)
    numbers = {"i": "1", "ii": "2", "iii": "3"}
    return f"van-{numbers.get(found[1], found[1])}" if found else "van-average"


def milligrams(kilograms: float) -> int:
    """Whole milligrams of a figure in kilograms."""
    return round(kilograms * MILLIGRAMS)
